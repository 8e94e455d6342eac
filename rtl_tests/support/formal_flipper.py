"""The decision of the flipper against its specification: which weights flip, and what is left."""

from amaranth.hdl import Assert, Assume, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from support.formal_rule import clamped, contradicts, decayed, exact, stay

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.flipper import lead, through
from boldhw.gateware.ops.ports import COUNTER_BITS, op_layout
from boldhw.gateware.ops.steps import accumulators_layout
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Flip


class FlipperProof(wiring.Component):
    """Assert that a weight flips if and only if ``m * e(w) <= -theta``, and that m is 0 then.

    For any FLIP, accumulators, weights and sums of deltas in any order, and one mean of all inputs:
    m is the accumulator less what decays and, of a balanced one, plus the mean times the sum, cut
    off at the limits. The new word of the block is the old one with these flips; the new
    accumulator stays until the next one.
    """

    def __init__(self, unit, mean):
        self.unit, self.mean, size = unit, Const(mean, FIELD_BITS), unit.size
        super().__init__({
            "soon": In(1),
            "start": In(1),
            "op": In(op_layout(Flip)),
            "accumulators": In(accumulators_layout(size)),
            "balance": In(signed(COUNTER_BITS)),
            "block": In(size.elements**2),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self.unit
        stay(m, self.op.as_value())
        late, p = unit.size.read_latency, unit.size.elements
        m.d.comb += [
            Assume(self.op.theta >= 1),
            unit.soon.eq(self.soon),
            unit.start.eq(self.start),
            unit.op.eq(self.op),
            unit.accumulators.eq(self.accumulators),
            unit.turner.block.eq(self.block),
            unit.counters.row.eq(self.balance.replicate(p)),
            unit.units.row.eq(Cat(self.mean, Const(0, FIELD_BITS)).replicate(p)),
        ]
        there = delay(m, self.soon, late)
        drops = self.op.rounding + 8
        product = self.balance * self.mean + (128 << self.op.rounding) >> drops
        added = Signal(signed(COUNTER_BITS + FIELD_BITS))
        m.d.comb += added.eq(Mux(there & self.op.balanced, product, 0))
        common = delay(m, added, lead(unit.size))
        flipping = delay(m, there, lead(unit.size) + through(unit.size) - 1)
        for lane in range(p):
            self._check_lane(m, lane, common, flipping)
        return m

    def _check_lane(self, m, lane, common, flipping):
        unit = self.unit
        bits = unit.size.accumulator_bits
        value = decayed(self.accumulators[lane], self.op.decay) + common
        limited = clamped(m, exact(m, value, f"exact{lane}"), bits, f"clamped{lane}")
        new = Signal(signed(bits), name=f"new{lane}")
        # No reset reaches the accumulators: they stay as they are.
        expected = Signal(signed(bits), name=f"left{lane}", reset_less=True)
        m.d.comb += new.eq(limited)
        after = delay(m, new, through(unit.size) - 1)
        weight = self.block[lane]
        flip = flipping & contradicts(after, weight, self.op.theta)
        with m.If(flipping):
            m.d.sync += expected.eq(Mux(flip, 0, after))
        m.d.comb += [
            Assert(unit.turner.word_in[lane] == weight ^ flip),
            Assert(unit.result[lane] == expected),
        ]
