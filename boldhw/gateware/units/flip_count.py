"""Count the weights of a layer that flip."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.popcount import Popcount
from boldhw.gateware.core.counters import AMOUNT_BITS


class FlipCount(wiring.Component):
    """Add up the flips of one layer.

    A flip is in ``count`` two cycles later, with ``dual_port`` three: registers stand before the
    popcount, in it with ``dual_port``, and behind it.

    Parameters
    ----------
    config : EngineConfig

    Members
    -------
    flips : In(elements)
        Weights that flip.
    flipped : In(1)
        They are valid.
    layer_done : In(1)
        Begin again at 0 in the next cycle. Flips that are on their way into ``count`` in this cycle
        are lost.
    count : Out(24), registered
        Flips since ``layer_done``.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "flips": In(config.elements),
                "flipped": In(1),
                "layer_done": In(1),
                "count": Out(AMOUNT_BITS),
            }
        )

    def elaborate(self, platform):
        m = Module()
        registers = 1 if self.config.dual_port else 0
        m.submodules.popcount = popcount = Popcount(self.config.elements, registers)
        m.d.sync += popcount.bits.eq(self.flips & self.flipped.replicate(len(self.flips)))
        m.d.sync += self.count.eq(self.count + popcount.count)
        with m.If(self.layer_done):
            m.d.sync += self.count.eq(0)
        return m
