"""Turn backward sums into three-valued signals."""

from amaranth.hdl import Cat, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.config import NOISE_BITS
from boldhw.gateware.array import sum_shape


class Ternarise(wiring.Component):
    """Keep the sign of sums that pass gate and dead zone; the rest become 0. No latency.

    With ``noise`` = 0 the dead zone is fixed; with ``dead`` = 0 and ``noise`` = 2^n - 1 the signal
    is an unbiased one-plane estimate of ``sum / 2^n``.

    Golden model: :func:`boldhw.golden.rule.ternarise`.

    Members
    -------
    sums : P signed sums.
    gate : P bits.
    dead, noise : a signal needs ``abs(sum) > dead + (draw & noise)``.
    draws : NOISE_BITS random bits per lane (only in a stochastic engine).
    signs, masks : P bits each; a sign is meaningful where its mask is 1.
    """

    def __init__(self, config):
        self.config = config
        p = config.elements
        members = {
            "sums": In(data.ArrayLayout(sum_shape(config), p)),
            "gate": In(p),
            "dead": In(sum_shape(config).width - 1),
            "signs": Out(p),
            "masks": Out(p),
        }
        if config.stochastic:
            members |= {"noise": In(NOISE_BITS), "draws": In(NOISE_BITS * p)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        signs, masks = [], []
        for lane in range(self.config.elements):
            total, limit = self.sums[lane], self._limit(lane)
            signs.append(total >= 0)
            masks.append(self.gate[lane] & ((total > limit) | (-total > limit)))
        m.d.comb += [self.signs.eq(Cat(signs)), self.masks.eq(Cat(masks))]
        return m

    def _limit(self, lane):
        if not self.config.stochastic:
            return self.dead
        return self.dead + (self.draws.word_select(lane, NOISE_BITS) & self.noise)
