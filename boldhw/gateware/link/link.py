"""The link layer of a device: frames in, replies out, and no frame executed twice."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.link.cobs import BEFORE, CobsDecoder, CobsEncoder
from boldhw.gateware.link.crc import Crc32
from boldhw.gateware.memory.memories import BLOCK_RAM, new_memory
from boldhw.spec import memories
from boldhw.spec.protocol import CRC_BYTES, FRAME_WINDOW, HEADER, MAX_PAYLOAD, Command

SHORTEST = HEADER.size + CRC_BYTES
BODY_BYTES = HEADER.size + MAX_PAYLOAD  # of a reply
NOTHING = 254  # address of a slot where only the 0x00 after the longest reply is ever written


class FramePort(Signature):
    """A received frame and the reply to it, seen from the link, which drives it.

    ``start`` is one cycle and hands a frame over. ``data`` is its next byte; ``advance`` goes on
    to the byte after it, ``at_end`` is 1 when there is none. ``write`` stays for the two cycles
    of a byte, ``second`` in the second one, and appends ``byte`` to the reply, which then has
    ``written`` bytes and is ``full`` when it can take no more. ``restart`` begins frame and reply,
    or begins them again. ``crc_clear``, ``crc_shift`` and ``crc`` are those of the CRC unit (see
    ``Crc32``), which follows every byte that is written; ``crc_valid`` has it follow ``byte``
    without a write.
    ``done`` is one cycle and gives the frame back: the reply is sent.

    While nobody holds a frame, ``byte`` must be ``data``.
    """

    def __init__(self):
        super().__init__({
            "start": Out(1),
            "data": Out(8),
            "advance": In(1),
            "at_end": Out(1),
            "write": In(1),
            "byte": In(8),
            "second": Out(1),
            "written": Out(8),
            "full": Out(1),
            "restart": In(1),
            "crc_clear": In(1),
            "crc_valid": In(1),
            "crc_shift": In(1),
            "crc": Out(8),
            "done": In(1),
        })  # fmt: skip


class Link(wiring.Component):
    """Receive frames, have each new one executed once, send the replies.

    One frame is received while the frame before it is checked, executed and answered; then nothing
    is taken until that is done. A reply is encoded while it is written.

    The replies to the last two frames are kept, each in the slot that its number's lowest bit
    names. The next number, and HELLO with any, is executed; any other gets what is in its slot. A
    damaged frame, and any before the first HELLO, gets a lone 0x00; a frame of less than 8 or more
    than 254 bytes gets nothing.

    Golden model: :mod:`boldhw.spec.protocol`.

    Members
    -------
    rx : In(stream.Signature(8))
        Bytes from the host; ``ready`` comes from registers.
    tx : Out(stream.Signature(8))
        Bytes to the host, registered in the memory of the replies.
    frame : Out(FramePort())
        The frame to execute, and the reply to it.

    Latency
    -------
    1 byte a cycle in and out, which overlap. A frame of n bytes is handed over ``2 n + 4`` cycles
    after the 0x00 that ends it; a reply is closed in 2 cycles after ``done``::

        cycle    0      1      2      3 .. 2 n + 2   2 n + 3  2 n + 4   d         d+1   d+2     d+3
        rx       0x00
        state           IDLE   SIZE   CHECK          TYPE     JUDGE     EXECUTE   END   CLOSE   SEND
        frame                                                 start     done
        tx                                                                                      code
    """

    rx: In(stream.Signature(8))
    tx: Out(stream.Signature(8))
    frame: Out(FramePort())

    def elaborate(self, platform):
        m = Module()
        m.submodules.crc = crc = Crc32()
        m.submodules.encoder = encoder = CobsEncoder()
        frames, replies = (new_memory(shape, BLOCK_RAM) for shape in memories.frames())
        m.submodules.frames, m.submodules.replies = frames, replies
        self._read, self._sent = frames.read_port(), replies.read_port()
        write = replies.write_port()

        self._position, self._following = Signal(8), Signal(8)  # of the byte at hand, the next one
        self._size = Signal(8, init=SHORTEST)  # of the frame, CRC left out; 4 or more
        self._written = Signal(8)
        self._slot = Signal()  # of the reply
        self._wrong = Signal()  # the CRC
        self._end = Signal()  # of the reply is being written
        zero = Signal()
        taken = self._receive(m, frames.write_port())
        m.d.comb += [
            self._following.eq(self._position),
            self._read.addr.eq(Cat(self._following, taken)),
            self._sent.addr.eq(Cat(self._following, self._slot)),
            self.tx.payload.eq(self._sent.data),
            self.frame.data.eq(self._read.data),
            self.frame.second.eq(crc.second),
            self.frame.written.eq(self._written),
            self.frame.full.eq(self._written == BODY_BYTES),
            self.frame.crc.eq(crc.byte),
            crc.data.eq(self.frame.byte),
            encoder.restart.eq(self.frame.restart),
            encoder.data.eq(self.frame.byte),
            encoder.position.eq(self._written),
            encoder.end.eq(self._end),
            # A byte is written in its second cycle, when it is known whether it is 0; one of the
            # CRC in the first, since it is gone then.
            encoder.zero.eq(Mux(self.frame.crc_shift, crc.byte == 0, zero)),
            encoder.valid.eq((self.frame.write & (crc.second ^ self.frame.crc_shift)) | self._end),
            write.en.eq(encoder.valid),
            write.addr.eq(Cat(encoder.addr, self._slot)),
            write.data.eq(encoder.write_data),
        ]
        m.d.sync += [
            zero.eq(self.frame.byte == 0),
            self._position.eq(self._following),
            self.frame.at_end.eq(self._following == self._size),
        ]
        with m.If(self.frame.restart):
            m.d.sync += self._written.eq(0)
        with m.Elif(self.frame.write & crc.second):
            m.d.sync += self._written.eq(self._written + 1)
        with m.FSM():
            self._check(m, crc)
            self._judge(m)
            self._execute(m, crc)
            self._send(m)
        return m

    def _receive(self, m, write):
        """Write bytes to the slots in turn; return the number of the one to take a frame from."""
        m.submodules.decoder = decoder = CobsDecoder()
        filled, taken = Signal(2), Signal(2)  # slots since the start
        size = decoder.addr
        self._waiting, self._release = Signal(), Signal()
        m.d.comb += [
            self._waiting.eq(filled != taken),
            self.rx.ready.eq((filled ^ taken) != FRAME_WINDOW),
            decoder.valid.eq(self.rx.valid & self.rx.ready),
            decoder.encoded.eq(self.rx.payload),
            write.en.eq(decoder.valid),
            write.addr.eq(Cat(Mux(decoder.end, BEFORE, decoder.addr), filled[0])),
            # Of a frame that ends inside a block, bytes that are not its last are compared.
            write.data.eq(Mux(decoder.end, size - Mux(decoder.whole, CRC_BYTES, 0), decoder.data)),
        ]
        with m.If(decoder.valid & decoder.end & size[3:].any() & ~size.all()):
            m.d.sync += filled.eq(filled + 1)
        with m.If(self._release):
            m.d.sync += taken.eq(taken + 1)
        return taken[0]

    def _go(self, m, position):
        """Have the bytes at ``position`` in the next cycle."""
        m.d.comb += self._following.eq(position)

    def _check(self, m, crc):
        """Wait for a frame; compare its last bytes with the CRC of those before."""
        tail = Signal(2)
        with m.State("IDLE"):
            self._go(m, BEFORE)
            m.d.sync += self._wrong.eq(0)
            with m.If(self._waiting):
                m.next = "SIZE"
        with m.State("SIZE"):
            self._go(m, 0)
            m.d.comb += crc.clear.eq(1)
            m.d.sync += self._size.eq(self._read.data)
            m.next = "CHECK"
        with m.State("CHECK"):
            m.d.comb += [crc.valid.eq(1), crc.shift.eq(self.frame.at_end | tail.any())]
            with m.If(crc.shift & ~crc.same):
                m.d.sync += self._wrong.eq(1)
            with m.If(crc.second):
                self._go(m, self._position + 1)
                m.d.sync += tail.eq(tail + crc.shift)
                with m.If(tail == CRC_BYTES - 1):
                    self._go(m, 0)
                    m.next = "TYPE"

    def _judge(self, m):
        """Decide by the sequence number what becomes of the frame."""
        expected, greeted, hello = Signal(8), Signal(), Signal()
        with m.State("TYPE"):
            m.d.sync += hello.eq(self._read.data == Command.HELLO)
            with m.If(self._wrong):
                self._go(m, NOTHING)
                m.next = "SEND"
            with m.Else():
                self._go(m, 1)
                m.next = "JUDGE"
        with m.State("JUDGE"):
            m.d.sync += self._slot.eq(self._read.data[0])
            self._go(m, Mux(greeted, BEFORE, NOTHING))
            m.next = "REPEAT"
            with m.If(hello | (greeted & (self._read.data == expected))):
                self._go(m, 0)
                m.d.comb += self.frame.start.eq(1)
                m.d.sync += [expected.eq(self._read.data + 1), greeted.eq(1)]
                m.next = "EXECUTE"

    def _execute(self, m, crc):
        """Lend frame, reply and CRC unit to the owner of the frame; then close the reply."""
        frame = self.frame
        with m.State("EXECUTE"):
            m.d.comb += [
                crc.clear.eq(frame.crc_clear),
                crc.valid.eq(frame.write | frame.crc_valid),
                crc.shift.eq(frame.crc_shift),
            ]
            with m.If(frame.advance):
                self._go(m, self._position + 1)
            with m.If(frame.restart):
                self._go(m, 0)
            with m.If(frame.done):
                m.next = "END"
        with m.State("END"):
            m.d.comb += self._end.eq(1)
            m.next = "CLOSE"
        with m.State("CLOSE"):
            m.d.comb += self._end.eq(1)
            self._go(m, BEFORE)
            m.next = "SEND"

    def _send(self, m):
        """Send a reply up to and with the 0x00; then give the frame's slot back."""
        with m.State("REPEAT"):  # the slot of the reply is known from here on
            m.next = "SEND"
        with m.State("SEND"):
            m.d.comb += self.tx.valid.eq(1)
            with m.If(self.tx.ready):
                self._go(m, self._position + 1)
                with m.If(self._sent.data == 0):
                    m.d.comb += self._release.eq(1)
                    m.next = "IDLE"
