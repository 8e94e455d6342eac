"""One accumulator a cycle: a step, saturation, and whether its weight flips."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ops.lane import flip_of
from boldhw.gateware.ops.ports import SUM_BITS
from boldhw.gateware.ops.steps import MOST, clamped
from boldhw.spec.geometry import FIELD_BITS


class PlainLane(wiring.Component):
    """Change an accumulator: ``m <- clamp(m + (v >> drops))``. Nothing decays, no mean is added.

    Golden model: :func:`boldhw.golden.ops.vote.run`, and :func:`boldhw.golden.ops.flip.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``accumulator_bits`` (A).

    Members
    -------
    accumulator : In(signed(size.accumulator_bits))
        m.
    vote : In(signed(SUM_BITS + 1))
        v.
    votes : In(1)
        There is a vote, else v is 0.
    drops : In(range(MOST + 2))
        Bits that are dropped from v.
    flips : In(1)
        A weight may flip; its accumulator becomes 0 then.
    theta : In(FIELD_BITS)
        Votes that flip a weight, 1 and up; constant, with all results.
    weight : In(1)
        The weight, with the result.
    result : Out(signed(size.accumulator_bits)), combinational
        The new accumulator.
    flipped : Out(1), combinational
        The weight flips.

    Latency
    -------
    2 cycles from m and v to the result; one accumulator a cycle.
    """

    def __init__(self, size):
        self.size, bits = size, size.accumulator_bits
        super().__init__({
            "accumulator": In(signed(bits)),
            "vote": In(signed(SUM_BITS + 1)),
            "votes": In(1),
            "drops": In(range(MOST + 2)),
            "flips": In(1),
            "theta": In(FIELD_BITS),
            "weight": In(1),
            "result": Out(signed(bits)),
            "flipped": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        before, value = (Signal(signed(self.size.accumulator_bits)) for _ in range(2))
        step = Signal(signed(self.size.sum_bits + 2))
        m.d.sync += [
            step.eq(Mux(self.votes, self.vote >> self.drops, 0)),
            before.eq(self.accumulator),
            value.eq(clamped(before + step, self.size)),
        ]
        m.d.comb += self.flipped.eq(self.flips & flip_of(m, value, self.weight, self.theta))
        m.d.comb += self.result.eq(Mux(self.flipped, 0, value))
        return m
