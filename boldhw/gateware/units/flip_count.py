"""Count the weights of a layer that flip, beside what the passes count."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.popcount import Popcount
from boldhw.gateware.core.counters import AMOUNT_BITS, CountPort


class FlipCount(wiring.Component):
    """Add up the flips of a layer, and post them at its end.

    The passes post their own counts through it.

    Parameters
    ----------
    config : EngineConfig
        Of an engine that trains; gives ``elements``, ``max_layers`` and ``dual_port``.

    Members
    -------
    flips : In(config.elements)
        Weights that flip.
    flipped : In(1)
        They are valid.
    layer_done : In(1)
        Post the flips of the layer, and begin again at 0. The flip that is added to them in this
        cycle is lost.
    layer : In(range(config.max_layers + 1))
        The layer.
    passes : In(CountPort(config))
        What the passes count; they post nothing in the cycle of ``layer_done``.
    counters : Out(CountPort(config))
        Both, to the counters; combinational.

    Latency
    -------
    A flip is counted if it comes two cycles before ``layer_done`` or earlier, with ``dual_port``
    three: it is registered before the popcount, with ``dual_port`` in it, and after it. P flips per
    cycle. Without ``dual_port``::

        cycle              0     1     2
        flips, flipped     a     b
        layer_done                     1
        counters.amount                a
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "flips": In(config.elements),
                "flipped": In(1),
                "layer_done": In(1),
                "layer": In(range(config.max_layers + 1)),
                "passes": In(CountPort(config)),
                "counters": Out(CountPort(config)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        registers = 1 if self.config.dual_port else 0
        m.submodules.popcount = popcount = Popcount(self.config.elements, registers)
        m.d.sync += popcount.bits.eq(self.flips & self.flipped.replicate(len(self.flips)))
        count = Signal(AMOUNT_BITS)
        m.d.sync += count.eq(count + popcount.count)
        m.d.comb += [
            self.counters.post.eq(self.passes.post),
            self.counters.amount.eq(self.passes.amount),
            self.counters.post_flips.eq(self.layer_done),
            self.counters.layer.eq(self.layer),
            self.passes.busy.eq(self.counters.busy),
        ]
        with m.If(self.layer_done):
            m.d.comb += self.counters.amount.eq(count)
            m.d.sync += count.eq(0)
        return m
