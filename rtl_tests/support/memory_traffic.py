"""Random traffic for a memory of samples, in gateware: millions of cycles take seconds."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import fifo, memory, wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.memory.memory_port import MemoryPort, RequestLayout

LONGEST_PAUSE = 12  # exponent of two


class Random(wiring.Component):
    """32 random bits a cycle: xorshift, Marsaglia 2003."""

    bits: Out(32)

    def __init__(self, seed):
        self.seed = seed
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        first, second, third = (Signal(32) for _ in range(3))
        state = Signal(32, init=self.seed)
        m.d.comb += [
            first.eq(state ^ state << 13),
            second.eq(first ^ first >> 17),
            third.eq(second ^ second << 5),
            self.bits.eq(state),
        ]
        m.d.sync += state.eq(third)
        return m


class Traffic(wiring.Component):
    """Ask a memory for words and compare them with what was written before.

    Every word is written once; then bursts are read and words are written at random, and the
    words are taken with pauses of up to 4,096 cycles. Several bursts are asked for at a time. A
    memory that cannot be written is known to hold ``contents``.

    Members
    -------
    memory : the memory's port.
    reads, writes, wrong : words read, words written, words read that were not as expected.
    """

    def __init__(self, address_bits, width, contents=None):
        self.address_bits, self.width, self.contents = address_bits, width, contents
        super().__init__({
            "memory": Out(MemoryPort(address_bits, width)),
            "reads": Out(32),
            "writes": Out(32),
            "wrong": Out(32),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.random = self._random = Random(0x2545F491)
        m.submodules.shadow = shadow = memory.Memory(
            shape=self.width, depth=1 << self.address_bits, init=self.contents or []
        )
        self._asked = fifo.SyncFIFOBuffered(width=self.address_bits + 8, depth=4)
        m.submodules.asked = self._asked
        self._ask(m, shadow.write_port())
        self._compare(m, shadow.read_port())
        return m

    def _ask(self, m, port):
        request, asked, random = self.memory.request, self._asked, self._random.bits
        chosen = Signal(RequestLayout(self.address_bits, self.width))
        writable = self.contents is None
        filled, pause = Signal(self.address_bits + 1), Signal(LONGEST_PAUSE)
        filling = ~filled[-1] if writable else Const(0)
        m.d.comb += [
            request.p.eq(chosen),
            request.valid.eq((pause == 0) & Mux(chosen.write, asked.level == 0, asked.w_rdy)),
            port.addr.eq(chosen.addr),
            port.data.eq(chosen.data),
            asked.w_data.eq(Cat(chosen.addr, chosen.last)),
        ]
        m.d.sync += pause.eq(Mux(pause == 0, 0, pause - 1))
        done = request.valid & request.ready
        with m.If(done):
            m.d.comb += [port.en.eq(chosen.write), asked.w_en.eq(~chosen.write)]
            m.d.sync += [
                self.writes.eq(self.writes + chosen.write),
                chosen.addr.eq(random),
                chosen.last.eq(Mux(random[28:] == 0, random[20:28], random[20:23])),
                chosen.write.eq((random[16:18] == 0) & writable),
                pause.eq(Mux(random[12:15] == 0, random >> 20 >> random[8:12], 0)),
            ]
        with m.If(filling & (done | ~chosen.write)):
            m.d.sync += [
                filled.eq(filled + 1),
                chosen.addr.eq(filled),
                chosen.write.eq(1),
                pause.eq(0),
            ]
        with m.If(done):
            m.d.sync += chosen.data.eq(random[: self.width])

    def _compare(self, m, port):
        words, asked, random = self.memory.words, self._asked, self._random.bits
        count, pause = Signal(8), Signal(LONGEST_PAUSE)
        taken, checked, word = Signal(), Signal(), Signal(self.width)
        last = asked.r_data[self.address_bits :]
        m.d.comb += [
            words.ready.eq((pause == 0) & asked.r_rdy),
            taken.eq(words.valid & words.ready),
            port.addr.eq(asked.r_data + count),
            asked.r_en.eq(taken & (count == last)),
        ]
        m.d.sync += [checked.eq(taken), word.eq(words.payload)]
        m.d.sync += pause.eq(Mux(pause == 0, 0, pause - 1))
        with m.If(taken):
            m.d.sync += count.eq(Mux(count == last, 0, count + 1))
            with m.If(random[:6] == 0):
                m.d.sync += pause.eq(random[20:] >> random[8:12])
        with m.If(checked):
            m.d.sync += self.reads.eq(self.reads + 1)
            with m.If(port.data != word):
                m.d.sync += self.wrong.eq(self.wrong + 1)
        return m
