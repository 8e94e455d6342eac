"""Single data rate SDRAM: what a chip needs, and the controller that gives it that."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import fifo, wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.errors import ConfigError
from boldhw.gateware.delay import delay
from boldhw.gateware.memory.memory_port import MemoryPort
from boldhw.spec.numbers import ceil_div

WORD_BITS = 16  # of the memory port, however wide the chip is
CAS_LATENCY = 2
REFRESHES = 8  # before the mode register is set
ALL_BANKS = 10  # address bit that makes a precharge one of all banks
READS_AHEAD = 8  # words that are being read or wait to be taken


@dataclass(frozen=True, kw_only=True)
class SdramChip:
    """Geometry of a chip with four banks, and its timing in ns.

    ``row_bits, column_bits, data_bits``; ``init`` from power to the first command, ``rcd`` from
    activation to a command for a column, ``rp`` from precharge to the next activation or refresh,
    ``ras`` from activation to precharge at least and ``ras_max`` at most, ``rc`` from activation to
    activation of a bank, ``rrd`` of another one, ``rfc`` from refresh to the next command, ``wr``
    from the last word written to precharge, ``mrd`` after a write of the mode register, ``refi``
    from refresh to refresh at most. ``ck`` is the least clock period at ``CAS_LATENCY``, ``ac`` and
    ``oh`` the times from a clock edge to new data at most and from the next one to their end at
    least, ``setup`` and ``hold`` what the chip needs of its inputs around an edge.
    """

    row_bits: int
    column_bits: int
    data_bits: int
    init: float = 200_000
    rcd: float = 21
    rp: float = 21
    ras: float = 42
    ras_max: float = 100_000
    rc: float = 63
    rrd: float = 14
    rfc: float = 63
    wr: float = 14
    mrd: float = 14
    refi: float = 7_800
    ck: float = 10
    ac: float = 6
    oh: float = 2.5
    setup: float = 1.5
    hold: float = 0.8

    @property
    def address_bits(self):
        """Bits of the address of a word of 16 bits."""
        return self.row_bits + 2 + self.column_bits + self.half_bits

    @property
    def half_bits(self):
        """Low bits of that address that choose a part of the chip's word."""
        return (self.data_bits // WORD_BITS).bit_length() - 1

    @property
    def mask_bits(self):
        """Bits of its byte mask."""
        return self.data_bits // 8


# 16 M x 16. Timing of the AS4C16M16SA-7 (Alliance Memory, rev. 3.0 of March 2015, table 16), but
# for init (200 us, its note 11) and ras_max (120 us there). The IS42S16160G and W9825G6KH, which
# some ULX3S carry, need no longer times in their grades of 143 MHz. The last five are of the same
# table, for a latency of 2.
SDRAM_32_MB = SdramChip(row_bits=13, column_bits=9, data_bits=16)
# 2 M x 32 in the package of the GW2AR-18. Gowin gives 166 MHz and 4,096 refreshes in 64 ms; rows of
# the table above, of a chip of 143 MHz, are on the safe side.
SDRAM_8_MB = SdramChip(row_bits=11, column_bits=8, data_bits=32, refi=15_600)


def cycles(ns, clock_hz):
    """Return the fewest clock cycles that take ``ns``, at least 1."""
    return max(1, ceil_div(int(ns * 1000) * clock_hz, 10**12))


@dataclass(frozen=True)
class Timing:
    """Timing of a chip in clock cycles, from command to command."""

    rcd: int
    rp: int
    ras: int
    rfc: int
    wr: int
    mrd: int
    refresh: int
    boot: int

    @classmethod
    def of(cls, chip, clock_hz):
        """Return the Timing at a clock. One bank is open at a time, so rrd is met by rc.

        Raises ConfigError when the clock is too fast for the chip.
        """
        if clock_hz * chip.ck > 10**9:
            raise ConfigError(
                f"clock_hz={clock_hz} is too fast for an SDRAM that takes {chip.ck:g} ns a word; "
                f"the nearest frequency that works is clock_hz={int(10**9 / chip.ck)}"
            )
        rcd, rp, rfc, wr, mrd, rc, ras, rrd = (
            cycles(getattr(chip, name), clock_hz)
            for name in ("rcd", "rp", "rfc", "wr", "mrd", "rc", "ras", "rrd")
        )
        ras = max(ras, max(rc, rrd) - rp)
        # Longest time from a refresh being due to its command: a row is opened, written, closed.
        late = rcd + max(ras, wr) + rp + 4
        refresh = int(chip.refi * clock_hz / 10**9) - late
        refreshes = ceil_div(cycles(chip.init, clock_hz), refresh)
        return cls(rcd, rp, ras, rfc, wr, mrd, refresh, refreshes)


class SdramPins(Signature):
    """Pins of a chip as its controller drives them; ``ras``, ``cas`` and ``we`` are active high.

    Between controller and chip is one more register, at the pin. The chip takes what that shows
    half a cycle later, from an inverted clock; what it reads is taken at the same edge
    ``CAS_LATENCY`` cycles later. Chip select and clock enable are always active.
    """

    def __init__(self, chip):
        super().__init__({
            "ras": Out(1),
            "cas": Out(1),
            "we": Out(1),
            "bank": Out(2),
            "address": Out(max(chip.row_bits, ALL_BANKS + 1)),
            "mask": Out(chip.mask_bits, init=(1 << chip.mask_bits) - 1),
            "data_out": Out(chip.data_bits),
            "drive": Out(1),
            "data_in": In(chip.data_bits),
        })  # fmt: skip


class SdramController(wiring.Component):
    """Read bursts of words from an open row, write single words, refresh.

    A request opens a row and closes it again; a burst that leaves its row goes on in the next one.
    Between requests all banks are closed. A refresh that is due interrupts a burst. A word on a
    chip of 32 bits is one half of its word: a burst reads each word twice, a write masks the other
    half.

    Parameters
    ----------
    chip : SdramChip
        Geometry of the chip, and its timing in ns.
    clock_hz : int
        Frequency of the clock, Hz.
    timing : Timing, optional
        Another timing than that of the chip.

    Members
    -------
    memory : In(MemoryPort(chip.address_bits, WORD_BITS))
        Requests and words, from a queue of ``READS_AHEAD`` words.
    pins : Out(SdramPins(chip))
        The chip; all outputs are registered.

    Latency
    -------
    ``rcd + 8`` cycles from when a request is taken to its first word, if its row is opened at once;
    then one word a cycle. A burst of two words, with ``rcd`` = 2::

        cycle          0       1   2          3   4        5        6   7     8     9   10    11
        request        taken
        pins                       activate       read 0   read 1
        pins.data_in                                                    0     1
        memory.words                                                                    0     1
    """

    def __init__(self, chip, clock_hz, timing=None):
        self.chip = chip
        self.timing = timing or Timing.of(chip, clock_hz)
        super().__init__({
            "memory": In(MemoryPort(chip.address_bits, WORD_BITS)),
            "pins": Out(SdramPins(chip)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        self._addr = Signal(self.chip.address_bits)
        self._left = Signal(len(self.memory.request.p.last) + 1)  # words that are still to be read
        self._write, self._data = Signal(), Signal(WORD_BITS)
        self._read, self._closed = Signal(), Signal()  # a word is read; its row must be closed
        self._hold = Signal(range(max(self.timing.ras, self.timing.wr)))
        timing = self.timing
        self._delay = Signal(range(max(timing.rfc, timing.rcd, timing.rp, timing.mrd)))
        self._due = self._refresh_timer(m)
        room = self._collect(m)
        half, column, self._bank, self._row = self._split()
        self._idle_pins(m)
        with m.If(self._hold != 0):
            m.d.sync += self._hold.eq(self._hold - 1)
        with m.If(self._delay != 0):
            m.d.sync += self._delay.eq(self._delay - 1)
        with m.FSM():
            self._start(m)
            self._idle(m)
            self._open(m, half, column, room)
            self._close(m)
        return m

    def _split(self):
        """Return half, column, bank and row of the address at hand."""
        chip = self.chip
        low = chip.half_bits
        middle = low + chip.column_bits
        addr = self._addr
        return addr[:low], addr[low:middle], addr[middle : middle + 2], addr[middle + 2 :]

    def _refresh_timer(self, m):
        """Return the signal that is high while a refresh is due; ``_refreshed`` ends that."""
        timer, due = Signal(range(self.timing.refresh)), Signal()
        self._tick, self._refreshed = Signal(), Signal()
        m.d.comb += self._tick.eq(timer == self.timing.refresh - 1)
        m.d.sync += timer.eq(Mux(self._tick, 0, timer + 1))
        with m.If(self._tick):
            m.d.sync += due.eq(1)
        with m.Elif(self._refreshed):
            m.d.sync += due.eq(0)
        return due

    def _collect(self, m):
        """Queue the words that come; return whether there is room for one more."""
        m.submodules.queue = queue = fifo.SyncFIFOBuffered(width=WORD_BITS, depth=READS_AHEAD)
        captured, taken = Signal(self.chip.data_bits), Signal()
        ahead = Signal(range(READS_AHEAD + 1))
        m.d.sync += captured.eq(self.pins.data_in)
        # The command leaves two cycles later, and what came is captured one cycle after it.
        wait = CAS_LATENCY + 3
        half = delay(m, self._addr[: self.chip.half_bits], wait)
        m.d.comb += [
            queue.w_data.eq(captured.word_select(half, WORD_BITS)),
            queue.w_en.eq(delay(m, self._read, wait)),
            taken.eq(queue.r_rdy & queue.r_en),
            queue.r_en.eq(self.memory.words.ready),
            self.memory.words.valid.eq(queue.r_rdy),
            self.memory.words.payload.eq(queue.r_data),
        ]
        m.d.sync += ahead.eq(ahead + self._read - taken)
        return ahead != READS_AHEAD

    def _idle_pins(self, m):
        """Give no command, unless something below does."""
        pins = self.pins
        m.d.sync += [pins.ras.eq(0), pins.cas.eq(0), pins.we.eq(0), pins.drive.eq(0)]

    def _command(self, m, ras=0, cas=0, we=0, wait=1):
        """Give a command; the next one comes ``wait`` cycles later."""
        pins = self.pins
        m.d.sync += [pins.ras.eq(ras), pins.cas.eq(cas), pins.we.eq(we), self._delay.eq(wait - 1)]

    def _start(self, m):
        """Wait after power-on; close all banks, refresh, set the mode register."""
        timing, pins = self.timing, self.pins
        boot, refreshes = Signal(range(timing.boot + 1)), Signal(range(REFRESHES))
        now = self._delay == 0
        with m.State("POWER"):
            m.d.sync += boot.eq(boot + self._tick)
            with m.If(boot == timing.boot):
                self._command(m, ras=1, we=1, wait=timing.rp)
                m.d.sync += pins.address.eq(1 << ALL_BANKS)
                m.next = "REFRESHES"
        with m.State("REFRESHES"), m.If(now):
            self._command(m, ras=1, cas=1, wait=timing.rfc)
            m.d.comb += self._refreshed.eq(1)
            m.d.sync += refreshes.eq(refreshes + 1)
            with m.If(refreshes == REFRESHES - 1):
                m.next = "MODE"
        with m.State("MODE"), m.If(now):
            # Bursts of one word: each word has its own command.
            self._command(m, ras=1, cas=1, we=1, wait=timing.mrd)
            m.d.sync += [pins.address.eq(CAS_LATENCY << 4), pins.bank.eq(0), pins.mask.eq(0)]
            m.next = "IDLE"

    def _idle(self, m):
        """Refresh if that is due; otherwise open the row of a request or of the rest of one."""
        timing, request = self.timing, self.memory.request
        with m.State("IDLE"), m.If(self._delay == 0):
            with m.If(self._due):
                self._command(m, ras=1, cas=1, wait=timing.rfc)
                m.d.comb += self._refreshed.eq(1)
            with m.Elif(self._left != 0):
                m.next = "ACTIVATE"
            with m.Else():
                m.d.comb += request.ready.eq(1)
                m.d.sync += [
                    self._addr.eq(request.p.addr),
                    self._write.eq(request.p.write),
                    self._data.eq(request.p.data),
                ]
                with m.If(request.valid):
                    m.d.sync += self._left.eq(request.p.last + 1)
                    m.next = "ACTIVATE"
        with m.State("ACTIVATE"):
            self._command(m, ras=1, wait=timing.rcd)
            m.d.sync += [
                self.pins.bank.eq(self._bank),
                self.pins.address.eq(self._row),
                self._hold.eq(timing.ras - 1),
                self._closed.eq(0),
            ]
            m.next = "OPEN"

    def _open(self, m, half, column, room):
        """Read word after word, or write one."""
        pins, timing = self.pins, self.timing
        parts = 1 << self.chip.half_bits
        m.d.sync += pins.data_out.eq(self._data.replicate(parts))
        with m.State("OPEN"), m.If(self._delay == 0):
            m.d.sync += pins.address.eq(column)
            with m.If(self._write):
                self._command(m, cas=1, we=1)
                chosen = Cat((half == part).replicate(WORD_BITS // 8) for part in range(parts))
                m.d.sync += [
                    pins.drive.eq(1),
                    pins.mask.eq(~chosen if parts > 1 else 0),
                    self._left.eq(0),
                    self._hold.eq(max(timing.ras - timing.rcd, timing.wr) - 1),
                ]
                m.next = "CLOSE"
            with m.Elif(self._due | self._closed | (self._left == 0)):
                m.next = "CLOSE"
            with m.Elif(room):
                self._command(m, cas=1)
                m.d.comb += self._read.eq(1)
                m.d.sync += [
                    self._addr.eq(self._addr + 1),
                    self._left.eq(self._left - 1),
                    self._closed.eq(Cat(half, column).all()),
                ]

    def _close(self, m):
        with m.State("CLOSE"), m.If(self._hold == 0):
            self._command(m, ras=1, we=1, wait=self.timing.rp)
            m.d.sync += [self.pins.address.eq(1 << ALL_BANKS), self.pins.mask.eq(0)]
            m.next = "IDLE"
