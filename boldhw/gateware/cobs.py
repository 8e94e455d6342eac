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


class CobsEncoder(Component):
    """Send a frame that lies in a memory, encoded and ended by 0x00.

    A block of n bytes, n up to 254, takes ``2 n + 3`` cycles: its end is searched before its
    length can be sent. A cycle in which the receiver pauses adds one. ``start`` is one cycle while
    ``busy`` is low; ``busy`` falls with the 0x00.

    Golden model: ``cobs.encode`` of the PyPI package.

    Members
    -------
    start : In(1)
        Send the bytes 0 .. length - 1.
    length : In(8)
        0..254; constant while ``busy``.
    addr : Out(8)
        Address of the byte that ``data`` shows one cycle later.
    data : In(8)
        Byte of the memory.
    o : Out(stream.Signature(8))
        Encoded bytes, then 0x00.
    busy : Out(1)
        A frame is being sent.
    """

    start: In(1)
    length: In(8)
    addr: Out(8)
    data: In(8)
    o: Out(stream.Signature(8))
    busy: Out(1)

    def elaborate(self, platform):
        m = Module()
        position, first = Signal(8), Signal(8)  # of the byte in ``data``, of the block
        code = Signal(8, init=1)  # bytes of the block seen and not yet sent, and 1
        advance, rewind = Signal(), Signal()
        following = Signal(8)
        m.d.comb += [
            following.eq(position + 1),
            self.addr.eq(Mux(rewind, first, Mux(advance, following, position))),
            self.o.payload.eq(self.data),
        ]
        m.d.sync += position.eq(self.addr)
        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"):
                m.d.comb += rewind.eq(1)
                with m.If(self.start):
                    m.next = "SEARCH"
            with m.State("SEARCH"):
                with m.If((position == self.length) | (self.data == 0)):
                    m.d.comb += rewind.eq(1)
                    m.next = "CODE"
                with m.Else():
                    m.d.comb += advance.eq(1)
                    m.d.sync += code.eq(code + 1)
            with m.State("CODE"):
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(code)]
                with m.If(self.o.ready):
                    m.next = "BLOCK"
            with m.State("BLOCK"):
                with m.If(code != 1):
                    m.d.comb += [self.o.valid.eq(1), advance.eq(self.o.ready)]
                    m.d.sync += code.eq(code - self.o.ready)
                with m.Elif(position == self.length):
                    m.next = "END"
                with m.Else():
                    m.d.comb += advance.eq(1)
                    m.d.sync += first.eq(following)
                    m.next = "SEARCH"
            with m.State("END"):
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(0)]
                m.d.sync += first.eq(0)
                with m.If(self.o.ready):
                    m.next = "IDLE"
        return m
