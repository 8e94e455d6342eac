"""Sum the counts of one processing element over the words of a neuron."""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Accumulator(wiring.Component):
    """Add ``count`` to ``total``, or restart with it where ``first`` is high. Latency 1 cycle.

    Golden model: ``counts.cumsum()``.

    Members
    -------
    count : ones of one word.
    first, valid : the word starts a sum; the word counts at all.
    total : sum of the counts.
    """

    def __init__(self, config):
        super().__init__(
            {
                "count": In(range(config.lanes + 1)),
                "first": In(1),
                "valid": In(1),
                "total": Out(range(config.max_fan_in + 1)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        with m.If(self.valid):
            # The multiplexer stands behind the adder, where its LUT4 has a free input.
            m.d.sync += self.total.eq(Mux(self.first, self.count, self.total + self.count))
        return m
