"""CRC-32/ISO-HDLC, the check of frames and of whole memories."""

from functools import reduce
from operator import xor

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

POLYNOMIAL = 0xEDB88320  # reflected: the lowest bit of a byte is its first
STEP = 4  # bits a cycle


class Crc32(wiring.Component):
    """Compute the CRC-32 of a run of bytes, half a byte a cycle, lower half first.

    Four bits a cycle take half the LUTs of eight. The CRC leaves by ``byte``, lowest byte first.

    Golden model: ``zlib.crc32``.

    Members
    -------
    clear : In(1)
        Begin a run of bytes; wins over ``valid`` and ``shift``.
    valid : In(1)
        ``data`` belongs to the run; for the two cycles of the byte.
    shift : In(1)
        Move the CRC down a byte; for the two cycles of the byte, wins over ``valid``.
    data : In(8)
        Byte of the run; with ``shift``, byte that is compared with the lowest of the CRC.
    second : Out(1), registered
        This is the second cycle of a byte.
    byte : Out(8), combinational
        Lowest byte of the CRC, in the first cycle of a byte; the complement of a register.
    same : Out(1), combinational
        The current half of ``data`` equals that of the CRC.

    Latency
    -------
    2 cycles a byte. A run of the bytes a and b, then the first two bytes of its CRC::

        cycle     0    1    2    3    4    5         6    7         8
        clear     1
        valid     0    1    1    1    1    0         0    0         0
        data           a    a    b    b
        shift     0    0    0    0    0    1         1    1         1
        second         0    1    0    1    0         1    0         1
        byte                               lowest         second
    """

    clear: In(1)
    valid: In(1)
    shift: In(1)
    data: In(8)
    second: Out(1)
    byte: Out(8)
    same: Out(1)

    def elaborate(self, platform):
        m = Module()
        state = Signal(32, init=-1)  # the CRC's complement
        half, fed = Signal(STEP), Signal(STEP)
        m.d.comb += [
            self.byte.eq(~state[:8]),
            half.eq(state[:STEP] ^ Mux(self.second, self.data[STEP:], self.data[:STEP])),
            self.same.eq(half.all()),
            fed.eq(Mux(self.shift, 0, half)),
        ]
        with m.If(self.clear):
            m.d.sync += [state.eq(-1), self.second.eq(0)]
        with m.Elif(self.valid | self.shift):
            m.d.sync += [state.eq(_divided(state, fed)), self.second.eq(~self.second)]
        return m


def _divided(state, fed):
    """Return the state after the bits ``fed``, which have met its lowest bits already."""
    quotients = [_remainder(1 << i) for i in range(STEP)]
    feedback = Cat(
        reduce(xor, [fed[i] for i, value in enumerate(quotients) if value >> bit & 1], Const(0, 1))
        for bit in range(32)
    )
    return state[STEP:] ^ feedback


def _remainder(value):
    """Return what ``STEP`` steps of the division leave of a number below ``2^STEP``."""
    for _ in range(STEP):
        value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
    return value
