"""EXPAND: deltas of pooled squares at the places of their largest sums."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.narrow import bits_for, narrowed
from boldhw.gateware.ops.ports import OpPort, RowRead, RowWrite
from boldhw.gateware.ops.words import packed_words, tiles_of
from boldhw.spec.ops.kinds import Expand

LATE = 3  # cycles from a tile to its rows, with two ports: two reads one after the other


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
    A tile takes a cycle, and with one port 2 more where squares begin; an op 2 more, with
    ``dual_port`` 4 more. With ``dual_port`` and several planes, the last tile of a word takes 2
    where pooled squares begin in it. A square of one line and a row of zeros::

        cycle               0    1    2    3    4    5    6
        op.start            1
        read.valid               1    1
        write.valid                        1    1    1
        op.done                                           1

    With ``dual_port``::

        cycle               0    1    2    3    4    5    6
        op.start            1
        read.valid               1    1
        write.valid                             1    1    1
        op.done                                           1
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
        size, late = self.size, LATE if self.size.dual_port else 0
        self._op = narrowed(self.op.op, bits_for(size.data_rows))
        running, moves = Signal(), Signal()
        tile = self._line(m, running & moves)
        line_ends = tile["ends"] & tile["last_word"]
        on_line, down, last = self._lines(m, line_ends)
        begins = running & on_line & tile["begins"]
        indexed = self._reads(m, begins, moves, tile, line_ends, on_line, down)
        front = self._front(m, running)
        with m.If(line_ends & last):
            m.d.sync += running.eq(0)
        written = front | (running & moves).replicate(size.planes)
        sums = tile["sums"] & (running & on_line).replicate(size.planes)
        flags = (written, sums, tile["across"], tile["phase"], down, tile["ends"], tile["own"])
        self._write(m, indexed, *(delay(m, each, late) for each in flags))
        m.d.comb += self.op.done.eq(delay(m, line_ends & last, late or 1))
        return m

    def _front(self, m, running):
        """Go through the rows in front of the map; return which of D rows are written."""
        op, d = self._op, self.size.planes
        left = Signal(len(op.front) + 1)  # all of them, and those that the first D are short of
        with m.If(left != 0):
            m.d.sync += left.eq(left - d)
            with m.If(left == d):
                m.d.sync += running.eq(1)
        tiles = tiles_of(self.size, op.front)
        with m.If(self.op.start):
            m.d.sync += [left.eq(tiles << d.bit_length() - 1), running.eq(op.front == 0)]
            m.d.sync += self.write.addr.eq(op.out_row - (tiles << d.bit_length() - 1))
        return Cat((left != 0) & (left <= op.front + place) for place in range(d))

    def _line(self, m, step):
        """Go through the tiles of a word; return what is in this one.

        begins      squares begin
        sums        which places have a sum
        across      column of their squares that it is in
        phase       tiles since squares began
        own         granules that hold the word's pixels
        ends        the tile is the last one, and done
        last_word   the word is the last one of the pixels
        """
        op, size = self._op, self.size
        d = size.planes
        tiles, left = Signal.like(op.out_pitch), Signal.like(op.columns)
        groups, phase, across = Signal.like(op.groups), Signal(2), Signal()
        pooled, end = op.pool == 2, tiles <= d
        if d == 1:
            between = Signal.like(op.stride)
            sums, across_of = (between == 0) & (left != 0), across
            begins, count = sums & ~across, sums
            onward = Mux(between + 1 == op.stride, 0, between + 1)
            moved = [between.eq(onward), across.eq(across ^ sums & pooled)]
            reset = [between.eq(0), across.eq(0)]
        else:  # strides are 1 and 2
            wide = op.stride[1]
            places = [Mux(wide, place // 2, place) for place in range(d)]
            sums = Cat(left > place for place in places)
            sums &= Cat(~wide if place % 2 else 1 for place in range(d))
            begins = (left != 0) & (phase & Cat(wide | pooled, wide & pooled) == 0)
            pixel = [Cat(Const(place, d.bit_length() - 1), phase) for place in range(d)]
            across_of = Cat(Mux(wide, each[1], each[0]) for each in pixel)
            count = Mux(wide, d // 2, d)
            moved, reset = [phase.eq(phase + 1)], [phase.eq(0)]
        more = groups > size.granules
        with m.If(step):
            m.d.sync += [tiles.eq(tiles - d), *moved]
            m.d.sync += left.eq(Mux(left > count, left - count, 0))
        ends = step & end
        with m.If(self.op.start | ends):
            m.d.sync += [tiles.eq(op.out_pitch), left.eq(op.columns), *reset]
            m.d.sync += groups.eq(Mux(self.op.start | ~more, op.groups, groups - size.granules))
        own = Cat(groups >= size.granules - n for n in range(size.granules))
        return {"begins": begins, "sums": sums, "across": across_of, "phase": phase, "own": own,
                "end": end, "ends": ends, "last_word": ~more}  # fmt: skip

    def _lines(self, m, ends):
        """Go through the lines; return whether one has sums, which of its square, the last one."""
        op = self._op
        left, between, down = Signal.like(op.rows), Signal.like(op.stride), Signal()
        on_line = between == 0
        with m.If(ends):
            m.d.sync += between.eq(Mux(between + 1 == op.stride, 0, between + 1))
            with m.If(on_line):
                m.d.sync += [left.eq(left - 1), down.eq(~down & (op.pool == 2))]
        with m.If(self.op.start):
            m.d.sync += [left.eq(op.rows), between.eq(0), down.eq(0)]
        return on_line, down, on_line & (left == 1)

    def _reads(self, m, begins, moves, tile, line_ends, on_line, down):
        """Read deltas, then indices, of squares that begin; return when indices are there."""
        op, size, pooled = self._op, self.size, self._op.pool == 2
        if size.dual_port:
            waited = Signal()
            waits = begins & pooled & tile["end"] & ~waited if size.planes > 1 else 0
            deltas = begins & ~waited
            m.d.sync += waited.eq(waits)
            m.d.comb += moves.eq(~waits if size.planes > 1 else 1)
            indices, indexed = delay(m, deltas, 1), delay(m, deltas, LATE)
        else:
            step = Signal(2)
            deltas, indices, indexed = begins & (step == 0), step == 1, step == 2
            m.d.comb += moves.eq(~begins | indexed)
            m.d.sync += step.eq(Mux(begins & ~indexed, step + 1, 0))
        again = line_ends & pooled & ~down  # the next line has the same squares
        ends = tile["ends"] & on_line, line_ends, again
        addresses = [
            self._address(m, row, pitch, read, *ends)
            for row, pitch, read in (
                (op.in_row, op.in_pitch, deltas),
                (op.index_row, op.index_pitch, indices),
            )
        ]
        indices &= pooled
        m.d.comb += [
            self.read.valid.eq(deltas | indices),
            self.read.addr.eq(Mux(deltas, *addresses)),
        ]
        self._arrived = delay(m, deltas, size.read_latency)
        return indexed & pooled

    def _address(self, m, row, pitch, read, word_ends, line_ends, again):
        """Return the address of the squares in one of the maps."""
        # Of lines, of a word, of squares.
        first, word, addr, onward = (Signal.like(row, name=f"place{n}") for n in range(4))
        m.d.comb += onward.eq(Mux(again, first, word + pitch))
        with m.If(word_ends):
            m.d.sync += [word.eq(onward), addr.eq(onward)]
            with m.If(line_ends):
                m.d.sync += first.eq(onward)
        with m.Elif(read):
            m.d.sync += addr.eq(addr + self.size.planes)
        with m.If(self.op.start):
            m.d.sync += [first.eq(row), word.eq(row), addr.eq(row)]
        return addr

    def _squares(self, m, indexed, down):
        """Keep D squares; return (signs, masks of this line, which of its sums) of each."""
        s, found = self.size.lanes, []
        for number in range(self.size.planes):
            row = self.read.row[number * self.size.data_width :][: 2 * s]
            signs, masks, low, here, side = (
                Signal(s, name=f"{name}{number}")
                for name in ("signs", "masks", "low", "here", "side")
            )
            with m.If(indexed):
                m.d.comb += [here.eq(masks & ~(row[s:] ^ down.replicate(s))), side.eq(row[:s])]
                m.d.sync += [masks.eq(here), low.eq(side)]
            with m.Else():
                m.d.comb += [here.eq(masks), side.eq(low)]
            with m.If(self._arrived):
                m.d.sync += [signs.eq(row[:s]), masks.eq(row[s:])]
            found.append((signs, here, side))
        return found

    def _write(self, m, indexed, written, sums, across, phase, down, last, own):
        """Write D rows: their own pixels, and what their words hold of the pixels before them.

        last: the tile is the last one of a word.  own: granules of a word that hold it.
        """
        op, size = self._op, self.size
        s, d, pooled = size.lanes, size.planes, op.pool == 2
        squares = self._squares(m, indexed, down)
        own = Cat(each.replicate(size.elements) for each in own)
        firsts, seconds = [], []
        for place in range(d):
            signs, here, side = self._square(squares, place, phase)
            chosen = ~(side ^ across[place].replicate(s)) | ~pooled.replicate(s)
            mask = Signal(s, name=f"mask{place}")
            m.d.comb += mask.eq(here & chosen & own & sums[place].replicate(s))
            firsts.append(signs & mask)
            seconds.append(mask)
        found = []
        for number, words in enumerate((firsts, seconds)):
            before = Signal(s, name=f"before{number}")
            words = packed_words(size, op.groups, words, before)
            with m.If(written.any()):
                m.d.sync += before.eq(Mux(last, 0, words[-1]))
            found.append(words)
        with m.If(written.any()):
            m.d.sync += self.write.addr.eq(self.write.addr + d)
        rows = [Cat(pair)[: size.data_width] for pair in zip(*found, strict=True)]
        padding = Const(0, size.data_width - 2 * s)
        m.d.comb += [
            self.write.valid.eq(written),
            self.write.row.eq(Cat(Cat(row, padding) for row in rows)),
        ]

    def _square(self, squares, place, phase):
        """Return the square of a place of a tile, of those that began ``phase`` tiles before."""
        bits = self.size.planes.bit_length() - 1
        pixel = Cat(Const(place, bits), phase)
        moved = self._op.stride[1] + (self._op.pool == 2)
        index = (pixel >> moved)[:bits]
        for bit in index:
            squares = [
                [Mux(bit, *pair[::-1]) for pair in zip(low, high, strict=True)]
                for low, high in zip(squares[::2], squares[1::2], strict=True)
            ]
        return squares[0]
