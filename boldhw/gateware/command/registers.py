"""The registers that the host writes and that steer the core."""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.command.dialect import layout_of, readable
from boldhw.spec.geometry import FIELD_BITS

SAMPLE_WORDS_BITS = 8  # a sample has to fit into a frame


class RegisterFile(wiring.Component):
    """Write and read registers by number; all are zero after reset and after ``clear``.

    A register keeps the low bits of what is written, as many as
    :class:`boldhw.gateware.ports.RegisterLayout` gives it, or OpRegisterLayout. Unknown
    numbers read zero.

    Parameters
    ----------
    config : EngineConfig or LinkedArray
        Which registers there are.

    Members
    -------
    clear : In(1)
        Make all registers zero; wins over ``write``.
    index : In(4)
        Register to write or read, a :class:`boldhw.spec.protocol.Register` or an OpRegister.
    write : In(1)
        Write ``value`` to it.
    value : In(FIELD_BITS)
        Value to write.
    high : In(1)
        Read the higher byte, not the lower one.
    read_byte : Out(8), registered
        A byte of the register at ``index``, as it was one cycle earlier.
    registers : Out(layout_of(config)), registered
        Registers that the core reads.
    sample_words : Out(SAMPLE_WORDS_BITS), registered
        SAMPLE_WORDS, which only the command unit uses.
    configured : Out(1), combinational
        The first register, LAYERS or FORWARD, is not zero.

    Latency
    -------
    1 cycle for a write and for a read, one of each per cycle. A write, then a read of it::

        cycle                  0       1       2
        index                  r       r
        write, value           v
        registers                      v
        read_byte                              v
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "clear": In(1),
            "index": In(4),
            "write": In(1),
            "value": In(FIELD_BITS),
            "high": In(1),
            "read_byte": Out(8),
            "registers": Out(layout_of(config)),
            "sample_words": Out(SAMPLE_WORDS_BITS),
            "configured": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        first, *_ = names = readable(self.config)
        sample_words = next(each for each in names if each.name == "SAMPLE_WORDS")
        fields = {sample_words: self.sample_words}
        for register in names:
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
        m.d.comb += self.configured.eq(fields[first].any())
        return m
