"""Sum the counts of one processing element over the words of a neuron."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


def mark_of(config):
    """Return which word of a sum is marked for the processing elements: the first or the last."""
    return "last" if config.clears_sums else "first"


class Accumulator(wiring.Component):
    """Add up the counts of a sum's words.

    With ``config.clears_sums`` the last word is marked: its sum is shown, and the registers of the
    sum up to that word are cleared by their reset, which spares a multiplexer for each bit.
    Otherwise the first word is marked: it restarts the sum, which is shown with every word.

    Golden model: ``counts.sum()``.

    Parameters
    ----------
    config : EngineConfig
        Gives ``lanes``, ``max_fan_in`` and ``clears_sums``.

    Members
    -------
    count : In(range(config.lanes + 1))
        Ones of one word.
    last : In(1)
        The word ends a sum; only with ``config.clears_sums``, see :func:`mark_of`.
    first : In(1)
        The word starts a sum; only without ``config.clears_sums``.
    valid : In(1)
        The word counts at all.
    total : Out(range(config.max_fan_in + 1)), registered
        The sum. It holds until the next ``last``, or the next ``valid`` without ``clears_sums``.

    Latency
    -------
    1 cycle from a word to its sum, one word per cycle. A sum of the words a and b::

        cycle                       0     1     2
        count, valid                a     b
        first                       1     0
        last                        0     1
        total, clears_sums                      a + b
        total, without                    a     a + b
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
                # The multiplexer follows the adder, where its LUT4 has a free input.
                m.d.sync += self.total.eq(Mux(self.first, self.count, self.total + self.count))
            return m
        following = self.before + self.count
        with m.If(self.valid):
            m.d.sync += self.before.eq(following)
        with m.If(self.valid & self.last):
            m.d.sync += [self.before.eq(0), self.total.eq(following)]
        return m
