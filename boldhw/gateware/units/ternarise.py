"""Turn backward sums into three-valued signals."""

from amaranth.hdl import Cat, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.units.magnitude import limit_shape
from boldhw.spec.engine import NOISE_BITS


class TernarisePort(Signature):
    """Three-valued signals from sums. Members are those of the backward pass.

    Members
    -------
    dead, noise : Out(limit_shape), Out(8)
        A signal needs ``abs(sum) > dead + (draw & noise)``; without ``stochastic`` ``abs(sum) >
        dead``.
    signs, masks : In(elements), combinational
        A sign is meaningful where its mask is 1.
    """

    def __init__(self, config):
        super().__init__({
            "dead": Out(limit_shape(config)),
            "noise": Out(NOISE_BITS),
            "signs": In(config.elements),
            "masks": In(config.elements),
        })  # fmt: skip


class Ternarise(wiring.Component):
    """Keep the sign of sums that pass gate and dead zone; the rest become 0.

    With ``noise`` = 0 the dead zone is fixed; with ``dead`` = 0 and ``noise`` = 2^n - 1 the signal
    is an unbiased one-plane estimate of ``sum / 2^n``. The comparison itself is that of
    :class:`boldhw.gateware.units.magnitude.Magnitude`, which gets the limits from here.

    Golden model: :func:`boldhw.golden.rule.ternarise`.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements``, ``sum_bits`` and ``stochastic``.

    Members
    -------
    request : In(TernarisePort(config))
        Dead zone and noise of the layer; its signs and masks are combinational.
    draws : In(NOISE_BITS * config.elements)
        Random bits of each lane; only in a stochastic engine.
    limits : Out(data.ArrayLayout(limit_shape(config), config.elements)), combinational
        Dead zone and noise of each lane.
    sums : In(data.ArrayLayout(sum_shape(config), config.elements))
        One signed sum per lane.
    gate : In(config.elements)
        The gate of the unit is open.
    far : In(config.elements)
        Its sum is beyond its limit.

    Latency
    -------
    None: combinational.
    """

    def __init__(self, config):
        self.config = config
        p = config.elements
        members = {
            "request": In(TernarisePort(config)),
            "limits": Out(data.ArrayLayout(limit_shape(config), p)),
            "sums": In(data.ArrayLayout(sum_shape(config), p)),
            "gate": In(p),
            "far": In(p),
        }
        if config.stochastic:
            members |= {"draws": In(NOISE_BITS * p)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        for lane in range(self.config.elements):
            m.d.comb += self.limits[lane].eq(self._limit(lane))
        m.d.comb += [
            self.request.signs.eq(Cat(total >= 0 for total in self.sums)),
            self.request.masks.eq(self.gate & self.far),
        ]
        return m

    def _limit(self, lane):
        """Return dead zone plus noise, or the largest limit where that would not fit."""
        if not self.config.stochastic:
            return self.request.dead
        limit = self.request.dead + (self.draws.word_select(lane, NOISE_BITS) & self.request.noise)
        overflow = limit[limit_shape(self.config) :].any()
        return limit | overflow.replicate(limit_shape(self.config))
