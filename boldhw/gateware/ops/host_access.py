"""Rows and words of all memories of an engine of op lists, for the command unit."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import data_delay
from boldhw.gateware.ops.link_ports import WordPort
from boldhw.gateware.ops.ports import SUM_BITS, HostPort, item_row
from boldhw.gateware.ports import DataPort
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import OpBank
from boldhw.spec.ops.ram import MEMORIES, has_item_rows, rams, unit_bits


class HostAccess(wiring.Component):
    """Give the memories to the data port, to the port of words, or to whoever reads scores.

    Parameters
    ----------
    size : ArraySize
        Gives the shapes of the memories.

    Members
    -------
    data : In(DataPort(LinkedArray(size)))
        Rows of the data memory; combinational.
    words : In(WordPort(LinkedArray(size)))
        Words of the other memories; combinational.
    scoring : In(1)
        The memories belong to none of the ports; scores are read.
    score_row : In(FIELD_BITS)
        Which score.
    host : Out(HostPort(size)), combinational
        All memories.

    Latency
    -------
    That of the memories; with two ports a word of a row that has several is a cycle later, long
    before a word has left the link. A load of a block, with a memory of one cycle::

        cycle         0     1     2     3
        words.load    1
        words.addr    b
        words.shift               1
        words.word          first first second
    """

    def __init__(self, size):
        self.size, self.config = size, LinkedArray(size)
        super().__init__({
            "data": In(DataPort(self.config)),
            "words": In(WordPort(self.config)),
            "scoring": In(1),
            "score_row": In(FIELD_BITS),
            "host": Out(HostPort(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        words, host, p = self.words, self.host, self.size.elements
        numbers = {name: number for number, name in enumerate(MEMORIES)}
        index, kept, addr = Signal(range(p)), Signal(FIELD_BITS), Signal(FIELD_BITS)
        self._go_on(m, index, kept)
        # With one port the address that rows are read at takes fewer cells than the kept one.
        weight, items = self._chosen(m, index, kept if self.size.dual_port else addr)
        # A word that is a row of its memory is read a cycle before it is at hand.
        ahead = Signal.like(index)
        onward = words.shift & ~words.write
        m.d.comb += ahead.eq(Mux(words.load, 0, Mux(onward, index + 1, index)))
        m.d.comb += [
            addr.eq(Mux(words.load | words.write, words.addr, kept)),
            host.memory.eq(numbers["data"]),
            host.addr.eq(self.data.addr),
            host.write.eq(self.data.write & ~self.scoring),
            host.data.eq(self.data.write_data[: self.size.data_width]),
            self.data.read_data.eq(host.rows["data"]),
        ]
        with m.If(self.scoring):
            m.d.comb += [host.memory.eq(numbers["score"]), host.addr.eq(self.score_row)]
        with m.Elif(words.used):
            m.d.comb += host.write.eq(words.write)
            with m.If(words.bank == OpBank.WEIGHTS):
                self._weights(m, numbers["weight"], addr, index)
                m.d.comb += words.word.eq(weight)
            with m.Elif(words.bank == OpBank.SCORES):
                # With two ports it comes some cycles later, too.
                m.d.comb += [
                    host.memory.eq(numbers["score"]),
                    host.addr.eq(addr * p + ahead),
                    host.data.eq(words.word_in[:SUM_BITS]),
                    words.word.eq(host.rows["score"]),
                ]
            with m.Else():
                item = unit_bits(self.size)  # counters are as wide, if there are any
                unit = words.bank == OpBank.UNITS
                m.d.comb += host.memory.eq(Mux(unit, numbers["unit"], numbers["counter"]))
                if has_item_rows(self.size):
                    m.d.comb += [
                        host.addr.eq(item_row(self.size, addr, ahead)),
                        host.data.eq(words.word_in[:item]),
                    ]
                else:
                    m.d.comb += [
                        host.addr.eq(addr),
                        host.data.eq(words.word_in[:item].replicate(p)),
                        host.keep.eq(~(Const(1) << index)),
                    ]
                m.d.comb += words.word.eq(Mux(unit, items[0], items[-1]))
        return m

    def _go_on(self, m, index, kept):
        """Go from word to word."""
        words = self.words
        with m.If(words.shift):
            m.d.sync += index.eq(Mux(index == self.size.elements - 1, 0, index + 1))
        with m.If(words.load):
            m.d.sync += [index.eq(0), kept.eq(words.addr)]

    def _chosen(self, m, index, block):
        """Return words of the rows that are read: of a block of weights, of units and counters.

        With two ports they are from registers, behind the choice among all words of a row.
        """
        size, rows = self.size, self.host.rows
        bits = size.granules.bit_length() - 1
        weight = rows["weight"].word_select(Cat(block[:bits], index), size.elements)
        items = [rows[name] for name in ("unit", "counter") if name in rams(size)]
        if not has_item_rows(size):
            items = [row.word_select(index, unit_bits(size)) for row in items]
        late = int(size.dual_port)
        return data_delay(m, weight, late), [data_delay(m, each, late) for each in items]

    def _weights(self, m, number, addr, index):
        """Write a word of a block, part of the row of an element."""
        host, words, p = self.host, self.words, self.size.elements
        bits = self.size.granules.bit_length() - 1
        part, row = addr[:bits], addr[bits:]
        granule = part if bits else 0
        place = Signal(range(p * self.size.granules))
        held = (index << bits) + granule
        m.d.comb += [
            place.eq(held),
            host.memory.eq(number),
            host.addr.eq(row),
            host.data.eq(words.word_in[:p].replicate(p * self.size.granules)),
            host.keep.eq(~(Const(1) << place)),
        ]
