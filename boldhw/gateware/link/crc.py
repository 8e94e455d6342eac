"""CRC-32/ISO-HDLC, the check of frames and of whole memories."""

from functools import reduce
from operator import xor

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

POLYNOMIAL = 0xEDB88320  # reflected: the lowest bit of a byte is its first
STEP = 4  # bits a cycle


class Crc32(Component):
    """Compute the CRC-32 of a run of bytes, half a byte a cycle, lower half first.

    ``valid`` or ``shift`` stays for the two cycles of a byte. The CRC leaves by ``byte``, lowest
    byte first. Four bits a cycle take half the LUTs of eight.

    Golden model: ``zlib.crc32``.

    Members
    -------
    clear : In(1)
        Forget all bytes so far; takes precedence over ``valid`` and ``shift``.
    valid : In(1)
        ``data`` belongs to the run.
    shift : In(1)
        Move the CRC down a byte; takes precedence over ``valid``.
    data : In(8)
        Byte of the run; with ``shift``, byte that is compared with the lowest of the CRC.
    second : Out(1)
        The second cycle of a byte is at hand.
    byte : Out(8)
        Lowest byte of the CRC, in the first cycle of a byte.
    same : Out(1)
        The half of ``data`` at hand is that of the CRC.
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
