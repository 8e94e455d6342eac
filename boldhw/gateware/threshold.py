"""Turn sums into activation bits and gate bits."""

from amaranth.hdl import Cat, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array import sum_shape


class Threshold(wiring.Component):
    """Fire where a sum reaches ``tau``, and open the gate where it is close to it. No latency.

    The gate bit says whether the unit takes part in the backward pass; storing it, not the sum,
    keeps one bit a unit. Lanes from ``lanes`` on hold no unit: both bits are 0 there.

    Golden model: :func:`boldhw.golden.rule.fire`.

    Members
    -------
    sums : P signed sums.
    tau : signed threshold.
    window : the gate opens for ``abs(sum - tau) <= window``.
    lanes : units in this group, 1..P.
    fire, gate : P bits each (the gate, like the window, only in an engine that trains).
    """

    def __init__(self, config):
        self.config = config
        p = config.elements
        super().__init__(
            {
                "sums": In(data.ArrayLayout(sum_shape(config), p)),
                "tau": In(sum_shape(config)),
                "lanes": In(range(p + 1)),
                "fire": Out(p),
            }
            | ({"window": In(sum_shape(config).width), "gate": Out(p)} if config.training else {})
        )

    def elaborate(self, platform):
        m = Module()
        used = [lane < self.lanes for lane in range(self.config.elements)]
        distances = [total - self.tau for total in self.sums]
        m.d.comb += self.fire.eq(Cat(u & (d >= 0) for u, d in zip(used, distances, strict=True)))
        if self.config.training:
            m.d.comb += self.gate.eq(
                Cat(
                    u & (d <= self.window) & (-d <= self.window)
                    for u, d in zip(used, distances, strict=True)
                )
            )
        return m
