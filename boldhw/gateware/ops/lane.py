"""One accumulator a cycle: decay, a step or a mean, saturation, and whether its weight flips."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ops.ports import COUNTER_BITS
from boldhw.gateware.ops.steps import change_of
from boldhw.spec.geometry import FIELD_BITS

FACTOR = 1 << 8  # of what is added, in the fixed point of products


class Lane(wiring.Component):
    """Change an accumulator: ``m <- clamp(m - (m decay >> 16) + (a b >> 8 + drops))``.

    VOTE and FLIP are both that: a vote times 256, or the sum of an output's deltas times the mean
    of an input. There are three multipliers of 16 x 16 bits.

    Golden model: :func:`boldhw.golden.ops.vote.run`, and :func:`boldhw.golden.ops.flip.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``accumulator_bits`` (A).

    Members
    -------
    accumulator : In(signed(size.accumulator_bits))
        m.
    decay : In(FIELD_BITS)
        Share that decays, 1/65536.
    factor : In(signed(COUNTER_BITS))
        a.
    other : In(signed(FIELD_BITS))
        b.
    drops : In(range(9))
        Bits that are dropped from a b, besides 8. As the members that follow it must hold until
        the result is there.
    rounds : In(1)
        Half of what is dropped is added before.
    flips : In(1)
        A weight may flip; its accumulator becomes 0 then.
    theta : In(FIELD_BITS)
        Votes that flip a weight, 1 and up.
    weight : In(1)
        The weight, with the result.
    result : Out(signed(size.accumulator_bits)), combinational
        The new accumulator.
    flipped : Out(1), combinational
        The weight flips.

    Latency
    -------
    2 cycles from m, a and b to the result; one accumulator a cycle.
    """

    def __init__(self, size):
        self.bits = size.accumulator_bits
        super().__init__({
            "accumulator": In(signed(self.bits)),
            "decay": In(FIELD_BITS),
            "factor": In(signed(COUNTER_BITS)),
            "other": In(signed(FIELD_BITS)),
            "drops": In(range(9)),
            "rounds": In(1),
            "flips": In(1),
            "theta": In(FIELD_BITS),
            "weight": In(1),
            "result": Out(signed(self.bits)),
            "flipped": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        before = self._decayed(m)
        change, beyond, negative = self._change(m)
        value = self._sum(m, before, change, beyond, negative)
        m.d.comb += [
            self.flipped.eq(self.flips & flip_of(m, value, self.weight, self.theta)),
            self.result.eq(Mux(self.flipped, 0, value)),
        ]
        return m

    def _decayed(self, m):
        """Return the accumulator less what decays, two cycles later."""
        share = Signal(signed(self.bits + FIELD_BITS))
        before, rest = (Signal(signed(self.bits)) for _ in range(2))
        # A share of one half and more is one less, as a signed factor; m is taken out once more.
        half = self.decay[-1].replicate(self.bits)
        m.d.sync += [
            share.eq(self.accumulator * self.decay.as_signed()),
            rest.eq((self.accumulator & ~half).as_signed()),
            before.eq(rest - share[FIELD_BITS:].as_signed()),
        ]
        return before

    def _change(self, m):
        """Return a b >> 7 + drops, as far as a sum with it may not saturate; else its sign."""
        low, high = self.factor[:FIELD_BITS].as_signed(), self.factor[FIELD_BITS:].as_signed()
        # The lower half has a sign. Where the upper one has no bit left to make up for it, the sum
        # saturates anyway, unless accumulators have 16 bits.
        wide = self.bits == FIELD_BITS
        carry = low[-1] & (wide | (high != (1 << FIELD_BITS - 1) - 1))
        upper = Signal(signed(FIELD_BITS + wide))
        lows, highs = Signal(signed(2 * FIELD_BITS)), Signal(signed(2 * FIELD_BITS + wide))
        m.d.comb += upper.eq(high + carry)
        m.d.sync += [lows.eq(low * self.other), highs.eq(upper * self.other)]
        product = Signal(signed(3 * FIELD_BITS + 1))
        m.d.comb += product.eq(Cat(lows[:FIELD_BITS], highs + (lows >> FIELD_BITS)).as_signed())
        return change_of(m, product, 7, 8, self.drops, self.bits)

    def _sum(self, m, before, change, beyond, negative):
        """Return the new accumulator, clamped."""
        total, value = Signal(signed(self.bits + 2)), Signal(signed(self.bits))
        rounds = change[0] & self.rounds
        m.d.comb += total.eq(before + (change >> 1) + rounds)
        top = total[self.bits - 1 :]
        over = beyond | top.any() & ~top.all()
        sign = Mux(beyond, negative, total[-1])
        low = self.bits - 1
        m.d.comb += value.eq(Cat(Mux(over, (~sign).replicate(low), total[:low]), sign))
        return value


def flip_of(m, value, weight, theta):
    """Return whether an accumulator flips its weight. theta: constant, one cycle before too."""
    bits = len(value)
    below = Signal(bits + 1)
    # A theta beyond all accumulators flips nothing.
    m.d.sync += below.eq(2 * theta[:bits] - 1)
    far = theta[bits:].any() if bits < FIELD_BITS else 0
    # For a T complemented, which is one less than the negative.
    pull = value ^ weight.replicate(bits).as_signed()
    return (Cat(weight, pull).as_signed() >= below) & ~far
