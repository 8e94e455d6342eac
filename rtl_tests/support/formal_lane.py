"""The lane that changes one accumulator a cycle against its specification."""

from amaranth.hdl import Assert, Assume, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from support.formal_rule import clamped, contradicts, decayed, exact, stay

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.ports import COUNTER_BITS
from boldhw.spec.geometry import FIELD_BITS


class LaneProof(wiring.Component):
    """Assert that a lane does ``m <- clamp(m - (m decay >> 16) + (a b >> 8 + drops))`` and flips.

    For one b, any accumulators, factors a and weights, and any decay, drops and theta: two cycles
    later the accumulator is the exact value, cut off at the limits. If weights flip, it does so if
    and only if ``m * e(w) <= -theta``, and the accumulator is 0 then.
    """

    def __init__(self, unit, other):
        self.unit, self.other = unit, other
        self.constants = {
            "decay": In(FIELD_BITS),
            "drops": In(range(9)),
            "rounds": In(1),
            "theta": In(FIELD_BITS),
        }
        super().__init__({
            "accumulator": In(signed(unit.bits)),
            "factor": In(signed(COUNTER_BITS)),
            "flips": In(1),
            "weight": In(1),
            **self.constants,
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self.unit
        started = stay(m, *(getattr(self, name) for name in self.constants))
        for name in self.signature.members:
            m.d.comb += getattr(unit, name).eq(getattr(self, name))
        m.d.comb += [
            Assume(self.drops <= 8),
            Assume(self.theta >= 1),
            unit.other.eq(self.other),
        ]
        product = self.factor * self.other
        half = Mux(self.rounds, 128 << self.drops, 0)
        change = product + half >> self.drops + 8
        value = exact(m, decayed(self.accumulator, self.decay) + change, "exact")
        limited = Signal(signed(unit.bits))
        m.d.comb += limited.eq(clamped(m, value, unit.bits, "clamped"))
        after = delay(m, limited, 2)
        flip = self.flips & contradicts(after, self.weight, self.theta)
        with m.If(delay(m, delay(m, started, 1), 1)):
            m.d.comb += [
                Assert(unit.flipped == flip),
                Assert(unit.result == Mux(flip, 0, after)),
            ]
        return m
