"""COBS framing: zero bytes are taken out of a frame, and 0x00 can end it.

Both units work on a memory of 256 bytes, one frame of at most 254 bytes in it. A block of 254
bytes without a zero is such a frame by itself: no block goes on without a zero before it.

Source: Cheshire and Baker, "Consistent Overhead Byte Stuffing", SIGCOMM 1997.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

BEFORE = 255  # address of the byte before a frame


class CobsDecoder(wiring.Component):
    """Turn encoded bytes into writes of the bytes of a frame, from address 0 on.

    A code is stored as the zero that it replaces; that of the first block is written to address
    255, before the frame. A longer frame than a memory holds goes round.

    Golden model: ``cobs.decode`` of the PyPI package.

    Members
    -------
    valid : In(1)
        There is an encoded byte.
    encoded : In(8)
        The byte.
    addr : Out(8, init=BEFORE), registered
        Address to write in each cycle with ``valid`` and not ``end``; with ``end`` the frame's
        size, 255 if there was none.
    data : Out(8), combinational
        Byte to write.
    end : Out(1), combinational
        The byte is the 0x00 that ends a frame.
    whole : Out(1), combinational
        With ``end``: no block was cut short.

    Latency
    -------
    None: each byte gives one write, or the end of a frame, in the same cycle. The frame 11 22 00
    33, hexadecimal but for the addresses::

        cycle       0     1     2     3     4     5
        encoded    03    11    22    02    33    00
        addr      255     0     1     2     3     4
        data       00    11    22    00    33
        end         0     0     0     0     0     1
        whole                                     1
    """

    valid: In(1)
    encoded: In(8)
    addr: Out(8, init=BEFORE)
    data: Out(8)
    end: Out(1)
    whole: Out(1)

    def elaborate(self, platform):
        m = Module()
        code_at = Signal(8, init=BEFORE)  # address of the next code, in the place of a zero
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


class CobsEncoder(wiring.Component):
    """Turn the bytes of a frame into writes of the encoded frame, from address 255 on.

    The byte before the frame, address 255, becomes the first code, each zero byte the code of the
    block that follows it, and the byte after the frame the 0x00 that ends it. The code of a block
    is written when the zero after it comes, in place of that zero's write.

    Golden model: ``cobs.encode`` of the PyPI package.

    Members
    -------
    restart : In(1)
        A frame begins in the next cycle.
    valid : In(1)
        There is a byte of the frame, or its end.
    data : In(8)
        The byte.
    zero : In(1)
        ``data`` is 0. From a register it makes the longest path shorter.
    position : In(8)
        Address of the byte; addresses rise from 0 to at most 253.
    end : In(1)
        With ``valid``, for two cycles: ``position`` is the address after the frame.
    addr : Out(8), combinational
        Address to write in each cycle with ``valid``.
    write_data : Out(8), combinational
        Byte to write.

    Latency
    -------
    None: each byte gives one write in the same cycle. The frame 11 22 00 33, hexadecimal but for
    the addresses::

        cycle         0     1     2     3     4     5
        position      0     1     2     3     4     4
        data         11    22    00    33
        zero          0     0     1     0
        end           0     0     0     0     1     1
        addr          0     1   255     3     2     4
        write_data   11    22    03    33    02    00
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
