"""The weight-flip unit: P lanes that add votes to accumulators and flip weights."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.config import NOISE_BITS

ROUNDING_MAX = 3


def vote_shape(config):
    """Shape of one vote, -K..K."""
    return signed(config.batch.bit_length() + 1)


class FlipUnit(wiring.Component):
    """Add a vote to each of P accumulators and flip the weights whose accumulator calls for it.

    ``m <- clamp(m - q)``, with decay before and stochastic rounding where the engine has them; the
    weight flips and its accumulator restarts at 0 when ``m * e(w) <= -theta``. No latency.

    Golden model: :func:`boldhw.golden.rule.accumulate` and ``flip`` (paper, eq. 9-11).

    Members
    -------
    votes : P signed votes.
    accumulators : P signed accumulators of A bits.
    weights : P bits.
    theta : 1 and up; above ``2 ** (A - 1)`` nothing flips.
    rounding, draws : votes are divided by ``2 ** rounding``, rounded by the lane's random bits.
    decay : accumulators lose ``(m * decay) >> 16`` first.
    new_accumulators, new_weights : the state after the update.
    flips : P bits, the weights that changed.
    """

    def __init__(self, config):
        self.config = config
        p, a = config.elements, config.accumulator_bits
        members = {
            "votes": In(data.ArrayLayout(vote_shape(config), p)),
            "accumulators": In(data.ArrayLayout(signed(a), p)),
            "weights": In(p),
            "theta": In(a),
            "new_accumulators": Out(data.ArrayLayout(signed(a), p)),
            "new_weights": Out(p),
            "flips": Out(p),
        }
        if config.stochastic:
            members |= {"rounding": In(range(ROUNDING_MAX + 1)), "draws": In(NOISE_BITS * p)}
        if config.decay:
            members |= {"decay": In(16)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        below = Signal(self.config.accumulator_bits)
        m.d.comb += below.eq(self.theta - 1)
        for lane in range(self.config.elements):
            total = self._clamped(m, self._decayed(lane) - self._vote(m, lane), lane)
            m.d.comb += [
                self.flips[lane].eq(self._reached(m, total, below, lane)),
                self.new_accumulators[lane].eq(Mux(self.flips[lane], 0, total)),
            ]
        m.d.comb += self.new_weights.eq(self.weights ^ self.flips)
        return m

    def _decayed(self, lane):
        accumulator = self.accumulators[lane]
        if not self.config.decay:
            return accumulator
        return accumulator - ((accumulator * self.decay) >> 16)

    def _reached(self, m, total, below, lane):
        """Say whether the accumulator fell to -theta for a weight of T, rose to theta for F.

        For T it is the complement, one less than the negative, that must exceed ``below``, which is
        theta - 1; twice each value leaves room for the difference.
        """
        weight, width = self.weights[lane], self.config.accumulator_bits
        pull = Signal(signed(width), name=f"pull{lane}")
        m.d.comb += pull.eq(total ^ weight.replicate(width).as_signed())
        return Cat(weight, pull).as_signed() >= Cat(1, below)

    def _vote(self, m, lane):
        """Return the rounded vote, minus ``(-q + u) >> r`` with u the low r bits of the draw."""
        if not self.config.stochastic:
            return self.votes[lane]
        step = Signal(vote_shape(self.config), name=f"step{lane}")
        draw = self.draws.word_select(lane, NOISE_BITS)
        with m.Switch(self.rounding):
            for r in range(ROUNDING_MAX + 1):
                with m.Case(r):
                    m.d.comb += step.eq(-((draw[:r] - self.votes[lane]) >> r))
        return step

    def _clamped(self, m, value, lane):
        width = self.config.accumulator_bits
        total = Signal(signed(width), name=f"total{lane}")
        wide = Signal(value.shape(), name=f"wide{lane}")
        top = wide[width - 1 :]
        m.d.comb += [wide.eq(value), total.eq(wide)]
        # Beyond the range the bits from the sign bit up differ; the largest and the smallest value
        # are the inverted sign in all bits but the sign itself.
        with m.If(top.any() & ~top.all()):
            m.d.comb += total.eq(Cat((~wide[-1]).replicate(width - 1), wide[-1]))
        return total
