"""One processing element whose sum is kept in a DSP block."""

from amaranth.hdl import Cat, Const, Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.array.mac import OPERAND_BITS, MultiplyAccumulate
from boldhw.gateware.array.popcount import Popcount
from boldhw.gateware.delay import delay


class DspElement(wiring.Component):
    """Count agreeing lanes of private and broadcast operand, and sum the counts in a DSP block.

    The lanes are counted in two parts, ``low`` and ``high``, since two small counts cost less than
    one. The multiplier adds them up: with sums of F bits,
    ``(low + high * 2**F) * (1 + 2**F) = low + (low + high) * 2**F + high * 2**2F``,
    and the sum is in bits F to 2 F - 1 of the total, where nothing from below ever carries into it.
    The factor is thus ``1 + 2**F`` times the weight of a lane. With ``close`` the operand is
    ``2**F``, which adds the factor itself to the sum.

    Golden model: popcount part of :func:`boldhw.golden.rule.forward`.

    Parameters
    ----------
    config : EngineConfig
        Gives ``lanes``, ``sum_bits``, ``high_lanes`` and ``popcount_registers``.

    Members
    -------
    weight : In(config.lanes)
        Private operand, one word.
    sign : In(config.lanes)
        Broadcast operand, compared with ``weight``.
    mask : In(config.lanes)
        Lanes that count.
    valid : In(1)
        The word counts.
    load : In(1)
        The sum begins at ``origin``.
    close : In(1)
        Add ``factor`` to the sum.
    origin : In(sum_shape(config))
        Begin of a sum, ``2 + popcount_registers`` cycles after its ``load``.
    factor : In(signed(OPERAND_BITS))
        Factor of the DSP block, ``2 + popcount_registers`` cycles after the word or ``close``.
    total : Out(sum_shape(config)), registered
        The sum.

    Latency
    -------
    ``3 + popcount_registers`` cycles from a word to ``total``; one word, load or close per cycle.
    With R popcount registers::

        cycle     0       1       2       ..    2 + R     3 + R     4 + R        5 + R
        inputs    load    word    close         origin    factor    factor
        total                                             origin    and word     closed
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "weight": In(config.lanes),
                "sign": In(config.lanes),
                "mask": In(config.lanes),
                "valid": In(1),
                "load": In(1),
                "close": In(1),
                "origin": In(sum_shape(config)),
                "factor": In(signed(OPERAND_BITS)),
                "total": Out(sum_shape(config)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        field, registers = self.config.sum_bits, self.config.popcount_registers
        agree = Signal(self.config.lanes)
        m.d.sync += agree.eq(self.mask & ~(self.weight ^ self.sign))

        low, high = Signal(field), Signal(OPERAND_BITS - field)
        cut = self.config.lanes - self.config.high_lanes
        for name, part, count in (("low", agree[:cut], low), ("high", agree[cut:], high)):
            m.submodules[name] = popcount = Popcount(len(part), registers)
            m.d.comb += popcount.bits.eq(part)
            m.d.sync += count.eq(popcount.count)
        with m.If(delay(m, self.close, 1 + registers)):
            m.d.sync += [low.eq(0), high.eq(1)]

        m.submodules.mac = mac = MultiplyAccumulate()
        happens = self.valid | self.load | self.close
        m.d.comb += [
            Cat(mac.valid, mac.load).eq(delay(m, Cat(happens, self.load), 2 + registers)),
            mac.origin.eq(Cat(Const(0, field), self.origin)),
            mac.factor.eq(self.factor),
            mac.operand.eq(Cat(low, high)),
            self.total.eq(mac.total[field : 2 * field]),
        ]
        return m
