"""The registers that the host writes and that steer the core."""

from amaranth.hdl import Module
from amaranth.lib.wiring import Component, In, Out

from boldhw.config import FIELD_BITS
from boldhw.gateware.ports import RegisterLayout
from boldhw.protocol import Register

SAMPLE_WORDS_BITS = 8  # a sample has to fit into a frame
READABLE = tuple(register for register in Register if register != Register.NOISE)


class RegisterFile(Component):
    """Write and read registers by number; all are zero after reset and after ``clear``.

    A write is visible in the next cycle; reading is combinational. A register keeps the low bits
    of what is written, as many as ``RegisterLayout`` gives it. Unknown numbers read zero.

    Members
    -------
    clear : In(1)
    index : In(4)
        Register to write or read, see ``boldhw.protocol.Register``.
    write, value : In(1), In(16)
    read_value : Out(16)
    registers : Out(RegisterLayout())
    sample_words : Out(8)
        SAMPLE_WORDS, which only the command unit uses.
    configured : Out(1)
        LAYERS, CLASSES and SAMPLE_WORDS are not zero.
    """

    clear: In(1)
    index: In(4)
    write: In(1)
    value: In(FIELD_BITS)
    read_value: Out(FIELD_BITS)
    registers: Out(RegisterLayout())
    sample_words: Out(SAMPLE_WORDS_BITS)
    configured: Out(1)

    def elaborate(self, platform):
        m = Module()
        fields = {Register.SAMPLE_WORDS: self.sample_words}
        for register in READABLE:
            if register not in fields:
                fields[register] = getattr(self.registers, register.name.lower())
        with m.Switch(self.index):
            for register, field in fields.items():
                with m.Case(register):
                    m.d.comb += self.read_value.eq(field)
                    with m.If(self.write):
                        m.d.sync += field.eq(self.value)
        with m.If(self.clear):
            m.d.sync += [field.eq(0) for field in fields.values()]
        needed = (self.registers.layers, self.registers.classes, self.sample_words)
        m.d.comb += self.configured.eq(needed[0].any() & needed[1].any() & needed[2].any())
        return m
