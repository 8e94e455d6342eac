"""Where the blocks of weights of a FLIP are, in both planes."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import settled
from boldhw.gateware.ops.input_groups import GroupFlags, InputGroups
from boldhw.gateware.ops.ports import op_layout
from boldhw.gateware.ops.ranges import groups_bits
from boldhw.gateware.ops.widths import row_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Flip, Segment, Turned


class BlockPlaces(wiring.Component):
    """Make the rows of blocks of P x P weights; who uses it counts outputs and input groups.

    Golden model: :func:`boldhw.golden.ops.flip._place` and ``_turned``.

    Parameters
    ----------
    size : ArraySize
        Gives ``granules``, ``weight_rows`` and ``data_rows``.

    Members
    -------
    start : In(1)
        Begin with the first block of the first input group.
    next : In(1)
        Go on to the next block of the input group.
    onward : In(1)
        Go on to the first block of the next input group; wins over ``next``.
    op : In(op_layout(Flip))
        The op; constant.
    part : In(op_layout(Segment))
        Its segment; constant.
    groups : In(GroupFlags(size))
        The input group; with ``onward`` still the one that ends.
    row : Out(FIELD_BITS), registered
        Row of the block in the weight plane.
    turned_row : Out(FIELD_BITS), registered
        Row of the block in the transposed plane.
    turned_granule : Out(range(size.granules)), registered
        Its granule there.

    Latency
    -------
    1 cycle.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "start": In(1),
            "next": In(1),
            "onward": In(1),
            "op": In(op_layout(Flip)),
            "part": In(op_layout(Segment)),
            "groups": In(GroupFlags(size)),
            "row": Out(FIELD_BITS),
            "turned_row": Out(FIELD_BITS),
            "turned_granule": Out(range(size.granules)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        row, word, after = (self._row() for _ in range(3))
        m.d.comb += [self.row.eq(row), after.eq(word + self.groups.of_word)]
        with m.If(self.next):
            m.d.sync += row.eq(row + self.op.step)
        with m.If(self.onward):
            m.d.sync += [word.eq(after), row.eq(after)]
        with m.If(self.start):
            m.d.sync += [word.eq(self.part.weight_row), row.eq(self.part.weight_row)]
        group, granule = self._inputs(m)
        self._outputs(m, self.start | self.onward, group, granule)
        return m

    def _row(self):
        return Signal(row_bits(self.size.weight_rows))

    def _inputs(self, m):
        """Follow the input groups; return row and granule of the first block of the next one."""
        op, granules, inputs, onward = self.op, self.size.granules, self.groups, self.onward
        of_places = op.turned == Turned.PLACES
        places = settled(m, of_places)
        # First rows: of a kernel row, a tap, an input group; of the next kernel row, the next word.
        line, tap, group, next_line, next_word = (self._row() for _ in range(5))
        number, granule = Signal.like(op.turned_taps), Signal.like(inputs.granule)
        held = op.groups[: len(granule)] * Mux(of_places, op.turned_fold, 1)[: len(granule)]
        first = settled(m, Mux(op.groups >= granules, 0, -held)[: len(granule)])
        most = settled(m, Mux(of_places, op.turned_fold, op.turned_taps) - 1)
        last = number == most  # tap of a word
        later, sooner = tap + op.turned_line, line - op.turned_line
        of_line = Mux(places, Mux(inputs.of_first_word, later, next_line), sooner)
        of_word = Mux(inputs.of_first_tap, group + op.turned_group, next_word)
        of_tap = Mux(last, Mux(places, later, tap - 1), tap)
        begins = self._row()
        again = Signal.like(granule)
        flips = Mux(of_places, 0, op.turned_group - op.turned_line + op.turned_across - 1)
        first_row = settled(m, (op.turned_row + flips)[: len(group)])
        m.d.comb += [begins.eq(group + op.turned_group), again.eq(granule)]
        with m.If(self.start):
            m.d.comb += [begins.eq(first_row), again.eq(first)]
        with m.Elif(inputs.of_line):
            m.d.comb += [begins.eq(of_line), again.eq(first)]
        with m.Elif(inputs.of_pixel):
            m.d.comb += [begins.eq(of_word), again.eq(first)]
        with m.Elif(inputs.of_tap):
            step = Mux(places, op.groups, -op.groups)
            m.d.comb += [begins.eq(of_tap), again.eq(Mux(last, first, granule + step))]
        with m.If(self.start | onward):
            m.d.sync += [group.eq(begins), granule.eq(again)]
            with m.If(self.start | inputs.of_line):
                m.d.sync += line.eq(begins)
            with m.If(self.start | inputs.of_tap):
                m.d.sync += [tap.eq(begins), number.eq(Mux(last, 0, number + 1))]
            with m.If(self.start | inputs.of_pixel):
                m.d.sync += number.eq(0)
            with m.If(inputs.of_pixel & inputs.of_first_word):
                m.d.sync += next_line.eq(later)
            with m.If(inputs.of_tap & inputs.of_first_tap):
                m.d.sync += next_word.eq(group + op.turned_group)
        return begins, again

    def _outputs(self, m, begins, row, granule):
        """Go through the groups of outputs of an input group, which fill words like a pixel."""
        op, granules = self.op, self.size.granules
        left, after = (Signal(groups_bits(self.size)) for _ in range(2))
        at = self._row()
        m.d.comb += [after.eq(left - 1), self.turned_row.eq(at)]
        with m.If(begins):
            m.d.sync += [left.eq(op.groups), at.eq(row)]
            m.d.sync += self.turned_granule.eq(granule)
        with m.Elif(self.next):
            m.d.sync += [left.eq(after), self.turned_granule.eq(self.turned_granule + 1)]
            with m.If(self.turned_granule == granules - 1):
                m.d.sync += at.eq(at + op.turned_across)
                m.d.sync += self.turned_granule.eq(Mux(after >= granules, 0, -after))


class WeightPlaces(wiring.Component):
    """Go through blocks of P x P weights: groups of outputs of one input group after the other.

    Golden model: :func:`boldhw.golden.ops.flip._place` and ``_turned``.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P) and ``granules``.

    Members
    -------
    start : In(1)
        Begin with the first block.
    next : In(1)
        Go on to the next one.
    op : In(op_layout(Flip))
        The op; constant.
    part : In(op_layout(Segment))
        Its segment; constant.
    row : Out(FIELD_BITS), registered
        Row of the block in the weight plane.
    granule : Out(range(size.granules)), registered
        Its granule.
    turned_row : Out(FIELD_BITS), registered
        Row of the block in the transposed plane.
    turned_granule : Out(range(size.granules)), registered
        Its granule there.
    of_group, of_all : Out(1), combinational
        The block is the last one of its input group, of all. From registers only.
    of_last_group : Out(1), combinational
        It is of the last input group. From registers only.

    Latency
    -------
    1 cycle.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "start": In(1),
            "next": In(1),
            "op": In(op_layout(Flip)),
            "part": In(op_layout(Segment)),
            "row": Out(FIELD_BITS),
            "granule": Out(range(size.granules)),
            "turned_row": Out(FIELD_BITS),
            "turned_granule": Out(range(size.granules)),
            "of_group": Out(1),
            "of_all": Out(1),
            "of_last_group": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        op, p = self.op, self.size.elements
        m.submodules.inputs = inputs = InputGroups(self.size)
        m.submodules.places = places = BlockPlaces(self.size)
        left, of_group = Signal.like(op.outputs), Signal()
        early = self.size.dual_port  # then of_group is known a block before
        one_block = settled(m, op.outputs <= p) if early else 0
        onward = self.next & of_group
        if not early:
            m.d.comb += of_group.eq(left <= p)
        m.d.comb += [
            inputs.start.eq(self.start),
            inputs.next.eq(onward),
            inputs.part.eq(self.part),
            places.start.eq(self.start),
            places.next.eq(self.next),
            places.onward.eq(onward),
            places.op.eq(op),
            places.part.eq(self.part),
            self.row.eq(places.row),
            self.turned_row.eq(places.turned_row),
            self.turned_granule.eq(places.turned_granule),
            self.granule.eq(inputs.granule),
            self.of_group.eq(of_group),
            self.of_last_group.eq(inputs.of_all),
            self.of_all.eq(self.of_group & inputs.of_all),
        ]
        for name in places.groups.signature.members:
            m.d.comb += getattr(places.groups, name).eq(getattr(inputs, name))
        with m.If(self.next):
            m.d.sync += left.eq(left - p)
            m.d.sync += of_group.eq(left <= 2 * p) if early else []
        with m.If(self.start | onward):
            m.d.sync += left.eq(op.outputs)
            m.d.sync += of_group.eq(one_block) if early else []
        return m
