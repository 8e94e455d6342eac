"""COBS framing: zero bytes are taken out of a frame, so that 0x00 can end it.

Both units work on a memory of 256 bytes, one frame of at most 254 bytes in it. A block of 254
bytes without a zero is such a frame by itself, so no block goes on without a zero before it.

Source: Cheshire and Baker, "Consistent Overhead Byte Stuffing", SIGCOMM 1997.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

BEFORE = 255  # address of the byte before a frame


class CobsDecoder(Component):
    """Turn encoded bytes into writes of the bytes of a frame, from address 0 on.

    Combinational: each byte gives one write or the end of a frame in the same cycle. The code that
    begins a frame writes a 0 to address 255. A longer frame than a memory holds goes round.

    Golden model: ``cobs.decode`` of the PyPI package.

    Members
    -------
    valid, encoded : In(1), In(8)
        The next encoded byte.
    addr, data : Out(8)
        What to write in each cycle with ``valid`` and not ``end``.
    end : Out(1)
        The byte is the 0x00 that ends a frame; ``addr`` is the frame's size, 255 if there was none.
    whole : Out(1)
        With ``end``: no block was cut short.
    """

    valid: In(1)
    encoded: In(8)
    addr: Out(8, init=BEFORE)
    data: Out(8)
    end: Out(1)
    whole: Out(1)

    def elaborate(self, platform):
        m = Module()
        code_at = Signal(8, init=BEFORE)  # where the next code stands, in the place of a zero
        code = self.addr == code_at
        m.d.comb += [
            self.end.eq(self.encoded == 0),
            self.whole.eq(code),
            self.data.eq(Mux(code, 0, self.encoded)),
        ]
        with m.If(self.valid):
            m.d.sync += self.addr.eq(self.addr + 1)
            with m.If(code):
                m.d.sync += code_at.eq(self.addr + self.encoded)
            with m.If(self.end):
                m.d.sync += [self.addr.eq(BEFORE), code_at.eq(BEFORE)]
        return m


class CobsEncoder(Component):
    """Turn the bytes of a frame into writes of the encoded frame, which stands from 255 on.

    The byte before the frame, address 255, becomes the first code, each zero byte the code of the
    block that follows it, and the byte behind the frame the 0x00 that ends it. Combinational: each
    byte presented gives one write in the same cycle.

    Golden model: ``cobs.encode`` of the PyPI package.

    Members
    -------
    restart : In(1)
        A frame begins in the next cycle.
    valid, data, position : In(1), In(8), In(8)
        Byte of the frame and its address; addresses rise from 0 to at most 253.
    zero : In(1)
        ``data`` is 0. Whoever knows that early makes the longest path shorter.
    end : In(1)
        With ``valid``, for two cycles: ``position`` is the address behind the frame.
    addr, write_data : Out(8)
        What to write in each cycle in which ``valid`` is 1.
    """

    restart: In(1)
    valid: In(1)
    data: In(8)
    zero: In(1)
    position: In(8)
    end: In(1)
    addr: Out(8)
    write_data: Out(8)

    def elaborate(self, platform):
        m = Module()
        code = Signal(8)  # address of the code of the block at hand
        close = self.end | self.zero
        # At the second cycle of the end, code is position: what is written there is the 0x00.
        m.d.comb += [
            self.addr.eq(Mux(close, code, self.position)),
            self.write_data.eq(Mux(close, self.position - code, self.data)),
        ]
        with m.If(self.valid & close):
            m.d.sync += code.eq(self.position)
        with m.If(self.restart):
            m.d.sync += code.eq(BEFORE)
        return m
