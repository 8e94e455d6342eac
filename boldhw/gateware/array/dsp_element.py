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
    and the sum stands in bits F to 2 F - 1 of the total, where nothing from below ever carries into
    it. The factor is thus ``1 + 2**F`` times the weight of a lane. With ``close`` the operand is
    ``2**F``, so that the factor itself is added to the sum.

    ``total`` is complete ``3 + popcount_registers`` cycles after the last word. One word, load or
    close per cycle.

    Golden model: popcount part of :func:`boldhw.golden.rule.forward`.

    Members
    -------
    weight, sign, mask : S bits each, operands of one word.
    valid : the word counts.
    load : the sum begins at ``origin``, as it is ``2 + popcount_registers`` cycles later.
    close : add ``factor``, as it is ``2 + popcount_registers`` cycles later.
    origin, factor : of the DSP block.
    total : the sum, signed.
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
