"""The performance counters, 32 bits each, and the identity, in a memory of 16-bit words."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.memory.memories import BLOCK_RAM, new_memory
from boldhw.spec import memories
from boldhw.spec.counters import WORD_BITS, address_bits
from boldhw.spec.protocol import COUNTERS

AMOUNT_BITS = 24  # of the largest number that is added at once


class CountPort(Signature):
    """Posts to the counters. Members are those of the side that posts.

    Parameters
    ----------
    config : EngineConfig
        Gives ``max_layers``.

    Members
    -------
    post : Out(len(COUNTERS))
        One bit per counter to add to, only while not ``busy``.
    post_flips : Out(1)
        Add ``amount`` to the flips of ``layer``, only while not ``busy``.
    amount : Out(AMOUNT_BITS)
        What is added to counters of cycles and of flips.
    layer : Out(range(config.max_layers + 1))
        Layer of the flips.
    busy : In(1), combinational
        The counters are being added to or cleared.
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
    :mod:`boldhw.spec.counters` has the places of their words. Reset clears them too. They are
    stored in a memory, which on an iCE40 costs a fifth of what registers cost; its other half holds
    the identity, which as a table of logic takes 60 LUT4.

    Parameters
    ----------
    config : EngineConfig
        Gives ``max_layers``.
    identity : bytes
        Contents of the reply to HELLO; its first word is stored at the address that has only the
        highest bit set.

    Members
    -------
    add : In(CountPort(config))
        What to add; ``busy`` is combinational, from registers only.
    clear : In(1)
        Set all counters to 0.
    addr : In(address_bits(config))
        Word to read.
    word : Out(WORD_BITS), registered
        The word at ``addr``, while not ``add.busy``.

    Latency
    -------
    A read takes 1 cycle; a post keeps ``add.busy`` high for 3 cycles per counter, a clear for one
    cycle per word. One counter, then a read of its low word::

        cycle       0     1     2     3     4     5
        add.post    1
        add.busy          1     1     1
        addr                            low
        word                                  new
    """

    def __init__(self, config, identity=b""):
        self.config = config
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
        m.submodules.words = words = new_memory(memories.counters(self.config), BLOCK_RAM, init)
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
