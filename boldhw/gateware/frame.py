"""The link layer of a device: frames in, replies out, and no frame executed twice."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import memory, stream
from amaranth.lib.wiring import Component, In, Out, Signature

from boldhw.gateware.cobs import FRAME_BYTES, CobsDecoder, CobsEncoder
from boldhw.gateware.crc import Crc32
from boldhw.gateware.memories import BLOCK_RAM
from boldhw.protocol import HEADER, MAX_PAYLOAD, Command, Status

CRC_BYTES = 4
SHORTEST = HEADER.size + CRC_BYTES
UPPER = 256  # first byte of the stored reply
FIRST = 255  # of the 256 bytes of a half, where the encoded reply begins
BODY_BYTES = HEADER.size + MAX_PAYLOAD  # of a reply


class FramePort(Signature):
    """A received frame and the reply to it, seen from the link, which drives it.

    ``start`` is one cycle and hands over a frame of ``end`` bytes, header included, CRC not.
    ``data`` is the frame's byte ``addr``, one cycle later. Each cycle of ``write`` appends
    ``write_data`` to the reply, unless it is ``full``; ``rewind`` empties the reply. ``done`` is
    one cycle and gives the frame back: the reply is sent. In between, the frame's owner may use
    the CRC unit (see ``Crc32``).
    """

    def __init__(self):
        super().__init__({
            "start": Out(1),
            "end": Out(8),
            "addr": In(8),
            "data": Out(8),
            "rewind": In(1),
            "write": In(1),
            "write_data": In(8),
            "full": Out(1),
            "done": In(1),
            "crc_clear": In(1),
            "crc_valid": In(1),
            "crc_data": In(8),
            "crc_shift": In(1),
            "crc_byte": Out(8),
        })  # fmt: skip


class Link(Component):
    """Receive frames, have each new one executed once, send the replies.

    One frame at a time: from the 0x00 that ends a good frame to the 0x00 that ends the reply
    nothing is received, though the first byte of a frame, which carries no data, may be taken. A
    frame is received at 1 byte a cycle and handed over 2 cycles after its end. A reply of n bytes
    is encoded with its CRC in ``n + 7`` cycles and then sent at 1 byte a cycle. A damaged frame is
    dropped in silence.

    The stored reply is that of the frame executed last. The same sequence number gets it again;
    the next one, and HELLO with any, is executed; any other, and any before the first HELLO, gets
    OUT_OF_SEQUENCE, which is not stored: it is written over the frame that was refused.

    Golden model: :mod:`boldhw.protocol`.

    Members
    -------
    rx, tx : In, Out(stream.Signature(8))
        Bytes from and to the host.
    frame : Out(FramePort())
        The frame to execute.
    dropped : Out(1)
        One cycle for each damaged frame; 0x00 alone is no frame.
    """

    rx: In(stream.Signature(8))
    tx: Out(stream.Signature(8))
    frame: Out(FramePort())
    dropped: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.decoder = decoder = CobsDecoder()
        m.submodules.encoder = encoder = CobsEncoder()
        m.submodules.crc = crc = Crc32()
        # Received frame in the lower half, reply in the upper one.
        m.submodules.buffer = buffer = memory.Memory(
            shape=8, depth=2 * UPPER, init=[], attrs=BLOCK_RAM
        )
        read, write = buffer.read_port(), buffer.write_port()

        position = Signal(8)  # of the byte at hand: bytes received, then place in the reply
        written = Signal(8)  # bytes of the reply to the frame at hand
        stored = Signal()  # the reply to send is the stored one
        self._following = Signal(8)
        m.d.comb += [
            decoder.i.payload.eq(self.rx.payload),
            decoder.i.valid.eq(self.rx.valid),
            self.rx.ready.eq(decoder.i.ready),
            self.tx.payload.eq(read.data),
            self._following.eq(position + 1),
            read.addr.eq(self.frame.addr),
            write.addr.eq(position),
            write.data.eq(decoder.o.payload.data),
            crc.data.eq(decoder.o.payload.data),
            encoder.position.eq(position),
            self.frame.data.eq(read.data),
            self.frame.end.eq(position - CRC_BYTES),
            self.frame.full.eq(written == BODY_BYTES),
            self.frame.crc_byte.eq(crc.byte),
        ]
        byte = self._reply_byte(m, read, position, stored)
        m.d.comb += encoder.data.eq(byte)
        with m.FSM():
            self._receive(m, decoder, crc, read, write, position)
            self._judge(m, read, encoder, position, written, stored)
            self._execute(m, crc, encoder, read, write, position, written)
            self._seal(m, crc, encoder, read, byte, position, written, stored)
            self._send(m, crc, read, position, stored)
        with m.If(encoder.valid):
            m.d.comb += [
                write.en.eq(1),
                write.addr.eq(Cat(encoder.addr, stored)),
                write.data.eq(encoder.write_data),
            ]
        return m

    def _reply_byte(self, m, read, position, stored):
        """Return the byte of the reply at hand: a refused frame's header becomes its reply's."""
        byte = Signal(8)
        m.d.comb += byte.eq(read.data)
        with m.If(~stored):
            with m.If(position == 0):
                m.d.comb += byte[7].eq(1)
            with m.If(position[1]):
                m.d.comb += byte.eq(Mux(position[0], 0, Status.OUT_OF_SEQUENCE))
        return byte

    def _receive(self, m, decoder, crc, read, write, position):
        """Write the bytes of a frame to the buffer; hand it on if it is whole."""
        event, overlong = decoder.o.payload, Signal()
        with m.State("RECEIVE"):
            m.d.comb += [decoder.o.ready.eq(1), read.addr.eq(0)]
            with m.If(decoder.o.valid & event.end):
                m.d.comb += crc.clear.eq(1)
                m.d.sync += overlong.eq(0)
                with m.If(~event.damaged & ~overlong & crc.match & (position >= SHORTEST)):
                    m.next = "TYPE"
                with m.Else():
                    m.d.comb += self.dropped.eq(event.damaged | (position != 0))
                    m.d.sync += position.eq(0)
            with m.Elif(decoder.o.valid):
                with m.If(position == FRAME_BYTES):
                    m.d.sync += overlong.eq(1)
                with m.Else():
                    m.d.comb += [write.en.eq(1), crc.valid.eq(1)]
                    m.d.sync += position.eq(self._following)

    def _judge(self, m, read, encoder, position, written, stored):
        """Decide by the sequence number what becomes of the frame."""
        sequence, greeted, hello = Signal(8), Signal(), Signal()
        step = Signal(8)
        m.d.comb += step.eq(read.data - sequence)
        with m.State("TYPE"):
            m.d.comb += read.addr.eq(1)
            m.d.sync += hello.eq(read.data == Command.HELLO)
            m.next = "JUDGE"
        with m.State("JUDGE"):
            m.d.comb += encoder.restart.eq(1)
            m.d.sync += [stored.eq(1), written.eq(0)]
            with m.If(hello | (greeted & (step == 1))):
                m.d.comb += self.frame.start.eq(1)
                m.d.sync += [sequence.eq(read.data), greeted.eq(1)]
                m.next = "EXECUTE"
            with m.Elif(greeted & (step == 0)):
                m.d.comb += read.addr.eq(UPPER + FIRST)
                m.d.sync += position.eq(FIRST)
                m.next = "SEND"
            with m.Else():
                m.d.comb += read.addr.eq(0)
                m.d.sync += [position.eq(0), stored.eq(0), written.eq(HEADER.size)]
                m.next = "SEAL"

    def _execute(self, m, crc, encoder, read, write, position, written):
        """Lend buffer and CRC unit to the owner of the frame."""
        frame = self.frame
        with m.State("EXECUTE"):
            m.d.comb += [
                write.addr.eq(UPPER | written),
                write.data.eq(frame.write_data),
                write.en.eq(frame.write & ~frame.full),
                crc.clear.eq(frame.crc_clear),
                crc.valid.eq(frame.crc_valid),
                crc.data.eq(frame.crc_data),
                crc.shift.eq(frame.crc_shift),
            ]
            m.d.sync += written.eq(Mux(frame.rewind, 0, written + write.en))
            with m.If(frame.done):
                m.d.comb += [crc.clear.eq(1), read.addr.eq(UPPER)]
                m.d.sync += position.eq(0)
                m.next = "SEAL"

    def _seal(self, m, crc, encoder, read, byte, position, written, stored):
        """Append the CRC to the reply and encode it in place."""
        appended = Signal(2)
        with m.State("SEAL"):
            m.d.comb += [read.addr.eq(Cat(self._following, stored)), crc.data.eq(byte)]
            m.d.sync += appended.eq(0)
            with m.If(position == written):
                m.next = "APPEND"
            with m.Else():
                m.d.comb += [crc.valid.eq(1), encoder.valid.eq(1)]
                m.d.sync += position.eq(self._following)
        with m.State("APPEND"):
            m.d.comb += [crc.shift.eq(1), encoder.valid.eq(1), encoder.data.eq(crc.byte)]
            m.d.sync += [position.eq(self._following), appended.eq(appended + 1)]
            with m.If(appended == CRC_BYTES - 1):
                m.next = "END"
        with m.State("END"):
            m.d.comb += [encoder.valid.eq(1), encoder.end.eq(1)]
            m.next = "CLOSE"
        with m.State("CLOSE"):
            m.d.comb += [
                encoder.valid.eq(1),
                encoder.end.eq(1),
                read.addr.eq(Cat(Const(FIRST, 8), stored)),
            ]
            m.d.sync += position.eq(FIRST)
            m.next = "SEND"

    def _send(self, m, crc, read, position, stored):
        """Send the reply up to and with the 0x00, then receive again."""
        with m.State("SEND"):
            following = Mux(self.tx.ready, self._following, position)
            m.d.comb += [
                crc.clear.eq(1),
                self.tx.valid.eq(1),
                read.addr.eq(Cat(following, stored)),
            ]
            m.d.sync += position.eq(following)
            with m.If(self.tx.ready & (read.data == 0)):
                m.d.sync += position.eq(0)
                m.next = "RECEIVE"
