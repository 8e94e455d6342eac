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
        left = Signal(8)  # bytes of the block still to come
        hidden_zero = Signal()  # a block that is followed by another one stood for a zero
        end, code = Signal(), Signal()
        m.d.comb += [
            end.eq(self.i.payload == 0),
            code.eq(left == 0),
            self.o.valid.eq(self.i.valid & (end | ~code | hidden_zero)),
            self.o.payload.data.eq(Mux(code, 0, self.i.payload)),
            self.o.payload.end.eq(end),
            self.o.payload.damaged.eq(~code),
            self.i.ready.eq(self.o.ready | ~self.o.valid),
        ]
        with m.If(self.i.valid & self.i.ready):
            with m.If(end):
                m.d.sync += [left.eq(0), hidden_zero.eq(0)]
            with m.Elif(code):
                m.d.sync += [left.eq(self.i.payload - 1), hidden_zero.eq(self.i.payload != 255)]
            with m.Else():
                m.d.sync += left.eq(left - 1)
        return m
