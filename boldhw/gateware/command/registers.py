"""The registers that the host writes and that steer the core."""

from amaranth.hdl import Module, Mux
from amaranth.lib.wiring import Component, In, Out

from boldhw.gateware.ports import RegisterLayout
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.protocol import READABLE, Register

SAMPLE_WORDS_BITS = 8  # a sample has to fit into a frame


class RegisterFile(Component):
    """Write and read registers by number; all are zero after reset and after ``clear``.

    A register keeps the low bits of what is written, as many as ``RegisterLayout`` gives it.
    Unknown numbers read zero. A write is visible in the next cycle; what is read comes one cycle
    after ``index``.

    Members
    -------
    clear : In(1)
        Make all registers zero; wins over ``write``.
    index : In(4)
        Register to write or read, see ``boldhw.spec.protocol.Register``.
    write : In(1)
        Write ``value`` to it.
    value : In(16)
    high : In(1)
        Read the higher byte, not the lower one.
    read_byte : Out(8), registered
        A byte of the register at ``index``, one cycle later.
    registers : Out(RegisterLayout()), registered
    sample_words : Out(8), registered
        SAMPLE_WORDS, which only the command unit uses.
    configured : Out(1), combinational
        LAYERS is not zero.
    """

    clear: In(1)
    index: In(4)
    write: In(1)
    value: In(FIELD_BITS)
    high: In(1)
    read_byte: Out(8)
    registers: Out(RegisterLayout())
    sample_words: Out(SAMPLE_WORDS_BITS)
    configured: Out(1)

    def elaborate(self, platform):
        m = Module()
        fields = {Register.SAMPLE_WORDS: self.sample_words}
        for register in READABLE:
            if register not in fields:
                fields[register] = getattr(self.registers, register.name.lower())
        m.d.sync += self.read_byte.eq(0)
        with m.Switch(self.index):
            for register, field in fields.items():
                with m.Case(register):
                    m.d.sync += self.read_byte.eq(Mux(self.high, field[8:], field[:8]))
                    with m.If(self.write):
                        m.d.sync += field.eq(self.value)
        with m.If(self.clear):
            m.d.sync += [field.eq(0) for field in fields.values()]
        m.d.comb += self.configured.eq(self.registers.layers.any())
        return m
