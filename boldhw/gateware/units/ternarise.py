"""Turn backward sums into three-valued signals."""

from amaranth.hdl import Cat, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.units.magnitude import limit_shape
from boldhw.spec.engine import NOISE_BITS


class Ternarise(wiring.Component):
    """Keep the sign of sums that pass gate and dead zone; the rest become 0. No latency.

    With ``noise`` = 0 the dead zone is fixed; with ``dead`` = 0 and ``noise`` = 2^n - 1 the signal
    is an unbiased one-plane estimate of ``sum / 2^n``.

    Golden model: :func:`boldhw.golden.rule.ternarise`.

    Members
    -------
    dead, noise : a signal needs ``abs(sum) > dead + (draw & noise)``.
    draws : NOISE_BITS random bits per lane (with ``noise`` only in a stochastic engine).
    limits : P sums of dead zone and noise, for :class:`boldhw.gateware.units.magnitude.Magnitude`.
    sums : P signed sums.
    gate, far : P bits each; ``far`` says that the sum is beyond its limit.
    signs, masks : P bits each; a sign is meaningful where its mask is 1.
    """

    def __init__(self, config):
        self.config = config
        p = config.elements
        members = {
            "dead": In(limit_shape(config)),
            "limits": Out(data.ArrayLayout(limit_shape(config), p)),
            "sums": In(data.ArrayLayout(sum_shape(config), p)),
            "gate": In(p),
            "far": In(p),
            "signs": Out(p),
            "masks": Out(p),
        }
        if config.stochastic:
            members |= {"noise": In(NOISE_BITS), "draws": In(NOISE_BITS * p)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        for lane in range(self.config.elements):
            m.d.comb += self.limits[lane].eq(self._limit(lane))
        m.d.comb += [
            self.signs.eq(Cat(total >= 0 for total in self.sums)),
            self.masks.eq(self.gate & self.far),
        ]
        return m

    def _limit(self, lane):
        """Return dead zone plus noise, or the largest limit where that would not fit."""
        if not self.config.stochastic:
            return self.dead
        limit = self.dead + (self.draws.word_select(lane, NOISE_BITS) & self.noise)
        overflow = limit[limit_shape(self.config) :].any()
        return limit | overflow.replicate(limit_shape(self.config))
