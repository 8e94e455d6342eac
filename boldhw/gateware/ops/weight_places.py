"""Where the blocks of weights of a FLIP are, in both planes."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ops.input_groups import InputGroups
from boldhw.gateware.ops.ports import op_layout
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Flip, Segment, Turned


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
    lanes : Out(range(size.elements + 1)), combinational
        Outputs of the block. From registers only.
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
            "lanes": Out(range(size.elements + 1)),
            "of_group": Out(1),
            "of_all": Out(1),
            "of_last_group": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        op, p = self.op, self.size.elements
        m.submodules.inputs = inputs = InputGroups(self.size)
        left, word, after = Signal.like(op.outputs), Signal(FIELD_BITS), Signal(FIELD_BITS)
        onward = self.next & self.of_group
        m.d.comb += [
            inputs.start.eq(self.start),
            inputs.next.eq(onward),
            inputs.part.eq(self.part),
            after.eq(word + inputs.of_word),
            self.granule.eq(inputs.granule),
            self.of_group.eq(left <= p),
            self.of_last_group.eq(inputs.of_all),
            self.of_all.eq(self.of_group & inputs.of_all),
            self.lanes.eq(Mux(self.of_group, left, p)),
        ]
        with m.If(self.next):
            m.d.sync += [left.eq(left - p), self.row.eq(self.row + op.step)]
        with m.If(onward):
            m.d.sync += [left.eq(op.outputs), word.eq(after), self.row.eq(after)]
        with m.If(self.start):
            row = self.part.weight_row
            m.d.sync += [left.eq(op.outputs), word.eq(row), self.row.eq(row)]
        group, granule = self._inputs(m, inputs, onward)
        self._outputs(m, self.start | onward, group, granule)
        return m

    def _inputs(self, m, inputs, onward):
        """Follow the input groups; return row and granule of the first block of the next one."""
        op, granules = self.op, self.size.granules
        places = op.turned == Turned.PLACES
        # First rows: of a kernel row, a tap, an input group; of the next kernel row, the next word.
        line, tap, group, next_line, next_word = (Signal(FIELD_BITS) for _ in range(5))
        number, granule = Signal.like(op.turned_taps), Signal.like(self.granule)
        first = Mux(op.groups >= granules, 0, -(op.groups * Mux(places, op.turned_fold, 1)))
        last = number + 1 == Mux(places, op.turned_fold, op.turned_taps)  # tap of a word
        later, sooner = tap + op.turned_line, line - op.turned_line
        of_line = Mux(places, Mux(inputs.of_first_word, later, next_line), sooner)
        of_word = Mux(inputs.of_first_tap, group + op.turned_group, next_word)
        of_tap = Mux(last, Mux(places, later, tap - 1), tap)
        begins = Signal(FIELD_BITS)
        again = Signal.like(granule)
        flips = op.turned_group - op.turned_line + op.turned_across - 1
        m.d.comb += [begins.eq(group + op.turned_group), again.eq(granule)]
        with m.If(self.start):
            m.d.comb += [begins.eq(op.turned_row + Mux(places, 0, flips)), again.eq(first)]
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
        left, after = Signal.like(op.groups), Signal.like(op.groups)
        m.d.comb += after.eq(left - 1)
        with m.If(begins):
            m.d.sync += [left.eq(op.groups), self.turned_row.eq(row)]
            m.d.sync += self.turned_granule.eq(granule)
        with m.Elif(self.next):
            m.d.sync += [left.eq(after), self.turned_granule.eq(self.turned_granule + 1)]
            with m.If(self.turned_granule == granules - 1):
                m.d.sync += self.turned_row.eq(self.turned_row + op.turned_across)
                m.d.sync += self.turned_granule.eq(Mux(after >= granules, 0, -after))
