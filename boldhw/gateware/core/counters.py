"""The performance counters, 32 bits each, and the identity, in a memory of 16-bit words."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.memory.memories import BLOCK_RAM
from boldhw.spec.counters import WORD_BITS, address_bits
from boldhw.spec.protocol import COUNTERS

AMOUNT_BITS = 24  # of the largest number that is added at once


class CountPort(Signature):
    """Have counters counted. Members are those of the side that posts.

    Members
    -------
    post : Out(len(COUNTERS))
        One bit per counter to add to, only while not ``busy``.
    post_flips : Out(1)
        Add ``amount`` to the flips of ``layer``, likewise.
    amount : Out(24)
    layer : Out(range(max_layers + 1))
    busy : In(1), combinational from registers
        Adding or clearing.
    """

    def __init__(self, config):
        super().__init__({
            "post": Out(len(COUNTERS)),
            "post_flips": Out(1),
            "amount": Out(AMOUNT_BITS),
            "layer": Out(range(config.max_layers + 1)),
            "busy": In(1),
        })  # fmt: skip


class Counters(wiring.Component):
    """Add to counters, one after the other, 3 cycles each.

    A post names counters: those of the cycles and the flips grow by ``amount``, the others by 1.
    Low and high word of counter i of :data:`boldhw.spec.protocol.COUNTERS` are words 2 i and 2 i +
    1; the flips of each layer follow. Reset clears them too. A memory, because on an iCE40 that
    costs a fifth of what registers cost; its other half holds the identity, which as a table of
    logic takes 60 LUT4.

    Parameters
    ----------
    config : EngineConfig
    identity : bytes
        What HELLO says, from the address on whose highest bit alone is set.

    Members
    -------
    add : In(CountPort(config))
    clear : In(1)
        Set all counters to 0.
    addr : In(address_bits(config))
        Word to read.
    word : Out(16), registered
        The word at ``addr`` one cycle later, while not ``add.busy``.
    """

    def __init__(self, config, identity=b""):
        self.identity = identity
        self.count = len(COUNTERS) + config.max_layers
        super().__init__(
            {
                "add": In(CountPort(config)),
                "clear": In(1),
                "addr": In(address_bits(config)),
                "word": Out(WORD_BITS),
            }
        )

    def elaborate(self, platform):
        m = Module()
        pairs = zip(self.identity[::2], self.identity[1::2], strict=True)
        init = [0] * (1 << len(self.addr) - 1) + [low | high << 8 for low, high in pairs]
        m.submodules.words = words = memory.Memory(
            shape=WORD_BITS, depth=len(init), init=init, attrs=BLOCK_RAM
        )
        self._read, self._write = words.read_port(), words.write_port()
        self._pending, self._amount = Signal(len(COUNTERS) + 1), Signal(AMOUNT_BITS)
        self._index, self._layer = Signal(range(self.count)), Signal.like(self.add.layer)
        m.d.comb += [
            self._read.addr.eq(self.addr),
            self.word.eq(self._read.data),
            self._write.addr.eq(self._read.addr),
        ]
        add = self.add
        with m.If(add.post.any() | add.post_flips):
            m.d.sync += self._pending.eq(Cat(add.post, add.post_flips))
            m.d.sync += [self._amount.eq(add.amount), self._layer.eq(add.layer)]
        self._choose(m)
        self._add(m)
        return m

    def _choose(self, m):
        """Take the first counter that is pending."""
        flips = len(COUNTERS)
        m.d.comb += self._index.eq(flips + self._layer)
        for index in reversed(range(flips)):
            with m.If(self._pending[index]):
                m.d.comb += self._index.eq(index)

    def _add(self, m):
        first = self._pending & (~self._pending + 1)
        # Of the counter at hand, from registers: the addition behind them takes its time.
        index, by_amount = Signal.like(self._index), Signal()
        chosen_by_amount = (self._index < 3) | (self._index >= len(COUNTERS))
        carry, place = Signal(), Signal(range(2 * self.count))
        addend, total = Signal(WORD_BITS), Signal(WORD_BITS + 1)
        m.d.comb += [
            addend.eq(Mux(by_amount, self._amount[:WORD_BITS], 0)),
            total.eq(self._read.data + addend + carry),
            self._write.data.eq(total),
        ]
        with m.FSM(init="CLEAR") as fsm:
            m.d.comb += self.add.busy.eq(~fsm.ongoing("IDLE") | self._pending.any())
            with m.State("IDLE"):
                m.d.sync += [place.eq(0), index.eq(self._index), by_amount.eq(chosen_by_amount)]
                m.d.sync += carry.eq(~chosen_by_amount)
                with m.If(self._pending.any()):
                    m.d.comb += self._read.addr.eq(Cat(0, self._index))
                    m.next = "LOW"
                with m.If(self.clear):
                    m.next = "CLEAR"
            with m.State("LOW"):
                m.d.comb += [
                    self._write.addr.eq(Cat(0, index)),
                    self._write.en.eq(1),
                    self._read.addr.eq(Cat(1, index)),
                ]
                m.d.sync += carry.eq(total[WORD_BITS])
                m.next = "HIGH"
            with m.State("HIGH"):
                m.d.comb += [
                    self._write.addr.eq(Cat(1, index)),
                    self._write.en.eq(1),
                    addend.eq(Mux(by_amount, self._amount[WORD_BITS:], 0)),
                ]
                m.d.sync += self._pending.eq(self._pending & ~first)
                m.next = "IDLE"
            with m.State("CLEAR"):
                m.d.comb += [
                    self._write.addr.eq(place),
                    self._write.data.eq(0),
                    self._write.en.eq(1),
                ]
                m.d.sync += place.eq(place + 1)
                with m.If(place == 2 * self.count - 1):
                    m.next = "IDLE"
