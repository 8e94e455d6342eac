"""Turn sums into activation bits and gate bits."""

from amaranth.hdl import Cat, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.array import sum_shape


class Threshold(wiring.Component):
    """Fire where a sum reaches the threshold, and open the gate where it is close.

    The sums are counted from the threshold: their sign decides. The gate bit tells whether the unit
    takes part in the backward pass; storing it, not the sum, keeps one bit a unit. Lanes from
    ``lanes`` on hold no unit: both bits are 0 there.

    Golden model: :func:`boldhw.golden.rule.fire`.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements``, ``sum_bits`` and ``training``.

    Members
    -------
    sums : In(data.ArrayLayout(sum_shape(config), config.elements))
        One signed sum per lane, less its threshold.
    far : In(config.elements)
        The sum is beyond the window; only in an engine that trains.
    lanes : In(range(config.elements + 1))
        Units in this group, 1..P.
    fire : Out(config.elements), combinational
        Activations, 1 for T.
    gate : Out(config.elements), combinational
        Units within the window; only in an engine that trains.

    Latency
    -------
    None: combinational.
    """

    def __init__(self, config):
        self.config = config
        p = config.elements
        members = {
            "sums": In(data.ArrayLayout(sum_shape(config), p)),
            "lanes": In(range(p + 1)),
            "fire": Out(p),
        }
        if config.training:
            members |= {"far": In(p), "gate": Out(p)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        used = Cat(lane < self.lanes for lane in range(self.config.elements))
        m.d.comb += self.fire.eq(used & Cat(total >= 0 for total in self.sums))
        if self.config.training:
            m.d.comb += self.gate.eq(used & ~self.far)
        return m
