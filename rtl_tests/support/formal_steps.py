"""Votes that accumulators take against their specification."""

from amaranth.hdl import Assert, Assume, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from support.formal_rule import clamped, decayed, exact, stay

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.steps import MOST, accumulators_layout, row_sums_layout, steps_latency
from boldhw.spec.geometry import FIELD_BITS


class StepsProof(wiring.Component):
    """Assert that each lane does ``m <- clamp(m - (m decay >> 16) + ((u - q) >> r))``.

    For any sums and accumulators in any order, with gaps or without, and any decay: the latency
    later the accumulator is the exact value, cut off at the limits, and it stays until the next
    one, also through a reset. A lane that does not vote has a vote of 0, and still rounds; sums
    that are doubled are twice the votes.
    """

    def __init__(self, unit):
        self.unit, size = unit, unit.size
        self.constants = {
            "lanes": In(size.elements),
            "doubled": In(1),
            "rounding": In(range(MOST + 1)),
            "offset": In(MOST),
            "decay": In(FIELD_BITS),
        }
        super().__init__({
            "valid": In(1),
            "sums": In(row_sums_layout(size)),
            "accumulators": In(accumulators_layout(size)),
            **self.constants,
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self.unit
        started = stay(m, *(getattr(self, name) for name in self.constants))
        for name in self.signature.members:
            m.d.comb += getattr(unit, name).eq(getattr(self, name))
        m.d.comb += [
            Assume(started | ~self.valid),  # what is dropped is there a cycle before
            Assume((1 << self.rounding) > self.offset),
            Assume(self.rounding <= MOST),
            Assert(unit.done == delay(m, self.valid, steps_latency(unit.size))),
        ]
        for lane in range(unit.size.elements):
            self._check_lane(m, lane)
        return m

    def _check_lane(self, m, lane):
        unit, last = self.unit, self.sums[lane]
        vote = Signal.like(last, name=f"vote{lane}")
        m.d.comb += [
            vote.eq(Mux(self.lanes[lane], Mux(self.doubled, last >> 1, last), 0)),
            Assume(~(self.doubled & last[0])),
        ]
        step = self.offset - vote >> self.rounding
        value = exact(m, decayed(self.accumulators[lane], self.decay) + step, f"exact{lane}")
        after = Signal(unit.result[lane].shape(), name=f"after{lane}")
        m.d.comb += after.eq(clamped(m, value, unit.size.accumulator_bits, f"clamped{lane}"))
        # No reset reaches the accumulators: they stay as they are.
        expected = Signal.like(after, name=f"expected{lane}", reset_less=True)
        before = Signal.like(after)
        late = steps_latency(unit.size) - 1
        m.d.comb += before.eq(delay(m, after, late))
        with m.If(delay(m, self.valid, late)):
            m.d.sync += expected.eq(before)
        m.d.comb += Assert(unit.result[lane] == expected)
