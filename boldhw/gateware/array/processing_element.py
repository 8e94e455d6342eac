"""One processing element: masked XNOR, popcount, sum over the words of a neuron."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.accumulator import Accumulator, mark_of
from boldhw.gateware.array.popcount import Popcount
from boldhw.gateware.delay import delay


class ProcessingElement(wiring.Component):
    """Count agreeing lanes of private and broadcast operand, and sum the counts over words.

    The private operand is a word of a weight row (forward, backward) or of the column row, which
    holds one input bit of each gathered sample (vote).

    Golden model: popcount part of :func:`boldhw.golden.rule.forward`.

    Parameters
    ----------
    config : EngineConfig
        Gives ``lanes``, ``max_fan_in``, ``popcount_registers`` and ``clears_sums``.
    popcount : type
        Component that counts; another one than the engine's to measure it.

    Members
    -------
    weight : In(config.lanes)
        Private operand, one word.
    sign : In(config.lanes)
        Broadcast operand, compared with ``weight``.
    mask : In(config.lanes)
        Lanes that count.
    last : In(1)
        The word ends a sum; only with ``config.clears_sums``.
    first : In(1)
        The word starts a sum; only without ``config.clears_sums``.
    valid : In(1)
        The word counts at all.
    total : Out(range(config.max_fan_in + 1)), registered
        Lanes that agree, of all words of the sum; holds as that of :class:`Accumulator` does.

    Latency
    -------
    ``3 + popcount_registers`` cycles from the last word to ``total``, one word per cycle.
    """

    def __init__(self, config, popcount=Popcount):
        self.config = config
        self.popcount = popcount
        super().__init__(
            {
                "weight": In(config.lanes),
                "sign": In(config.lanes),
                "mask": In(config.lanes),
                mark_of(config): In(1),
                "valid": In(1),
                "total": Out(range(config.max_fan_in + 1)),
            }
        )
        self.accumulator = Accumulator(config)

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.lanes
        agree = Signal(lanes)
        m.d.sync += agree.eq(self.mask & ~(self.weight ^ self.sign))

        m.submodules.popcount = popcount = self.popcount(lanes, self.config.popcount_registers)
        count = Signal.like(popcount.count)
        m.d.comb += popcount.bits.eq(agree)
        m.d.sync += count.eq(popcount.count)

        m.submodules.accumulator = accumulator = self.accumulator
        mark = mark_of(self.config)
        flags = Cat(getattr(self, mark), self.valid)
        m.d.comb += [
            accumulator.count.eq(count),
            Cat(getattr(accumulator, mark), accumulator.valid).eq(
                delay(m, flags, 2 + self.config.popcount_registers)
            ),
            self.total.eq(accumulator.total),
        ]
        return m
