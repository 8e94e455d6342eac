"""Weights flip: lanes of accumulators, blocks of weights that are loaded and stored."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import data_delay, data_register, delay, settled
from boldhw.gateware.ops.lane import flip_of
from boldhw.gateware.ops.ports import (
    COUNTER_BITS,
    BlockWrite,
    PartWrite,
    RowRead,
    op_layout,
)
from boldhw.gateware.ops.steps import accumulators_layout, clamped, decayed, limited
from boldhw.gateware.ops.turner import TurnerPort, transposed
from boldhw.gateware.ops.weight_places import WeightPlaces
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Flip, Segment

FRACTION = 14  # bits of a product that are dropped before what is left is rounded
MOST_DROPS = 7  # of ``rounding``
LOW = 17  # bits of a factor of 18 that has no sign


def lead(size):
    """Return the cycles from ``soon`` to the read of accumulators: means are multiplied meanwhile.

    What they add is there when it is needed.
    """
    return 5 - through(size)


def through(size):
    """Return the cycles from old accumulators to new ones; one port writes between two reads."""
    return 3 if size.dual_port else 2


class Flipper(wiring.Component):
    """Take rows of accumulators, one for each output, and flip what they are against.

    A block of weights rotates through the turner: its first word is that of the output. When all
    its words have come by it is stored, in the transposed plane too, and the next one is loaded.

    Golden model: :func:`boldhw.golden.ops.flip.run`.

    Parameters
    ----------
    size : ArraySize
        Of an array of one plane; all of it.

    Members
    -------
    start : In(1)
        Begin with the first block.
    load : In(1)
        Load the block that follows, of a new input group; not before the cycle after ``start``.
    loads : In(1)
        Blocks of new input groups are loaded without that. Constant.
    op : In(op_layout(Flip))
        The op; constant.
    part : In(op_layout(Segment))
        Its segment; constant.
    soon : In(1)
        The accumulators of the next output come the read latency and :func:`lead` cycles later.
    accumulators : In(accumulators_layout(size))
        Those accumulators.
    of_block, of_all : Out(1), combinational
        The output of ``soon`` is the last one of its block; the block of the output before is the
        last one of all. From registers only.
    result : Out(accumulators_layout(size)), registered
        New accumulators, :func:`through` cycles after the old ones, until the next ones.
    follows : Out(1), combinational
        A row of weights is read without ``load``. From registers only.
    weights : Out(RowRead(size.elements * size.lanes))
        Rows of the weight memory; combinational, from registers only.
    blocks : Out(BlockWrite(size))
        Blocks of the weight memory; combinational, from registers only.
    turner : Out(TurnerPort(size))
        The block; combinational.
    units : Out(RowRead(size.elements * 2 * FIELD_BITS))
        Means, a cycle after ``soon``; registered.
    counters : Out(RowRead(size.elements * COUNTER_BITS))
        Sums of deltas, with ``soon``, and the count of flips at ``start``; likewise.
    counter_write : Out(PartWrite(size.elements * COUNTER_BITS, size.elements))
        The new count; sums of deltas that are cleared; combinational, from registers only.
    done : Out(1), combinational
        All is written. From registers only.

    Latency
    -------
    The first output of a block comes 2 cycles later than it would within one, 3 with ``dual_port``
    or a transposed plane, and one more for each output that the block before it lacks. A block of
    two outputs, P = 2, with ``dual_port``::

        cycle               0    1    2    3    4    5    6    7    8    9    10   11   12   13
        start               1
        weights.valid            1
        soon                     1    1
        turner.load                             1
        accumulators                                      a    b
        turner.shift                                                1    1
        result                                                           a    b
        blocks.valid                                                          1
        done                                                                                 1
    """

    def __init__(self, size):
        self.size = size
        p = size.elements
        super().__init__({
            "start": In(1),
            "load": In(1),
            "loads": In(1),
            "op": In(op_layout(Flip)),
            "part": In(op_layout(Segment)),
            "soon": In(1),
            "accumulators": In(accumulators_layout(size)),
            "of_block": Out(1),
            "of_all": Out(1),
            "result": Out(accumulators_layout(size)),
            "follows": Out(1),
            "weights": Out(RowRead(p * size.lanes)),
            "blocks": Out(BlockWrite(size)),
            "turner": Out(TurnerPort(size)),
            "units": Out(RowRead(p * 2 * FIELD_BITS)),
            "counters": Out(RowRead(p * COUNTER_BITS)),
            "counter_write": Out(PartWrite(p * COUNTER_BITS, p)),
            "done": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        op, late = self.op, self.size.read_latency
        m.submodules.places = places = WeightPlaces(self.size)
        common = self._common(m)
        valid = delay(m, self.soon, late + lead(self.size))
        flipping = delay(m, valid, through(self.size) - 1)
        flips = self._lanes(m, valid, flipping, common)
        full = self._rotate(m, flipping, flips)
        first, last = self._load(m, places, full)
        stored, cleared = self._store(m, full, first)
        ends = stored & last
        self._count(m, flipping, flips, cleared, ends)
        m.d.comb += [
            places.start.eq(self.start),
            places.op.eq(op),
            places.part.eq(self.part),
        ]
        return m

    def _common(self, m):
        """Go through the outputs; return what the mean of the inputs adds to their accumulators."""
        op, p, late = self.op, self.size.elements, self.size.read_latency
        left, number = Signal.like(op.outputs), Signal(range(p))
        mean_row, row = Signal(FIELD_BITS), Signal(FIELD_BITS)
        last = left == 1
        m.d.comb += self.of_block.eq(last | (number == p - 1))
        with m.If(self.soon):
            m.d.sync += [left.eq(left - 1), number.eq(number + 1)]
            with m.If(self.of_block):
                m.d.sync += [number.eq(0), row.eq(row + 1)]
            with m.If(last):
                m.d.sync += [left.eq(op.outputs), mean_row.eq(mean_row + 1)]
                m.d.sync += row.eq(op.balance_row)
        with m.If(self.start):
            m.d.sync += [left.eq(op.outputs), number.eq(0)]
            m.d.sync += [mean_row.eq(op.mean_row), row.eq(op.balance_row)]
        balanced = self.soon & op.balanced
        begins = delay(m, self.start, 1)  # the count of flips is read
        m.d.comb += [
            self.units.valid.eq(delay(m, balanced, 1)),
            self.units.addr.eq(delay(m, mean_row, 1)),
            self.counters.valid.eq(balanced | begins),
            self.counters.addr.eq(Mux(begins, op.counter_row, row)),
        ]
        self._counted = delay(m, begins, late)
        balance = Signal(signed(COUNTER_BITS))
        # Products of a larger factor are beyond all accumulators, too, but for that with 0.
        factor = Signal(signed(self.size.accumulator_bits + FRACTION + 3))
        shift = settled(m, MOST_DROPS - op.rounding)[: MOST_DROPS.bit_length()]
        number, there = delay(m, number, late), delay(m, balanced, late)
        m.d.sync += balance.eq(
            self.counters.row.word_select(number, COUNTER_BITS) & there.replicate(COUNTER_BITS)
        )
        # What all lanes have in common is moved: then the same bits of all products count.
        m.d.sync += factor.eq(limited(balance << shift, len(factor)))
        return [self._change(m, factor, lane) for lane in range(p)]

    def _change(self, m, factor, lane):
        """Return twice what the mean of a lane adds; whether that is beyond, and its sign."""
        bits = self.size.accumulator_bits
        mean = data_register(signed(FIELD_BITS), name=f"mean{lane}")
        low, high = Cat(factor[:LOW], Const(0, 1)).as_signed(), factor[LOW:].as_signed()
        lows = data_register(signed(LOW + FIELD_BITS), name=f"lows{lane}")
        highs = data_register(signed(len(high) + FIELD_BITS), name=f"highs{lane}")
        m.d.sync += [
            mean.eq(self.units.row.word_select(2 * lane, FIELD_BITS)),
            lows.eq(low * mean),
            highs.eq(high * mean),
        ]
        product = Signal(signed(len(factor) + FIELD_BITS), name=f"product{lane}")
        change = Signal(signed(bits + 2), name=f"change{lane}")
        m.d.comb += [
            product.eq(Cat(lows[:LOW], highs + (lows >> LOW))),
            change.eq(product[FRACTION:]),
        ]
        top = product[FRACTION + bits + 1 :]
        return change, top.any() & ~top.all(), product[-1]

    def _lanes(self, m, valid, flipping, common):
        """Return the flips of a row of accumulators, two cycles after it; write the new ones."""
        size, op = self.size, self.op
        flips = Signal(size.elements)
        self._left = data_register(accumulators_layout(size))  # in the accumulators
        m.d.comb += self.result.eq(self._left)
        late = through(size) - 2
        added = delay(m, valid, late)
        for lane in range(size.elements):
            value = data_register(signed(size.accumulator_bits), name=f"value{lane}")
            before = Signal(signed(size.accumulator_bits), name=f"before{lane}")
            change, over, negative = common[lane]  # as new ones are made of both
            m.d.comb += before.eq(
                data_delay(m, decayed(self.accumulators[lane], op.decay)[: len(before)], late)
            )
            total, low = before + (change >> 1) + change[0], size.accumulator_bits - 1
            least = Cat((~negative).replicate(low), negative).as_signed()
            with m.If(added):
                m.d.sync += value.eq(Mux(over, least, clamped(total, size)))
            weight = self.turner.block[lane]
            m.d.comb += flips[lane].eq(flip_of(m, value, weight, op.theta))
            with m.If(flipping):
                m.d.sync += self._left[lane].eq(Mux(flips[lane], 0, value))
        return flips

    def _rotate(self, m, flipping, flips):
        """Shift a block through the turner; return when its last word has come by."""
        p = self.size.elements
        number, filling = Signal(range(p)), Signal()
        at_end = Signal(init=p == 1)  # the word is the last one; with two ports known before
        words = Signal.like(self.op.outputs)  # outputs that are left of the input group
        last = words == 1
        shift, full = flipping | filling, Signal()
        m.d.comb += full.eq(shift & at_end)
        with m.If(shift):
            m.d.sync += number.eq(Mux(at_end, 0, number + 1))
            if self.size.dual_port:
                m.d.sync += at_end.eq(Mux(at_end, p == 1, number == p - 2))
        if not self.size.dual_port:
            m.d.comb += at_end.eq(number == p - 1)
        with m.If(flipping):
            m.d.sync += words.eq(Mux(last, self.op.outputs, words - 1))
            with m.If(last):  # words of outputs that are not there follow
                m.d.sync += filling.eq(~full)
        with m.If(full):
            m.d.sync += filling.eq(0)
        with m.If(self.start):
            m.d.sync += words.eq(self.op.outputs)
        word = self.turner.block[:p]
        m.d.comb += [
            self.turner.shift.eq(shift),
            self.turner.word_in.eq(word ^ (flips & flipping.replicate(p))),
        ]
        return full

    def _load(self, m, places, full):
        """Load block after block; return where the one in the turner is, and whether it is last."""
        size = self.size
        p, late = size.elements, size.read_latency
        row, granule = Signal(FIELD_BITS), Signal.like(places.granule)
        turned_row, turned_granule = Signal(FIELD_BITS), Signal.like(places.granule)
        of_all, of_last, goes_on = Signal(), Signal(), Signal(init=1)  # goes_on: without ``load``
        follows = full & goes_on
        if not size.dual_port:  # the row may be the one that is being stored
            follows = delay(m, follows, 2)
        fetch = follows | self.load
        loads = delay(m, fetch, late)
        words = [self.weights.row.word_select(e, size.lanes) for e in range(p)]
        block = Cat(word.word_select(places.granule, p) for word in words)
        m.d.comb += [
            self.follows.eq(follows),
            self.weights.valid.eq(fetch),
            self.weights.addr.eq(places.row),
            places.next.eq(loads),
            self.turner.load.eq(loads),
            self.turner.block_in.eq(block),
        ]
        stored = row, granule, turned_row, turned_granule, of_last
        with m.If(loads):
            m.d.sync += [
                row.eq(places.row),
                granule.eq(places.granule),
                turned_row.eq(places.turned_row),
                turned_granule.eq(places.turned_granule),
                of_last.eq(places.of_last_group),
                of_all.eq(places.of_all),
                goes_on.eq(~places.of_all & (self.loads | ~places.of_group)),
            ]
        comes = loads
        if size.dual_port:  # outputs may go ahead of their block
            comes = Signal()
            with m.If(loads):
                m.d.sync += comes.eq(0)
            with m.If(self.start | full):
                m.d.sync += comes.eq(1)
        m.d.comb += self.of_all.eq(Mux(comes, places.of_all, of_all))
        return stored, of_all

    def _store(self, m, full, place):
        """Store a block in its planes; return when that is over, and when sums are cleared."""
        row, granule, turned_row, turned_granule, of_last = place
        p, turned = self.size.elements, self.op.turned != 0
        straight = delay(m, full, 1)
        other = delay(m, straight & turned, 1)
        block = self.turner.block
        m.d.comb += [
            self.blocks.valid.eq(straight | other),
            self.blocks.addr.eq(Mux(straight, row, turned_row)),
            self.blocks.granule.eq(Mux(straight, granule, turned_granule)),
            self.blocks.block.eq(Mux(straight, block, transposed(block, p))),
        ]
        # With two ports both kinds take as long: a row of weights comes no sooner.
        stored = delay(m, straight, 1) if self.size.dual_port else other | straight & ~turned
        return stored, straight & of_last & self.op.clears

    def _count(self, m, flipping, flips, cleared, ends):
        """Add up the flips, and clear the sums of deltas of each group of outputs at the end."""
        op, p = self.op, self.size.elements
        total, more, row = Signal(COUNTER_BITS), Signal(range(p + 1)), Signal(FIELD_BITS)
        m.d.sync += more.eq(sum(delay(m, flips & flipping.replicate(p), 1)))
        with m.If(self._counted):
            m.d.sync += total.eq(self.counters.row.word_select(1, COUNTER_BITS))
        with m.Else():
            m.d.sync += total.eq(total + more)
        with m.If(cleared):
            m.d.sync += row.eq(row + 1)
        with m.If(self.start):
            m.d.sync += row.eq(op.balance_row)
        writes = delay(m, ends, 2)
        zeros = Const(0, COUNTER_BITS)
        m.d.comb += [
            self.counter_write.valid.eq(Mux(writes, 2, cleared.replicate(p))),
            self.counter_write.addr.eq(Mux(writes, op.counter_row, row)),
            self.counter_write.row.eq(Cat(zeros, Mux(writes, total, 0))),
            self.done.eq(writes),
        ]
