"""VOTE and FLIP in one unit, which changes accumulators one after the other: for small devices."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.columns import Columns
from boldhw.gateware.ops.kernel import counts_twice
from boldhw.gateware.ops.ports import (
    COUNTER_BITS,
    ArrayPort,
    BlockWrite,
    CounterRead,
    CounterWrite,
    OpPort,
    RowRead,
    RowWrite,
    UnitRead,
    WindowPort,
    item_row,
    op_layout,
)
from boldhw.gateware.ops.row_pass import RowPass
from boldhw.gateware.ops.steps import MOST
from boldhw.gateware.ops.turner import TurnerPort
from boldhw.gateware.ops.update_control import UpdateControl
from boldhw.gateware.ops.votes import Votes
from boldhw.gateware.ops.weight_places import BlockPlaces
from boldhw.gateware.ops.widths import row_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Flip, Segment, Vote, Window


class UpdateUnit(wiring.Component):
    """Build columns of an input group, let each output vote, flip weights; group by group.

    Of a VOTE rows of accumulators follow each other as fast as a :class:`RowPass` takes them. In a
    FLIP there is one step after the other: a block of weights is loaded, each row of accumulators
    flips weights, the block is stored, goes round once more to exchange rows and columns, and is
    stored in the transposed plane.

    Golden model: :func:`boldhw.golden.ops.vote.run`, and :func:`boldhw.golden.ops.flip.run`.

    Parameters
    ----------
    size : ArraySize
        Of an array of one plane and one transposer, ``serial``.

    Members
    -------
    vote : Out(OpPort(Vote))
        The op, if it is a VOTE.
    flip : Out(OpPort(Flip))
        The op, if it is a FLIP.
    parts : In(data.ArrayLayout(op_layout(Segment), size.segments))
        Its segment is the first one; of a window what it has in the same places.
    windows : In(data.ArrayLayout(op_layout(Window), size.segments))
        The same descriptor, if it is a window.
    are_windows : In(size.segments)
        Whether it is.
    active_samples : In(FIELD_BITS)
        Active samples of this batch before this one; constant during an op.
    read : Out(RowRead(size.data_width))
        Rows of the data memory; combinational, from registers only.
    write : Out(RowWrite(size.data_width))
        Rows of the data memory; combinational, from registers only.
    turner : Out(TurnerPort(size))
        Blocks that turn over; combinational.
    weights : Out(RowRead(size.elements * size.lanes))
        Rows of the weight memory; combinational, from registers only.
    blocks : Out(BlockWrite(size))
        Blocks of the weight memory; combinational, from registers only.
    units : Out(UnitRead(size))
        Means; combinational, from registers only.
    counters : Out(CounterRead(size))
        Sums of deltas, the count of flips; combinational, from registers only.
    counter_write : Out(CounterWrite(size))
        The same; combinational.
    deltas : Out(RowRead(2 * size.lanes))
        Rows of the delta memory; combinational, from registers only.
    window : Out(WindowPort(size))
        Patches of an image; combinational.
    array : Out(ArrayPort(size))
        Votes; combinational, ``sign`` and ``mask`` from what is read.

    Latency
    -------
    VOTE: for each input group the cycles of :class:`Columns`, those of :class:`Votes` for each
    output, and for the last one the latency of the array and P + R + 3 from its last word on (R is
    the read latency). Of a FLIP no two outputs overlap.
    """

    def __init__(self, size):
        self.size = size
        p = size.elements
        super().__init__({
            "vote": Out(OpPort(Vote)),
            "flip": Out(OpPort(Flip)),
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "windows": In(data.ArrayLayout(op_layout(Window), size.segments)),
            "are_windows": In(size.segments),
            "active_samples": In(FIELD_BITS),
            "read": Out(RowRead(size.data_width)),
            "write": Out(RowWrite(size.data_width)),
            "turner": Out(TurnerPort(size)),
            "weights": Out(RowRead(p * size.lanes)),
            "blocks": Out(BlockWrite(size)),
            "units": Out(UnitRead(size)),
            "counters": Out(CounterRead(size)),
            "counter_write": Out(CounterWrite(size)),
            "deltas": Out(RowRead(2 * size.lanes)),
            "window": Out(WindowPort(size)),
            "array": Out(ArrayPort(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, op, flip = self.size, self.vote.op, self.flip.op
        m.submodules.control = control = UpdateControl(size)
        m.submodules.columns = columns = Columns(size)
        m.submodules.votes = votes = Votes(size)
        m.submodules.passes = passes = RowPass(size)
        m.submodules.places = places = BlockPlaces(size)
        is_window = self.are_windows[0]
        part = self.parts[0]
        twice, doubled = Signal(), Signal()  # sums are twice the votes
        start = Signal()
        m.d.comb += [
            twice.eq(counts_twice(part, is_window)),
            doubled.eq(part.zero_true | twice),
            start.eq(self.vote.start | self.flip.start),
            control.vote.eq(self.vote.start),
            control.flip.eq(self.flip.start),
            control.both.eq(flip.turned != 0),
            control.outputs.eq(Mux(control.is_vote & ~self.flip.start, op.outputs, flip.outputs)),
            control.built.eq(columns.done),
            control.of_all.eq(columns.groups.of_all),
            control.sent.eq(votes.sent),
            control.passed.eq(passes.done),
            columns.start.eq(start),
            columns.next.eq(control.onward),
            columns.builds.eq(self.vote.start | control.is_vote & ~self.flip.start),
            columns.op.eq(op),
            columns.part.eq(part),
            columns.image.eq(self.windows[0]),
            columns.is_window.eq(is_window),
            columns.twice.eq(twice),
            columns.row.eq(votes.word),
            votes.start.eq(columns.done),
            votes.send.eq(control.send & control.is_vote),
            votes.op.eq(op),
            votes.twice.eq(twice),
            votes.doubled.eq(doubled),
            votes.known.eq(columns.known),
            passes.votes.eq(control.is_vote),
            # They are as late as accumulators: the next ones may come while a row passes.
            passes.sums.eq(delay(m, self.array.sums.as_value(), size.read_latency - 1)),
            passes.lanes.eq(columns.lanes),
            passes.doubled.eq(doubled),
            passes.rounding.eq(op.rounding),
            passes.offset.eq(
                Mux(op.gathered, 0, self.active_samples[:MOST] & ~(~0 << op.rounding))
            ),
            passes.decay.eq(op.decay),
            passes.flip.eq(flip),
            places.start.eq(start),
            places.next.eq(control.next),
            places.onward.eq(control.onward),
            places.op.eq(flip),
            places.part.eq(part),
            self.vote.done.eq(control.done & control.is_vote),
            self.flip.done.eq(control.done & ~control.is_vote),
        ]
        wiring.connect(m, columns.window, wiring.flipped(self.window))
        wiring.connect(m, votes.array, wiring.flipped(self.array))
        wiring.connect(m, votes.deltas, wiring.flipped(self.deltas))
        for name in places.groups.signature.members:
            m.d.comb += getattr(places.groups, name).eq(getattr(columns.groups, name))
        self._accumulators(m, control, columns, passes)
        self._blocks(m, control, columns, passes, places)
        self._counters(m, control, columns, passes)
        return m

    def _accumulators(self, m, control, columns, passes):
        """Read a row when its votes are there, or a FLIP goes on; write it when it has passed."""
        size = self.size
        reads = Signal()
        addr, target = (Signal(row_bits(size.data_rows)) for _ in range(2))
        arrives = delay(m, reads, size.read_latency)
        with m.If(arrives):
            m.d.sync += [addr.eq(addr + 1), target.eq(addr)]
        with m.If(self.vote.start):
            m.d.sync += addr.eq(self.vote.op.acc_row)
        with m.If(self.flip.start):
            m.d.sync += addr.eq(self.flip.op.acc_row)
        m.d.comb += [
            reads.eq(self.array.done | control.send & ~control.is_vote),
            passes.arrives.eq(arrives),
            passes.row.eq(self.read.row),
            columns.read.row.eq(self.read.row),
            self.read.valid.eq(columns.read.valid | reads),
            self.read.addr.eq(Mux(reads, addr, columns.read.addr)),
            self.write.valid.eq(passes.done),
            self.write.addr.eq(target),
            self.write.row.eq(passes.result),
        ]

    def _blocks(self, m, control, columns, passes, places):
        """Load blocks of weights into the turner and store them; those of columns too."""
        size, p = self.size, self.size.elements
        turner, word = self.turner, self.turner.block[:p]
        loads = delay(m, control.fetch, size.read_latency)
        words = [self.weights.row.word_select(e, size.lanes) for e in range(p)]
        granule = columns.groups.granule
        passed = passes.done & control.flipping
        m.d.comb += [
            control.loaded.eq(loads),
            self.weights.valid.eq(control.fetch),
            self.weights.addr.eq(places.row),
            turner.load.eq(loads),
            turner.block_in.eq(Cat(each.word_select(granule, p) for each in words)),
            turner.shift.eq(columns.turner.shift | control.goes_round | passed),
            turner.turn.eq(columns.turner.turn | control.turns),
            turner.word_in.eq(
                Mux(control.goes_round, word, Mux(passed, passes.flipped, columns.turner.word_in))
            ),
            columns.turner.block.eq(turner.block),
            passes.weights.eq(word),
            self.blocks.valid.eq(columns.blocks.valid | control.stores),
            self.blocks.addr.eq(places.row),
            self.blocks.granule.eq(granule),
            self.blocks.block.eq(turner.block),
        ]
        with m.If(control.turning):
            m.d.comb += self.blocks.addr.eq(places.turned_row)
            m.d.comb += self.blocks.granule.eq(places.turned_granule)
        with m.If(columns.blocks.valid):
            m.d.comb += self.blocks.addr.eq(columns.blocks.addr)
            m.d.comb += self.blocks.granule.eq(columns.blocks.granule)

    def _counters(self, m, control, columns, passes):
        """Read sums of deltas and means, clear the sums at the end; add up flips."""
        size, flip = self.size, self.flip.op
        begins = self.vote.start | self.flip.start
        total = Signal((size.data_rows * size.elements).bit_length())
        with m.If(passes.count):
            m.d.sync += total.eq(total + 1)
        with m.If(begins):
            m.d.sync += total.eq(0)
        counted = delay(m, control.ends, size.read_latency)
        if size.plain:  # no means, and no sums of deltas
            at = item_row(size, flip.counter_row, 1)
            m.d.comb += [
                self.counters.valid.eq(control.ends),
                self.counters.addr.eq(Mux(control.ends, at, 0)),
                self.counter_write.valid.eq(counted),
                self.counter_write.addr.eq(at),
                self.counter_write.row.eq(self.counters.row + total),
            ]
            return
        row = Signal(row_bits(size.counter_rows))
        mean_row = Signal(row_bits(size.unit_rows))
        with m.If(control.next):
            m.d.sync += row.eq(row + 1)
        with m.If(control.onward):
            m.d.sync += [row.eq(flip.balance_row), mean_row.eq(mean_row + 1)]
        with m.If(begins):
            m.d.sync += [row.eq(flip.balance_row), mean_row.eq(flip.mean_row)]
        balanced = control.flipping & flip.balanced
        clears = control.stores & ~control.turning & columns.groups.of_all & flip.clears
        counters = self.counters.row
        zeros = Const(0, COUNTER_BITS)
        m.d.comb += [
            self.units.valid.eq(balanced),
            self.units.addr.eq(mean_row),
            passes.means.eq(
                Cat(self.units.row.word_select(2 * lane, FIELD_BITS)
                    for lane in range(size.elements))
            ),
            self.counters.valid.eq(balanced | control.ends),
            self.counters.addr.eq(Mux(control.ends, flip.counter_row, row)),
            passes.balance.eq(counters.word_select(control.number, COUNTER_BITS)),
            self.counter_write.valid.eq(Mux(counted, 2, clears.replicate(size.elements))),
            self.counter_write.addr.eq(Mux(counted, flip.counter_row, row)),
            self.counter_write.row.eq(
                Cat(zeros, Mux(counted, counters.word_select(1, COUNTER_BITS) + total, 0)
                    [:COUNTER_BITS])
            ),
        ]  # fmt: skip
