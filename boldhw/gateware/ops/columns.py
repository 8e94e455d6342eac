"""Columns of VOTE: inputs of one group at all places, as rows of the weight memory."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.loops import Loops
from boldhw.gateware.ops.memories import RowMemory
from boldhw.gateware.ops.ports import COLUMN_BITS, BlockWrite, RowRead, WindowPort, op_layout
from boldhw.gateware.ops.turner import TurnerPort
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Segment, Vote, Window


class Columns(wiring.Component):
    """Build the columns of one input group after the other, in blocks of P places.

    The words of a kernel are read at all places, once for each of their granules that hold inputs;
    those of a window are made of rows of an image, which are loaded in front of a row of places.
    An input that does not count is F, and ``known`` has the places that are of the map, because F
    counts in {F,T} coding. With ``twice`` columns of F's follow those of T's.

    Golden model: :func:`boldhw.golden.ops.vote._store`.

    Parameters
    ----------
    size : ArraySize
        Of an array of one plane. Gives ``elements`` (P), ``lanes`` (S), ``granules``,
        ``delta_rows``, ``data_width`` and ``read_latency``.

    Members
    -------
    start : In(1)
        Begin with the first input group.
    next : In(1)
        Build the columns of the next one.
    op : In(op_layout(Vote))
        The op, constant while groups are built.
    part : In(op_layout(Segment))
        Its segment; of a window what :func:`boldhw.gateware.ops.kernel.kernel_of` returns.
    image : In(op_layout(Window))
        The descriptor, if it is a window.
    is_window : In(1)
        It is.
    twice : In(1)
        Build columns of F's as well, in rows of their own.
    window : Out(WindowPort(size))
        Patches; combinational.
    read : Out(RowRead(size.data_width))
        Rows of the data memory; combinational, from registers only.
    turner : Out(TurnerPort(size))
        Blocks that turn over; combinational.
    blocks : Out(BlockWrite(size))
        Blocks of the weight memory; combinational, from registers only.
    done : Out(1), combinational
        The last block of the group is written. From registers only.
    last : Out(1), registered
        The group is the last one; from ``done`` on.
    lanes : Out(size.elements), registered
        Which inputs of the group are in use; from ``done`` on.
    row : In(FIELD_BITS)
        Row of ``known`` to read.
    known : Out(size.lanes), registered
        Places of a row that are of the map, ``read_latency`` cycles after ``row``.

    Latency
    -------
    P cycles for each P places or a part of them, and one for each row that is loaded, twice with
    ``twice``; the read latency and 1 more, from ``start`` or ``next`` to ``done``. One block with
    one port, P = 2::

        cycle               0    1    2    3    4
        start               1
        read.valid               1    1
        turner.shift                  1    1
        turner.turn                        1
        blocks.valid                            1
        done                                    1
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "start": In(1),
            "next": In(1),
            "op": In(op_layout(Vote)),
            "part": In(op_layout(Segment)),
            "image": In(op_layout(Window)),
            "is_window": In(1),
            "twice": In(1),
            "window": Out(WindowPort(size)),
            "read": Out(RowRead(size.data_width)),
            "turner": Out(TurnerPort(size)),
            "blocks": Out(BlockWrite(size)),
            "done": Out(1),
            "last": Out(1),
            "lanes": Out(size.elements),
            "row": In(FIELD_BITS),
            "known": Out(size.lanes),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size = self.size
        running, place = Signal(), Signal(range(size.elements))
        full, ends, beyond = Signal(), Signal(), Signal()
        loading, inverse, group_ends = Signal(), Signal(), Signal()
        m.submodules.loops = loops = Loops((16, 16, 8, 16, 8), 2)
        moves = running & ~loading
        m.d.comb += [
            full.eq(moves & (place == size.elements - 1)),
            ends.eq(full & loops.ends[1]),
            group_ends.eq(ends & (inverse | ~self.twice)),
        ]
        with m.If(moves):
            m.d.sync += [place.eq(Mux(full, 0, place + 1)), beyond.eq(loops.ends[1])]
        with m.If(ends):
            m.d.sync += [beyond.eq(0), inverse.eq(~group_ends)]
        with m.If(group_ends):
            m.d.sync += running.eq(0)
        with m.If(self.start | self.next):
            m.d.sync += running.eq(1)
        granule, last_granule = self._granules(m, loops, group_ends)
        self._loops(m, loops, moves, ends, group_ends & last_granule)
        inside = self._inside(m, loops, moves, ends, group_ends & last_granule)
        row_ends = moves & loops.ends[0] & ~loops.ends[1]
        image = self._image(m, running, loading, row_ends, ends & ~group_ends)
        inside |= self.is_window
        reads = moves & ~beyond & inside & ~self.is_window
        m.d.comb += [
            self.read.valid.eq(reads | self.window.load & self.window.inside),
            self.read.addr.eq(Mux(self.is_window, image, loops.addr)),
        ]
        late = size.read_latency
        shift, here, turn, granule, ends, group_ends, inverse = (
            delay(m, each, late)
            for each in (moves, ~beyond & inside, full, granule, ends, group_ends, inverse)
        )
        signs = Mux(self.is_window, self.window.sign, self.read.row[: size.lanes])
        known = self.window.mask.word_select(granule, size.elements)
        known |= (~self.is_window).replicate(size.elements)
        word = signs.word_select(granule, size.elements) ^ inverse.replicate(size.elements)
        m.d.comb += [
            self.turner.shift.eq(shift),
            self.turner.turn.eq(turn),
            self.turner.word_in.eq(word & known & self.lanes & here.replicate(size.elements)),
        ]
        self._store(m, shift, here, turn, ends, group_ends, inverse)
        return m

    def _loops(self, m, loops, moves, ends, word_ends):
        """Go through all places for each granule, and then on to the next word."""
        op, part = self.op, self.part
        jumps = [part[f"jump{level}"] for level in range(5)]
        m.d.comb += [
            loops.start.eq(self.start),
            loops.base.eq(part.in_row),
            loops.counts.eq(Cat(op.columns, op.rows, part.across, part.words, part.down)),
            loops.jumps.eq(Cat(jumps)),
            loops.step.eq(moves & ~loops.ends[1] | word_ends),
            loops.again.eq(ends & ~word_ends),
        ]

    def _image(self, m, running, loading, row_ends, again):
        """Load rows of an image in front of each row of places; return where the next one is."""
        window, part = self.window, self.image
        left, plane = Signal(len(part.stride) + len(part.planes)), Signal.like(part.planes)
        row, addr = Signal(signed(COLUMN_BITS)), Signal(FIELD_BITS)
        m.d.comb += [
            loading.eq(running & (left != 0)),
            window.load.eq(loading),
            window.inside.eq(loading & (row >= 0) & (row < part.height)),
        ]
        last_plane = plane + 1 == part.planes
        with m.If(loading):
            m.d.sync += [left.eq(left - 1), addr.eq(addr + 1), plane.eq(plane + 1)]
            with m.If(last_plane):
                m.d.sync += [plane.eq(0), row.eq(row + 1)]
        with m.If(row_ends & self.is_window):
            m.d.sync += left.eq(part.stride * part.planes)
        with m.If((self.start | self.next | again) & self.is_window):
            m.d.sync += [
                left.eq(part.side * part.planes),
                plane.eq(0),
                row.eq(part.top),
                addr.eq(part.in_row + part.top * part.planes),
            ]
        return addr

    def _granules(self, m, loops, ends):
        """Go through the granules that hold inputs, of one word after the other.

        Return the granule, and whether it is the last one of its word.
        """
        part, granules = self.part, self.size.granules
        granule = Signal(range(granules))
        left, of_word = Signal.like(part.groups), Signal.like(part.groups)
        last_granule, last_group = granule == granules - 1, left == 1
        # Of a word that follows: groups of a pixel from it on, and its first granule.
        again, onward = Signal.like(of_word), Signal.like(granule)
        new_word = self.start | loops.ends[2]  # of a pixel
        m.d.comb += again.eq(of_word)
        with m.If(self.start | loops.ends[3]):
            m.d.comb += again.eq(part.groups)
        with m.Elif(loops.ends[2]):
            m.d.comb += again.eq(of_word - granules)
        with m.If(part.taps > 1):
            m.d.comb += onward.eq(Mux(new_word, part.skip * part.groups, 0))
        with m.Elif(again < granules):
            m.d.comb += onward.eq(-again)
        self._tap_ends = ends & (last_group | last_granule)
        with m.If(self._tap_ends):
            m.d.sync += left.eq(of_word)
        with m.Elif(ends):
            m.d.sync += left.eq(left - 1)
        with m.If(ends):
            m.d.sync += granule.eq(granule + 1)
        with m.If(self.start | ends & last_granule):
            m.d.sync += [left.eq(again), of_word.eq(again), granule.eq(onward)]
        # They hold until the next group is built.
        in_group = Cat(lane < part.lanes for lane in range(self.size.elements))
        with m.If(delay(m, self.start | self.next, 1)):
            m.d.sync += self.lanes.eq(Mux(last_group, in_group, ~0))
        with m.If(ends):
            m.d.sync += self.last.eq(loops.ends[4] & last_granule)
        return granule, last_granule

    def _inside(self, m, loops, running, ends, word_ends):
        """Return whether the place that is read is of the map."""
        part = self.part
        y, x, first_y, first_x = (Signal(signed(COLUMN_BITS + 1)) for _ in range(4))
        with m.If(running & ~loops.ends[1]):
            m.d.sync += x.eq(x + part.stride)
            with m.If(loops.ends[0]):
                m.d.sync += [x.eq(first_x), y.eq(y + part.stride)]
        with m.If(self._tap_ends):
            m.d.sync += first_x.eq(first_x + part.dilation)
        with m.If(word_ends):
            with m.If(loops.ends[2]):
                m.d.sync += first_x.eq(part.left)
            with m.If(loops.ends[3]):
                m.d.sync += first_y.eq(first_y + part.dilation)
        with m.If(self.next | ends):
            m.d.sync += [x.eq(first_x), y.eq(first_y)]
        with m.If(self.start):
            m.d.sync += [x.eq(part.left), y.eq(part.top)]
            m.d.sync += [first_x.eq(part.left), first_y.eq(part.top)]
        of_row, of_column = (
            (at >= 0) & (at < size) for at, size in ((y, part.height), (x, part.width))
        )
        second = Signal()  # word of a patch
        with m.If(self.start | word_ends):
            m.d.sync += second.eq(~self.start)
        m.d.comb += [
            self.window.column.eq(Mux(self.is_window & running, x, 0)),
            self.window.second.eq(self.is_window & second),
        ]
        return of_row & (of_column | ~part.border)

    def _store(self, m, shift, here, turn, ends, group_ends, inverse):
        """Write blocks that were turned over, and which of their places are of the map."""
        size, op = self.size, self.op
        p, addr, granule = size.elements, Signal(FIELD_BITS), Signal.like(self.blocks.granule)
        row, bits = Signal(FIELD_BITS), Signal(p)
        stores, passed, ended, known_too = (
            delay(m, each, 1) for each in (turn, ends, group_ends, ~inverse)
        )
        last = granule == size.granules - 1
        with m.If(shift):
            m.d.sync += bits.eq(Cat(bits[1:], here))
        with m.If(stores):
            m.d.sync += [granule.eq(granule + 1), row.eq(row + last), addr.eq(addr + last)]
        with m.If(passed):  # columns of F's follow those of T's
            m.d.sync += [granule.eq(0), addr.eq(op.column_row + op.wide)]
        with m.If(self.start | self.next):
            m.d.sync += [granule.eq(0), row.eq(0), addr.eq(op.column_row)]
        m.submodules.known = known = RowMemory(
            size.lanes, size.delta_rows, size.read_latency, size.granules
        )
        m.d.comb += [
            self.blocks.valid.eq(stores),
            self.blocks.addr.eq(addr),
            self.blocks.granule.eq(granule),
            self.blocks.block.eq(self.turner.block),
            self.done.eq(ended),
            known.addr.eq(self.row),
            known.write_addr.eq(row),
            self.known.eq(known.row),
        ]
        for number in range(size.granules):  # places after the block are not of the map
            own = granule == number
            m.d.comb += [
                known.write[number].eq(stores & known_too & (own | (granule < number))),
                known.write_row.word_select(number, p).eq(bits & own.replicate(p)),
            ]
