"""COBS framing: zero bytes are taken out of a frame, so that 0x00 can end it.

Source: Cheshire and Baker, "Consistent Overhead Byte Stuffing", SIGCOMM 1997.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

FRAME_BYTES = 254  # longest frame whose code needs one byte more than itself


class CobsDecoder(Component):
    """Turn encoded bytes into the bytes of a frame and a mark at its end.

    Combinational: each byte taken gives at most one event in the same cycle, 1 byte a cycle.
    With nobody reading, a byte that gives an event is not taken. ``end`` comes with the 0x00 that
    ends a frame and carries no data; ``damaged`` then tells that a block was cut short.

    Golden model: ``cobs.decode`` of the PyPI package.

    Members
    -------
    i : In(stream.Signature(8))
        Encoded bytes.
    o : Out(stream.Signature(StructLayout({"data": 8, "end": 1, "damaged": 1})))
        Decoded bytes and ends of frames.
    """

    i: In(stream.Signature(8))
    o: Out(stream.Signature(data.StructLayout({"data": 8, "end": 1, "damaged": 1})))

    def elaborate(self, platform):
        m = Module()
        left = Signal(8, init=1)  # bytes up to the next code
        hidden_zero = Signal()  # a block that is followed by another one stood for a zero
        end, code = Signal(), Signal()
        m.d.comb += [
            end.eq(self.i.payload == 0),
            code.eq(left == 1),
            self.o.valid.eq(self.i.valid & (end | ~code | hidden_zero)),
            self.o.payload.data.eq(Mux(code, 0, self.i.payload)),
            self.o.payload.end.eq(end),
            self.o.payload.damaged.eq(~code),
            self.i.ready.eq(self.o.ready | ~self.o.valid),
        ]
        with m.If(self.i.valid & self.i.ready):
            with m.If(end):
                m.d.sync += [left.eq(1), hidden_zero.eq(0)]
            with m.Elif(code):
                m.d.sync += [left.eq(self.i.payload), hidden_zero.eq(self.i.payload != 255)]
            with m.Else():
                m.d.sync += left.eq(left - 1)
        return m


class CobsEncoder(Component):
    """Encode a frame in place, in a memory of 256 bytes that it starts at address 0 of.

    The byte before the frame, address 255, becomes the first code, each zero byte the code of the
    block that follows it, and the byte behind the frame the 0x00 that ends it. So the whole is
    read from address 255 on. Combinational: each byte presented gives one write in the same cycle.

    Golden model: ``cobs.encode`` of the PyPI package.

    Members
    -------
    restart : In(1)
        A frame begins in the next cycle.
    valid, data, position : In(1), In(8), In(8)
        Byte of the frame and its address; addresses rise from 0 to at most 253.
    end : In(1)
        With ``valid``, for two cycles: ``position`` is the address behind the frame.
    addr, write_data : Out(8)
        What to write in each cycle in which ``valid`` is 1.
    """

    restart: In(1)
    valid: In(1)
    data: In(8)
    position: In(8)
    end: In(1)
    addr: Out(8)
    write_data: Out(8)

    def elaborate(self, platform):
        m = Module()
        code = Signal(8)  # address of the code of the block at hand
        close = self.end | (self.data == 0)
        # At the second cycle of the end, code is position: what is written there is the 0x00.
        m.d.comb += [
            self.addr.eq(Mux(close, code, self.position)),
            self.write_data.eq(Mux(close, self.position - code, self.data)),
        ]
        with m.If(self.valid & close):
            m.d.sync += code.eq(self.position)
        with m.If(self.restart):
            m.d.sync += code.eq(255)
        return m
