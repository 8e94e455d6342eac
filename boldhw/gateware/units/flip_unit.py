"""The weight-flip unit: P lanes that add votes to accumulators and flip weights."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.spec.engine import MAX_ROUNDING, NOISE_BITS


def vote_shape(config):
    """Shape of one vote, -K..K."""
    return signed(config.batch.bit_length() + 1)


class FlipUnit(wiring.Component):
    """Add a vote to each of P accumulators and flip the weights whose accumulator calls for it.

    ``m <- clamp(m - q)``, with decay before and stochastic rounding where the engine has them; the
    weight flips and its accumulator restarts at 0 when ``m * e(w) <= -theta``. The trick: where the
    weight is T the sum is complemented, and one comparison with theta serves both weights.

    Golden model: :func:`boldhw.golden.rule.accumulate` and ``flip`` (paper, eq. 9-11), ``decay``
    and ``stochastic_round``.

    Parameters
    ----------
    config : EngineConfig
        Of an engine that trains; gives ``elements``, ``batch``, ``accumulator_bits``,
        ``stochastic`` and ``decay``.

    Members
    -------
    votes : In(data.ArrayLayout(vote_shape(config), config.elements))
        One signed vote per lane, -K..K.
    accumulators : In(data.ArrayLayout(signed(config.accumulator_bits), config.elements))
        Accumulators before the update.
    weights : In(config.elements)
        Weights before the update, 1 for T; one cycle after the other inputs.
    theta : In(config.accumulator_bits)
        Threshold of a flip, 1 and up, constant for a layer; above ``2 ** (accumulator_bits - 1)``
        nothing flips.
    rounding : In(range(MAX_ROUNDING + 1))
        Votes are divided by ``2 ** rounding``; only in a stochastic engine.
    draws : In(NOISE_BITS * config.elements)
        Random bits, whose low ones round the lane's vote; only in a stochastic engine.
    decay : In(16)
        Accumulators lose ``(m * decay) >> 16`` first; only in an engine with decay.
    new_accumulators : Out(data.ArrayLayout(signed(config.accumulator_bits), config.elements))
        Accumulators after the update; combinational from registers and ``weights``.
    flips : Out(config.elements), combinational
        Weights that change; from registers and ``weights``.

    Latency
    -------
    1 cycle, P accumulators per cycle. Two groups of lanes a and b::

        cycle                       0     1     2
        votes, accumulators, ..     a     b
        weights                           a     b
        new_accumulators, flips           a     b
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
            "flips": Out(p),
        }
        if config.stochastic:
            members |= {"rounding": In(range(MAX_ROUNDING + 1)), "draws": In(NOISE_BITS * p)}
        if config.decay:
            members |= {"decay": In(16)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        half = 1 << self.config.accumulator_bits - 1
        below, within = Signal(self.config.accumulator_bits), Signal(2)
        m.d.sync += [
            below.eq(self.theta - 1),
            # Whether an accumulator can reach theta at all: for a weight of F, of T.
            within.eq(Cat(self.theta < half, self.theta <= half)),
        ]
        for lane in range(self.config.elements):
            self._lane(m, lane, below, within)
        return m

    def _lane(self, m, lane, below, within):
        """Compute one lane from the new accumulator, complemented where the weight is T."""
        weight, flips = self.weights[lane], self.flips[lane]
        value = self._decayed(lane) - self._vote(m, lane)
        value = delay(m, value, 1)
        pull = Signal(value.shape(), name=f"pull{lane}")
        m.d.comb += pull.eq(value ^ weight.replicate(len(value)).as_signed())
        reached = self._reached(pull, weight, below)
        m.d.comb += flips.eq(reached & Mux(weight, within[1], within[0]))
        m.d.comb += self.new_accumulators[lane].eq(self._clamped(m, pull, weight, flips, lane))

    def _reached(self, pull, weight, below):
        """Return a condition: the accumulator is -theta or less for a T, theta or more for an F.

        The complement of a value is one less than its negative; twice each leaves room for that.
        """
        return ~pull[-1] & (Cat(weight, pull[:-1]) >= Cat(1, below))

    def _clamped(self, m, pull, weight, flips, lane):
        """Return the accumulator: 0 after a flip, else complemented back and clamped."""
        low = self.config.accumulator_bits - 1
        top, negative = pull[low:], pull[-1] ^ weight
        beyond = top.any() & ~top.all()
        keep, fill, sign = (Signal(name=f"{name}{lane}") for name in ("keep", "fill", "sign"))
        m.d.comb += [
            keep.eq(~flips & ~beyond),
            fill.eq(~flips & Mux(beyond, ~negative, weight)),
            sign.eq(~flips & negative),
        ]
        return Cat((pull[:low] & keep.replicate(low)) ^ fill.replicate(low), sign).as_signed()

    def _decayed(self, lane):
        accumulator = self.accumulators[lane]
        if not self.config.decay:
            return accumulator
        return accumulator - ((accumulator * self.decay) >> 16)

    def _vote(self, m, lane):
        """Return the rounded vote, minus ``(-q + u) >> r`` with u the low r bits of the draw."""
        if not self.config.stochastic:
            return self.votes[lane]
        step = Signal(vote_shape(self.config), name=f"step{lane}")
        draw = self.draws.word_select(lane, NOISE_BITS)
        with m.Switch(self.rounding):
            for r in range(MAX_ROUNDING + 1):
                with m.Case(r):
                    m.d.comb += step.eq(-((draw[:r] - self.votes[lane]) >> r))
        return step
