"""EXPAND: deltas of pooled squares at the places of their largest sums."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.delay import delay, settled
from boldhw.gateware.ops.narrow import narrowed
from boldhw.gateware.ops.ports import OpPort, RowRead, RowWrite
from boldhw.gateware.ops.words import last_granules, packed_words, tiles_of
from boldhw.spec.ops.kinds import Expand


class ExpandUnit(wiring.Component):
    """Write a map tile by tile; where D squares begin, read their deltas and their largest sums.

    A tile is D pixels next to each other. Tiles follow each other: zeros in front, then for each
    line of the map its words, each at all pixels of the pitch. A pixel between sums, or after the
    last one, is 0.

    Golden model: :func:`boldhw.golden.ops.expand.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``lanes``, ``granules``, ``planes``, ``data_rows``, ``data_width``,
        ``read_latency`` and ``dual_port``.

    Members
    -------
    op : Out(OpPort(Expand))
        The op.
    read : Out(RowRead(size.data_width, size.planes))
        Rows of the data memory; combinational, from registers only.
    write : Out(RowWrite(size.data_width, size.planes))
        Rows of the data memory; combinational, ``row`` also from what is read.

    Latency
    -------
    A tile takes a cycle, and with one port 2 more where squares begin, 3 if they are pooled; an op
    2 more, with ``dual_port`` 5 more. With ``dual_port`` and several planes, the last tile of a
    word takes 2 where pooled squares begin in it. A square of one line and a row of zeros::

        cycle               0    1    2    3    4    5    6    7
        op.start            1
        read.valid               1    1
        write.valid                             1    1    1
        op.done                                                1

    With ``dual_port``::

        cycle               0    1    2    3    4    5    6    7
        op.start            1
        read.valid               1    1
        write.valid                                  1    1    1
        op.done                                                1
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": Out(OpPort(Expand)),
            "read": Out(RowRead(size.data_width, size.planes)),
            "write": Out(RowWrite(size.data_width, size.planes)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size = self.size
        # With two ports rows come behind their tile: two reads one after the other.
        late = size.read_latency + 1 if size.dual_port else 0
        self._op = narrowed(size, self.op.op)
        self._pooled = settled(m, self._op.pool == 2)
        running, moves = Signal(), Signal()
        tile = self._line(m, running & moves)
        line_ends = tile["ends"] & tile["last_word"]
        on_line, down, last = self._lines(m, line_ends)
        begins = running & on_line & tile["begins"]
        self._reads(m, begins, moves, tile, line_ends, on_line, down)
        front = self._front(m, running)
        with m.If(line_ends & last):
            m.d.sync += running.eq(0)
        written = front | (running & moves).replicate(size.planes)
        sums = tile["sums"] & (running & on_line).replicate(size.planes)
        # What chooses among squares, and lanes of their sums, is known a cycle before it is used.
        early, chosen = max(late - 1, 0), min(late, 1)
        places, lefts, rights = (
            [delay(m, each, chosen) for each in found]
            for found in self._chosen(
                *(delay(m, each, early)
                  for each in (sums, tile["across"], tile["phase"], tile["own"]))
            )
        )  # fmt: skip
        flags = (delay(m, each, late) for each in (written, down, tile["ends"]))
        self._write(m, *flags, places, lefts, rights)
        m.d.comb += self.op.done.eq(delay(m, line_ends & last, late or 1))
        return m

    def _front(self, m, running):
        """Go through the rows in front of the map; return which of D rows are written."""
        op, d = self._op, self.size.planes
        tiles, tile = settled(m, tiles_of(self.size, op.front)), Signal(len(op.front))
        front, addr = Signal(), Signal.like(op.out_row)
        with m.If(front):
            m.d.sync += tile.eq(tile + 1)
            with m.If(tile == tiles):
                m.d.sync += [front.eq(0), running.eq(1)]
        with m.If(self.op.start):
            m.d.sync += [tile.eq(1), front.eq(op.front != 0), running.eq(op.front == 0)]
        with m.If(self.write.valid.any()):
            m.d.sync += addr.eq(addr + d)
        with m.If(self.op.start):
            m.d.sync += addr.eq(op.out_row - (tiles << d.bit_length() - 1))
        m.d.comb += self.write.addr.eq(addr)
        # The first rows are those that D rows are short of.
        short = settled(m, (-op.front)[: d.bit_length() - 1])
        return Cat(front & ((tile != 1) | (short <= place)) for place in range(d))

    def _line(self, m, step):
        """Go through the tiles of a word; return what is in this one.

        begins      squares begin
        sums        which places have a sum
        across      column of their squares that it is in
        phase       tiles since squares began
        own         granules that hold the word's pixels
        end, ends   the tile is the last one; and done
        last_word   the word is the last one of the pixels
        """
        op, size = self._op, self.size
        tile, word = Signal.like(op.out_pitch, init=1), Signal.like(op.groups)
        end, last_word = Signal(), Signal()  # known a step before
        tiles, words = (
            tiles_of(size, op.out_pitch),
            (op.groups - 1) >> (size.granules - 1).bit_length(),
        )
        one_tile, one_word = settled(m, tiles == 1), settled(m, words == 0)
        tiles, words, ends = settled(m, tiles), settled(m, words), step & end
        found = (self._far if size.planes == 1 else self._near)(m, step, ends)
        with m.If(step):
            m.d.sync += [tile.eq(tile + 1), end.eq(tile + 1 == tiles)]
        with m.If(ends):
            m.d.sync += [tile.eq(1), end.eq(one_tile), word.eq(word + 1)]
            m.d.sync += last_word.eq(word + 1 == words)
        with m.If(ends & last_word):
            m.d.sync += [word.eq(0), last_word.eq(one_word)]
        with m.If(self.op.start):
            m.d.sync += [end.eq(one_tile), last_word.eq(one_word)]
        missing = ~last_granules(size, op.groups)  # granules in front of the last word's pixel
        there = settled(m, Cat(missing <= number for number in range(size.granules)))
        own = there | (~last_word).replicate(size.granules)
        return found | {"own": own, "end": end, "ends": ends, "last_word": last_word}

    def _far(self, m, step, ends):
        """Go through pixels one by one, at any stride; return what is in this one."""
        op = self._op
        column, between = Signal.like(op.columns), Signal.like(op.stride, init=1)
        across = Signal()
        sums = (between == 1) & (column != op.columns)
        with m.If(step):
            m.d.sync += [between.eq(between + 1), column.eq(column + sums)]
            m.d.sync += across.eq(across ^ sums & self._pooled)
            with m.If(between == op.stride):
                m.d.sync += between.eq(1)
        with m.If(ends):
            m.d.sync += [between.eq(1), column.eq(0), across.eq(0)]
        return {"begins": sums & ~across, "sums": sums, "across": across, "phase": Const(0, 0)}

    def _near(self, m, step, ends):
        """Go through tiles, at strides of 1 and 2; return what is in this one."""
        op, d, wide, pooled = self._op, self.size.planes, self._op.stride[1], self._pooled
        left, phase = Signal.like(op.columns), Signal(2)  # left: columns from the tile on
        begins = Signal()  # known a step before
        places = [Mux(wide, place // 2, place) for place in range(d)]
        sums = Cat((left > place) & ~(wide & number % 2) for number, place in enumerate(places))
        after, square = Signal.like(phase), Cat(wide | pooled, wide & pooled)
        m.d.comb += after.eq(phase + 1)
        pixels = [Cat(Const(place, d.bit_length() - 1), phase) for place in range(d)]
        count, some = Mux(wide, d // 2, d), settled(m, op.columns != 0)
        with m.If(step):
            m.d.sync += [
                phase.eq(after),
                left.eq(Mux(left > count, left - count, 0)),
                begins.eq((left > count) & (after & square == 0)),
            ]
        with m.If(ends | self.op.start):
            m.d.sync += [phase.eq(0), left.eq(op.columns), begins.eq(some)]
        across = Cat(Mux(wide, pixel[1], pixel[0]) for pixel in pixels)
        return {"begins": begins, "sums": sums, "across": across, "phase": phase}

    def _lines(self, m, ends):
        """Go through the lines; return whether one has sums, which of its square, the last one."""
        op = self._op
        line, between = Signal.like(op.rows, init=1), Signal.like(op.stride, init=1)
        down, on_line, final = Signal(), Signal(), Signal()  # known a line before
        last, one_line, after = on_line & final, settled(m, op.rows == 1), Signal.like(line)
        m.d.comb += after.eq(line + 1)
        with m.If(ends):
            m.d.sync += [between.eq(between + 1), on_line.eq(0)]
            m.d.sync += down.eq(down ^ on_line & self._pooled)
            with m.If(on_line):
                m.d.sync += [line.eq(after), final.eq(after == op.rows)]
            with m.If(between == op.stride):
                m.d.sync += [between.eq(1), on_line.eq(1)]
            with m.If(last):
                m.d.sync += [between.eq(1), line.eq(1), down.eq(0)]
        with m.If(self.op.start):
            m.d.sync += [on_line.eq(1), final.eq(one_line)]
        return on_line, down, last

    def _reads(self, m, begins, moves, tile, line_ends, on_line, down):
        """Read deltas, then indices, of squares that begin; see when they are there."""
        op, size, pooled = self._op, self.size, self._pooled
        if size.dual_port:
            waited = Signal()
            waits = begins & pooled & tile["end"] & ~waited if size.planes > 1 else 0
            deltas = begins & ~waited
            m.d.sync += waited.eq(waits)
            m.d.comb += moves.eq(~waits if size.planes > 1 else 1)
            indices = delay(m, deltas, 1) & pooled
            onward = Mux(pooled, indices, deltas)
        else:  # deltas, then indices; a cycle later they are there
            step = Signal(2)
            deltas, indices = begins & (step == 0), (step == 1) & pooled
            onward = begins & (step == Mux(pooled, 3, 2))
            m.d.comb += moves.eq(~begins | onward)
            m.d.sync += step.eq(Mux(begins & ~onward, step + 1, 0))
        m.d.comb += [
            self.read.valid.eq(deltas | indices),
            self.read.addr.eq(
                Mux(indices, op.index_row, op.in_row)
                + self._squares_at(m, onward, tile["ends"] & on_line, line_ends, down)
            ),
        ]
        self._arrived, self._indexed = (
            delay(m, each, size.read_latency) for each in (deltas, indices)
        )

    def _squares_at(self, m, onward, word_ends, line_ends, down):
        """Return where squares are in both maps, from their first row on."""
        op = self._op
        # Of lines, of a word, of squares.
        first, word, place, after = (Signal.like(op.in_row, name=f"place{n}") for n in range(4))
        again = line_ends & self._pooled & ~down  # the next line has the same squares
        m.d.comb += after.eq(Mux(again, first, word + op.in_pitch))
        with m.If(self.op.start):
            m.d.sync += Cat(first, word, place).eq(0)
        with m.Elif(word_ends):
            m.d.sync += [word.eq(after), place.eq(after)]
            with m.If(line_ends):
                m.d.sync += first.eq(after)
        with m.Elif(onward):
            m.d.sync += place.eq(place + self.size.planes)
        return place

    def _squares(self, m, down):
        """Keep D squares; return (signs, masks of this line, which of its sums) of each."""
        s, found = self.size.lanes, []
        for number in range(self.size.planes):
            row = self.read.row[number * self.size.data_width :][: 2 * s]
            signs, masks, low = (
                Signal(s, name=f"{name}{number}", reset_less=True)
                for name in ("signs", "masks", "low")
            )
            here, side = masks & ~(row[s:] ^ down.replicate(s)), row[:s]
            with m.If(self._arrived):
                m.d.sync += [signs.eq(row[:s]), masks.eq(row[s:])]
            with m.Elif(self._indexed):
                m.d.sync += masks.eq(here)
            with m.If(self._indexed):
                m.d.sync += low.eq(side)
            if self.size.dual_port:  # rows are written as indices come
                masks, low = Mux(self._indexed, here, masks), Mux(self._indexed, side, low)
            found.append((signs, masks, low))
        return found

    def _chosen(self, sums, across, phase, own):
        """Return for each place which square it is of, and granules of each column of it.

        own: granules of a word that hold it.
        """
        places, lefts, rights = [], [], []
        for place in range(self.size.planes):
            # Granules whose largest sum may be in the left, in the right column.
            left, right = (
                Cat(each & sums[place] & (~self._pooled | is_it) for each in own)
                for is_it in (~across[place], across[place])
            )
            places.append(self._square_of(place, phase))
            lefts.append(left)
            rights.append(right)
        return places, lefts, rights

    def _write(self, m, written, down, last, places, lefts, rights):
        """Write D rows: their own pixels, and what their words hold of the pixels before them.

        last: the tile is the last one of a word.  places, lefts, rights: see :meth:`_chosen`.
        """
        op, size = self._op, self.size
        s, d, p = size.lanes, size.planes, size.elements
        squares = self._squares(m, down)
        firsts, seconds = [], []
        for place in range(d):
            signs, masks, low = self._square(squares, places[place])
            left, right = (
                Cat(each.replicate(p) for each in flags[place]) for flags in (lefts, rights)
            )
            mask = Signal(s, name=f"mask{place}")
            m.d.comb += mask.eq(masks & (low & right | ~low & left))
            firsts.append(signs & mask)
            seconds.append(mask)
        found = []
        for number, words in enumerate((firsts, seconds)):
            before = Signal(s, name=f"before{number}", reset_less=True)
            words = packed_words(size, op.groups, words, before)
            with m.If(self.op.start | written.any() & last):
                m.d.sync += before.eq(0)
            with m.Elif(written.any()):
                m.d.sync += before.eq(words[-1])
            found.append(words)
        padding = Const(0, size.data_width - 2 * s)
        m.d.comb += [
            self.write.valid.eq(written),
            self.write.row.eq(Cat(Cat(*pair, padding) for pair in zip(*found, strict=True))),
        ]

    def _square_of(self, place, phase):
        """Return which square a place of a tile is of; they began ``phase`` tiles before."""
        bits = self.size.planes.bit_length() - 1
        pixel = Cat(Const(place, bits), phase)
        moved = self._op.stride[1] + self._pooled
        return (pixel >> moved)[:bits]

    def _square(self, squares, index):
        """Return a square."""
        for bit in index:
            squares = [
                [Mux(bit, *pair[::-1]) for pair in zip(low, high, strict=True)]
                for low, high in zip(squares[::2], squares[1::2], strict=True)
            ]
        return squares[0]
