"""Columns of VOTE: inputs of one group at all places, as rows of the weight memory."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.input_groups import Granules, GroupFlags
from boldhw.gateware.ops.loops import Loops
from boldhw.gateware.ops.memories import RowMemory
from boldhw.gateware.ops.ports import BlockWrite, RowRead, WindowPort, op_layout
from boldhw.gateware.ops.ranges import map_bits, place_bits, word_bits
from boldhw.gateware.ops.turner import TurnerPort
from boldhw.gateware.ops.widths import row_bits
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
        ``data_rows``, ``weight_rows``, ``delta_rows``, ``data_width`` and ``read_latency``.

    Members
    -------
    start : In(1)
        Begin with the first input group.
    next : In(1)
        Build the columns of the next one.
    builds : In(1)
        Columns are built; else only ``groups`` go on. Constant.
    op : In(op_layout(Vote))
        The op, constant while groups are built.
    part : In(op_layout(Segment))
        Its segment; of a window what it has in the same places.
    image : In(op_layout(Window))
        The descriptor, if it is a window.
    is_window : In(1)
        It is.
    twice : In(1)
        Build columns of F's as well, in rows of their own.
    window : Out(WindowPort(size))
        Patches; combinational.
    read : Out(RowRead(size.data_width, size.planes))
        Rows of the data memory; combinational, from registers only.
    turner : Out(TurnerPort(size))
        Blocks that turn over; combinational.
    blocks : Out(BlockWrite(size))
        Blocks of the weight memory; combinational, from registers only.
    done : Out(1), combinational
        The last block of the group is written. From registers only.
    lanes : Out(size.elements), combinational
        Which inputs of the group are in use. From registers only.
    groups : Out(GroupFlags(size))
        The group that was built; from ``done`` to ``next``.
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
            "builds": In(1),
            "op": In(op_layout(Vote)),
            "part": In(op_layout(Segment)),
            "image": In(op_layout(Window)),
            "is_window": In(1),
            "twice": In(1),
            "window": Out(WindowPort(size)),
            "read": Out(RowRead(size.data_width, size.planes)),
            "turner": Out(TurnerPort(size)),
            "blocks": Out(BlockWrite(size)),
            "done": Out(1),
            "lanes": Out(size.elements),
            "groups": Out(GroupFlags(size)),
            "row": In(FIELD_BITS),
            "known": Out(size.lanes),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size = self.size
        running, place = Signal(), Signal(range(size.elements))
        full, ends, beyond = Signal(), Signal(), Signal()
        loading, inverse, group_ends = Signal(), Signal(), Signal()
        places = place_bits(size)
        m.submodules.loops = loops = Loops(
            (places, places, *word_bits(size)), 2,
            row_bits(size.data_rows), not size.serial,
        )  # fmt: skip
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
        with m.If((self.start | self.next) & self.builds):
            m.d.sync += running.eq(1)
        self._granules(m, loops)
        again, begins = ends & ~group_ends, Signal()
        m.d.comb += begins.eq(self.start | self.next | again)
        self._loops(m, loops, moves, again)
        line_ends, row_ends = Signal(), moves & loops.ends[0] & ~loops.ends[1]
        inside, of_row = self._inside(m, loops, moves, begins, line_ends)
        image = self._image(m, running, loading, begins, row_ends, line_ends, of_row)
        inside |= self.is_window
        reads = moves & ~beyond & inside & ~self.is_window
        m.d.comb += [
            self.read.valid.eq(reads | self.window.load & self.window.inside),
            self.read.addr.eq(Mux(self.is_window, image, loops.addr)),
        ]
        late = size.read_latency
        shift, here, turn, ends, group_ends, inverse = (
            delay(m, each, late)
            for each in (moves, ~beyond & inside, full, ends, group_ends, inverse)
        )
        sign, mask, row = (
            word.word_select(self.groups.granule, size.elements)
            for word in (self.window.sign, self.window.mask, self.read.row[: size.lanes])
        )
        patch = (sign ^ inverse.replicate(size.elements)) & mask
        counts = self.lanes & here.replicate(size.elements)
        m.d.comb += [
            self.turner.shift.eq(shift),
            self.turner.turn.eq(turn),
            self.turner.word_in.eq(Mux(self.is_window, patch, row) & counts),
        ]
        self._store(m, shift, here, turn, ends, group_ends, inverse)
        return m

    def _loops(self, m, loops, moves, again):
        """Go through all places for each granule, and then on to the next word."""
        op, part = self.op, self.part
        jumps = [part[f"jump{level}"] for level in range(5)]
        of_word = self.groups.of_word
        counts = (op.columns, op.rows, part.across, part.words, part.down)
        m.d.comb += [
            loops.start.eq(self.start),
            loops.still.eq(~self.builds),
            loops.base.eq(part.in_row),
            *(loops.counts[f"level{level}"].eq(count) for level, count in enumerate(counts)),
            loops.jumps.eq(Cat(jumps)),
            loops.step.eq(moves & ~loops.ends[1] | self.next & of_word),
            loops.again.eq(again | self.next & ~of_word),
        ]

    def _image(self, m, running, loading, begins, row_ends, line_ends, of_row):
        """Load rows of an image in front of each row of places; return where the next one is."""
        window, part = self.window, self.image
        left, plane = Signal.like(part.stride), Signal(2)
        loads = Signal()  # rows are left
        early = self.size.dual_port  # then that is known a cycle before
        if not early:
            m.d.comb += loads.eq(left != 0)
        addr = Signal(row_bits(self.size.data_rows))
        m.d.comb += [
            loading.eq(running & loads),
            line_ends.eq(loading & (plane + 1 == part.planes)),
            window.load.eq(loading),
            window.inside.eq(loading & of_row),
        ]
        with m.If(loading):
            m.d.sync += plane.eq(plane + 1)
            with m.If(of_row):  # rows above the image are not there
                m.d.sync += addr.eq(addr + 1)
        with m.If(line_ends):
            m.d.sync += [plane.eq(0), left.eq(left - 1)]
            m.d.sync += loads.eq(left != 1) if early else []
        with m.If(row_ends & self.is_window):
            m.d.sync += left.eq(part.stride)
            m.d.sync += loads.eq(1) if early else []
        with m.If(begins):
            m.d.sync += [
                left.eq(Mux(self.is_window, part.side, 0)),
                *([loads.eq(self.is_window)] if early else []),
                plane.eq(0),
                addr.eq(part.in_row),
            ]
        return addr

    def _granules(self, m, loops):
        """Go through the granules that hold inputs, of one word after the other."""
        m.submodules.granules = granules = Granules(self.size)
        m.d.comb += [
            granules.start.eq(self.start),
            granules.next.eq(self.next),
            granules.part.eq(self.part),
            granules.ends.eq(loops.ends[2:]),
        ]
        for name in self.groups.signature.members:
            m.d.comb += getattr(self.groups, name).eq(getattr(granules, name))
        in_group = Cat(lane < self.part.lanes for lane in range(self.size.elements))
        m.d.comb += self.lanes.eq(Mux(granules.of_pixels, in_group, ~0))

    def _inside(self, m, loops, moves, begins, line_ends):
        """Return whether the place that is read is of the map, and whether its row is."""
        part, bits, steps = self.part, map_bits(self.size), moves & ~loops.ends[1]
        y, x = self._places(m, begins, steps, steps & loops.ends[0], part.stride, line_ends)
        of_row, of_column = (
            at < size[: bits - 1] for at, size in ((y, part.height), (x, part.width))
        )
        return of_row & (of_column | ~part.border), of_row

    def _places(self, m, begins, steps, row_ends, stride, line_ends):
        """Return row and column of the place that is read.

        The row of a window is that of the image that is loaded. stride: columns of a step.
        line_ends: such a row ends. A negative number, without its sign, is beyond all maps.
        """
        part, groups = self.part, self.groups
        shape = signed(map_bits(self.size))
        y, x, first_y, first_x, after_y, after_x = (Signal(shape) for _ in range(6))
        m.d.comb += [after_y.eq(first_y), after_x.eq(first_x)]  # the next first ones
        with m.If(self.next & groups.of_tap):
            m.d.comb += after_x.eq(first_x + part.dilation)
        with m.If(self.next & groups.of_line):
            m.d.comb += after_y.eq(first_y + part.dilation)
        with m.If(self.start | self.next & groups.of_pixel):
            m.d.comb += after_x.eq(part.left)
        with m.If(self.start):
            m.d.comb += after_y.eq(part.top)
        m.d.sync += [first_y.eq(after_y), first_x.eq(after_x)]
        with m.If(begins | steps):
            m.d.sync += x.eq(Mux(begins | row_ends, after_x, x + stride))
        with m.If(begins | Mux(self.is_window, line_ends, row_ends)):
            step = Mux(self.is_window, 1, part.stride)
            m.d.sync += y.eq(Mux(begins, after_y, y + step))
        second = Signal()  # word of a patch
        with m.If(self.start | self.next & groups.of_word):
            m.d.sync += second.eq(~self.start)
        m.d.comb += [self.window.column.eq(x), self.window.second.eq(second)]
        return y.as_unsigned(), x.as_unsigned()

    def _store(self, m, shift, here, turn, ends, group_ends, inverse):
        """Write blocks that were turned over, and which of their places are of the map."""
        size, op = self.size, self.op
        p, granule = size.elements, Signal.like(self.blocks.granule)
        addr, bits = Signal(row_bits(size.weight_rows)), Signal(p)
        row = Signal(row_bits(size.delta_rows))
        stores, passed, ended, known_too = (
            delay(m, each, 1) for each in (turn, ends, group_ends, ~inverse)
        )
        last = granule == size.granules - 1
        with m.If(shift):
            m.d.sync += bits.eq(Cat(bits[1:], here))
        with m.If(stores):
            m.d.sync += [granule.eq(granule + 1), row.eq(row + last)]
            m.d.sync += addr.eq(addr + (last | passed))
        with m.If(passed):  # columns of F's follow those of T's
            m.d.sync += granule.eq(0)
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
            known.write_row.eq((bits & stores.replicate(p)).replicate(size.granules)),
            self.known.eq(known.row),
        ]
        for number in range(size.granules):  # places after the block are not of the map
            own, behind = granule == number, granule < number
            m.d.comb += known.write[number].eq(known_too & stores & own | ~inverse & turn & behind)
