"""Sum the counts of one processing element over the words of a neuron."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Accumulator(wiring.Component):
    """Add up ``count``; with ``last`` show the sum as ``total`` and begin again. Latency 1 cycle.

    The sum so far is cleared by its registers' reset, which spares a multiplexer for each bit.

    Golden model: ``counts.sum()``.

    Members
    -------
    count : ones of one word.
    last, valid : the word ends a sum; the word counts at all.
    total : the sum that ended last; 0 before there is one.
    """

    def __init__(self, config):
        super().__init__(
            {
                "count": In(range(config.lanes + 1)),
                "last": In(1),
                "valid": In(1),
                "total": Out(range(config.max_fan_in + 1)),
            }
        )
        self.before = Signal.like(self.total)  # the sum so far; proofs look at it

    def elaborate(self, platform):
        m = Module()
        following = self.before + self.count
        with m.If(self.valid):
            m.d.sync += self.before.eq(following)
        with m.If(self.valid & self.last):
            m.d.sync += [self.before.eq(0), self.total.eq(following)]
        return m
