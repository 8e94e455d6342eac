"""Multiply and accumulate in 32 bits, what a DSP block of an iCE40UP5K does in a cycle."""

from amaranth.hdl import ClockSignal, Const, Instance, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.platforms import is_up5k

OPERAND_BITS = 16
UNUSED = (
    "AHOLD BHOLD CHOLD DHOLD IRSTTOP IRSTBOT ORSTTOP ORSTBOT ADDSUBTOP ADDSUBBOT OHOLDTOP OHOLDBOT "
    "CI ACCUMCI SIGNEXTIN"
).split()
PRODUCT, LOWER_CARRY, REGISTER = Const(2, 2), Const(2, 2), Const(1, 2)


class MultiplyAccumulate(wiring.Component):
    """Add ``factor * operand`` to ``total``, or begin again at ``origin``.

    Sums wrap around. One SB_MAC16 on an iCE40UP5K, multiplier and adder elsewhere.

    Golden model: ``(total + factor * operand) % 2**32``.

    Members
    -------
    valid : In(1)
        ``total`` changes; without it nothing happens, ``load`` included.
    load : In(1)
        ``total`` becomes ``origin``.
    origin : In(2 * OPERAND_BITS)
        What a sum begins at.
    factor : In(signed(OPERAND_BITS))
        Signed operand of the multiplier.
    operand : In(OPERAND_BITS)
        Unsigned operand of the multiplier.
    total : Out(2 * OPERAND_BITS), registered
        The sum; the output register of the DSP block.

    Latency
    -------
    1 cycle, one product per cycle.
    """

    valid: In(1)
    load: In(1)
    origin: In(2 * OPERAND_BITS)
    factor: In(signed(OPERAND_BITS))
    operand: In(OPERAND_BITS)
    total: Out(2 * OPERAND_BITS)

    def elaborate(self, platform):
        m = Module()
        if is_up5k(platform):
            m.submodules.dsp = self._dsp()
        else:
            product = Signal(signed(2 * OPERAND_BITS))
            m.d.comb += product.eq(self.factor * self.operand)
            with m.If(self.valid):
                m.d.sync += self.total.eq(Mux(self.load, self.origin, self.total + product))
        return m

    def _dsp(self):
        return Instance(
            "SB_MAC16",
            p_A_SIGNED=Const(1, 1),
            p_TOPADDSUB_LOWERINPUT=PRODUCT,
            p_BOTADDSUB_LOWERINPUT=PRODUCT,
            p_TOPADDSUB_CARRYSELECT=LOWER_CARRY,
            p_TOPOUTPUT_SELECT=REGISTER,
            p_BOTOUTPUT_SELECT=REGISTER,
            i_CLK=ClockSignal(),
            i_CE=self.valid,
            i_A=self.factor,
            i_B=self.operand,
            i_C=self.origin[OPERAND_BITS:],
            i_D=self.origin[:OPERAND_BITS],
            i_OLOADTOP=self.load,
            i_OLOADBOT=self.load,
            o_O=self.total,
            **{f"i_{name}": Const(0, 1) for name in UNUSED},
        )
