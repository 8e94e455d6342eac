"""Turn sums of the array into votes for the flip unit."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.delay import delay
from boldhw.gateware.units.flip_unit import vote_shape


class Votes(wiring.Component):
    """Scale the sums of the array to votes for the flip unit.

    Lanes without an input do not vote.

    Golden model: :func:`boldhw.golden.rule.vote`.

    Parameters
    ----------
    config : EngineConfig
        Of an engine that trains; gives ``elements``, ``batch``, ``sum_bits`` and ``dsp_sums``.

    Members
    -------
    sums : In(data.ArrayLayout(sum_shape(config), config.elements))
        One signed sum per lane. In {0,T} coding an array without DSP blocks gives twice the vote.
    lanes : In(range(config.elements + 1))
        Inputs in this group. Lanes from ``lanes`` on give a vote of 0.
    zero_true : In(1)
        The layer's inputs are {0,T} coded.
    votes : Out(data.ArrayLayout(vote_shape(config), config.elements)), combinational
        One signed vote per lane, -K..K.

    Latency
    -------
    None from ``sums``; ``lanes`` comes one cycle before the sums.
    """

    def __init__(self, config):
        self.config = config
        p = config.elements
        super().__init__(
            {
                "sums": In(data.ArrayLayout(sum_shape(config), p)),
                "lanes": In(range(p + 1)),
                "zero_true": In(1),
                "votes": Out(data.ArrayLayout(vote_shape(config), p)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes = range(self.config.elements)
        used = delay(m, Cat(lane < self.lanes for lane in lanes), 1)
        twice = 0 if self.config.dsp_sums else self.zero_true
        for lane, total in enumerate(self.sums):
            vote = Mux(twice, total >> 1, total)
            m.d.comb += self.votes[lane].eq(Mux(used[lane], vote, 0))
        return m
