"""The flip unit against its specification, with the accumulators and weights it works on."""

from amaranth.hdl import Assert, Assume, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from support.formal_rule import contradicts

from boldhw.gateware.units.flip_unit import vote_shape


class FlipUnitProof(wiring.Component):
    """Assert that each lane does ``m <- clamp(m - q)`` and flips its weight as it should.

    In all states that are reached with one theta of 1 and up, from accumulators of 0: the next
    accumulator is the exact difference, cut off at the limits; the weight flips if and only if
    ``m * e(w) <= -theta``, and the accumulator is 0 then; and so no accumulator ever rests where
    its weight should have flipped.
    """

    def __init__(self, unit):
        self.unit = unit
        config = unit.config
        self.limit = 1 << (config.accumulator_bits - 1)
        super().__init__(
            {
                "votes": In(vote_shape(config)).array(config.elements),
                "weights": In(config.elements),
                "theta": In(config.accumulator_bits),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self.unit
        started, theta = Signal(), Signal.like(self.theta)
        weights = Signal.like(self.weights)
        m.d.sync += [started.eq(1), theta.eq(self.theta)]
        m.d.sync += weights.eq(Mux(started, weights ^ unit.flips, self.weights))
        m.d.comb += [
            Assume(self.theta >= 1),
            Assume(~started | (theta == self.theta)),
            unit.theta.eq(self.theta),
            unit.weights.eq(weights),
        ]
        with m.If(started):
            for lane, vote in enumerate(self.votes):
                m.d.comb += unit.votes[lane].eq(vote)
                self._check_lane(m, lane, weights[lane])
        return m

    def _check_lane(self, m, lane, weight):
        unit, shape = self.unit, signed(self.unit.config.accumulator_bits)
        accumulator = Signal(shape, name=f"accumulator{lane}")
        m.d.comb += accumulator.eq(unit.new_accumulators[lane])
        m.d.comb += unit.accumulators[lane].eq(accumulator)

        # What comes out of the unit is a cycle behind the accumulators and votes that go in.
        exact = Signal(signed(24), name=f"exact{lane}")
        clamped = Signal(signed(24), name=f"clamped{lane}")
        m.d.sync += exact.eq(accumulator - unit.votes[lane])
        m.d.comb += clamped.eq(exact)
        with m.If(exact >= self.limit):
            m.d.comb += clamped.eq(self.limit - 1)
        with m.If(exact < -self.limit):
            m.d.comb += clamped.eq(-self.limit)
        flip = contradicts(clamped, weight, self.theta)
        m.d.comb += [
            Assert(unit.flips[lane] == flip),
            Assert(unit.new_accumulators[lane] == Mux(flip, 0, clamped)),
            Assert(~contradicts(accumulator, weight ^ unit.flips[lane], self.theta)),
        ]
