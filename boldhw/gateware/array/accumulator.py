"""Sum the counts of one processing element over the words of a neuron."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


def mark_of(config):
    """Return which word of a sum is marked for the processing elements: the first or the last."""
    return "last" if config.clears_sums else "first"


class Accumulator(wiring.Component):
    """Add up the counts of a sum's words. Latency 1 cycle.

    With ``config.clears_sums`` the last word is marked: its sum is shown, and the registers of the
    sum so far are cleared by their reset, which spares a multiplexer for each bit. Otherwise the
    first one is: it restarts the sum, which is shown with every word.

    Golden model: ``counts.sum()``.

    Members
    -------
    count : ones of one word.
    last, first : the word ends, or starts, a sum; only the one that :func:`mark_of` names.
    valid : the word counts at all.
    total : the sum.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "count": In(range(config.lanes + 1)),
                mark_of(config): In(1),
                "valid": In(1),
                "total": Out(range(config.max_fan_in + 1)),
            }
        )
        self.before = Signal.like(self.total)  # the sum so far; proofs look at it

    def elaborate(self, platform):
        m = Module()
        if not self.config.clears_sums:
            with m.If(self.valid):
                # The multiplexer stands behind the adder, where its LUT4 has a free input.
                m.d.sync += self.total.eq(Mux(self.first, self.count, self.total + self.count))
            return m
        following = self.before + self.count
        with m.If(self.valid):
            m.d.sync += self.before.eq(following)
        with m.If(self.valid & self.last):
            m.d.sync += [self.before.eq(0), self.total.eq(following)]
        return m
