"""Quad SPI flash: the reader of stored samples."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.memory.memory_port import MemoryPort
from boldhw.spec.numbers import ceil_div

WORD_BITS = 8
FLASH_BITS = 24  # of an address
# Instructions and times of the W25Q128JV (Winbond, revision F, sections 8.1 and 9.6).
RELEASE, READ = 0xAB, 0x6B  # from power-down; fast read quad output
WAKE_NS = 3_000  # tRES1, from the release to the next instruction
DESELECT_NS = 50  # tSHSL2, longest time that chip select stays high
DUMMY = 8  # clocks between address and data


class FlashPins(Signature):
    """Pins of a flash chip: clock, select (active high) and four data lines, line 0 the lowest.

    ``drive`` is one bit a line. The chip takes bits at the rising edge of ``clk``, and shows its
    own after the falling one; they are taken at the rising edge.
    """

    def __init__(self):
        super().__init__({
            "select": Out(1),
            "clk": Out(1),
            "data_out": Out(4),
            "drive": Out(4, init=0b1101),
            "data_in": In(4),
        })  # fmt: skip


class FlashReader(wiring.Component):
    """Read bursts of bytes by fast read quad output, at half the engine's clock.

    The chip is released from power-down first, into which an iCE40 puts it when it is configured.
    The clock of the chip stops while no byte is taken. Lines 2 and 3 are held high except while the
    chip drives them, since they are write protection and hold of a chip whose quad enable bit is
    not set. A request to write is taken and forgotten.

    Parameters
    ----------
    address_bits : int
        Of the part of the chip that holds samples, its upper end: address 0 is that of the chip
        with all bits above set.
    clock_hz : int
        Frequency of the engine's clock, Hz.

    Members
    -------
    memory : In(MemoryPort(address_bits, WORD_BITS))
        Requests and bytes; ``words`` is registered.
    pins : Out(FlashPins())
        The chip; all outputs are registered.

    Latency
    -------
    84 cycles from when a request is taken to its first byte, then a byte in 4 cycles. A burst of n
    bytes keeps the reader busy for ``4 n + 84`` cycles at 21 to 40 MHz, ``DESELECT_NS`` included::

        cycle     0         1 .. 64          65 .. 80   81 .. 83    84        ..  88
        request   taken
        pins                instruction,     dummy      nibbles
                            address          clocks
        words                                                       byte 0        byte 1
    """

    def __init__(self, address_bits, clock_hz):
        self.address_bits = address_bits
        self.wake = ceil_div(WAKE_NS * clock_hz, 10**9)
        self.deselect = ceil_div(DESELECT_NS * clock_hz, 10**9)
        super().__init__({
            "memory": In(MemoryPort(address_bits, WORD_BITS)),
            "pins": Out(FlashPins()),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        pins, words = self.pins, self.memory.words
        self._shift, self._left = Signal(8 + FLASH_BITS), Signal(range(8 + FLASH_BITS + 1))
        self._count = Signal(len(self.memory.request.p.last) + 1)  # bytes to read
        self._pause, self._asleep = Signal(range(self.wake + 1)), Signal(init=1)
        byte, high, full = Signal(8), Signal(4), Signal()
        m.d.comb += [
            pins.data_out.eq(Cat(self._shift[-1], 0, 1, 1)),
            words.valid.eq(full),
            words.payload.eq(byte),
        ]
        with m.If(words.valid & words.ready):
            m.d.sync += full.eq(0)
        with m.FSM():
            self._begin(m)
            self._send(m)
            with m.State("HIGH"):
                m.d.sync += pins.clk.eq(~pins.clk)
                with m.If(~pins.clk):
                    m.d.sync += high.eq(pins.data_in)
                with m.Else():
                    m.next = "LOW"
            with m.State("LOW"), m.If(pins.clk | ~full | words.ready):
                m.d.sync += pins.clk.eq(~pins.clk)
                with m.If(~pins.clk):
                    m.d.sync += [byte.eq(Cat(pins.data_in, high)), full.eq(1)]
                    m.d.sync += self._count.eq(self._count - 1)
                with m.Else():
                    m.next = "HIGH"
                    with m.If(self._count == 0):
                        m.next = "END"
            self._end(m)
        return m

    def _begin(self, m):
        """Release the chip from power-down; then wait for a request."""
        pins, request = self.pins, self.memory.request
        upper = Const((1 << FLASH_BITS - self.address_bits) - 1, FLASH_BITS - self.address_bits)
        with m.State("RELEASE"):
            m.d.sync += [pins.select.eq(1), self._shift.eq(RELEASE << FLASH_BITS)]
            m.d.sync += self._left.eq(8)
            m.next = "SEND"
        with m.State("IDLE"):
            m.d.comb += request.ready.eq(1)
            m.d.sync += [
                self._shift.eq(Cat(request.p.addr, upper, Const(READ, 8))),
                self._left.eq(8 + FLASH_BITS),
                self._count.eq(request.p.last + 1),
            ]
            with m.If(request.valid & ~request.p.write):
                m.d.sync += pins.select.eq(1)
                m.next = "SEND"

    def _send(self, m):
        """Send an instruction with its address, and the dummy clocks after those of a read."""
        pins, left = self.pins, self._left
        for state, following in (("SEND", "DUMMY"), ("DUMMY", "HIGH")):
            with m.State(state):
                m.d.sync += pins.clk.eq(~pins.clk)
                with m.If(pins.clk):
                    m.d.sync += [self._shift.eq(self._shift << 1), left.eq(left - 1)]
                    with m.If(left == 1):
                        m.d.sync += [pins.drive.eq(0), left.eq(DUMMY)]
                        m.next = following
                        with m.If(self._asleep):
                            m.next = "END"

    def _end(self, m):
        pins = self.pins
        with m.State("END"):
            m.d.sync += [pins.select.eq(0), pins.drive.eq(pins.drive.init), self._asleep.eq(0)]
            m.d.sync += self._pause.eq(Mux(self._asleep, self.wake, self.deselect))
            m.next = "REST"
        with m.State("REST"):
            m.d.sync += self._pause.eq(self._pause - 1)
            with m.If(self._pause == 0):
                m.next = "IDLE"
