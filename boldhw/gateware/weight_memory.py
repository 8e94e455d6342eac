"""The weight memory: rows of P operand words, written in blocks of P x P bits."""

from amaranth.hdl import Array, Cat, Module
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.memories import BLOCK_RAM


class WeightMemory(wiring.Component):
    """Hold weight planes and transposed planes; read a whole row, write one block.

    A row has P banks of S bits. Block t of a row is bits ``t * P .. t * P + P - 1`` of every bank.
    Latency of a read is 1 cycle. Reading a row in the cycle in which it is written is not defined:
    the schedule never does. The memory is zero after configuration.

    Members
    -------
    read_row : row to read.
    row : the row's P * S bits, bank 0 lowest, one cycle later.
    read_block : which block of ``row`` stands at ``block``, combinationally.
    block : P words of P bits.
    write, write_row, write_block, write_data : store P words of P bits.
    """

    def __init__(self, config):
        self.config = config
        p, s = config.elements, config.lanes
        super().__init__(
            {
                "read_row": In(range(config.weight_rows)),
                "row": Out(p * s),
                "read_block": In(range(config.subwords)),
                "block": Out(p * p),
                "write": In(1),
                "write_row": In(range(config.weight_rows)),
                "write_block": In(range(config.subwords)),
                "write_data": In(p * p),
            }
        )

    def elaborate(self, platform):
        m = Module()
        p, s, blocks = self.config.elements, self.config.lanes, self.config.subwords

        m.submodules.rows = rows = memory.Memory(
            shape=p * s, depth=self.config.weight_rows, init=[], attrs=BLOCK_RAM
        )
        read = rows.read_port()
        write = rows.write_port(granularity=p)
        words = [self.write_data.word_select(bank, p) for bank in range(p)]
        choice = self.write << self.write_block
        m.d.comb += [
            read.addr.eq(self.read_row),
            self.row.eq(read.data),
            write.addr.eq(self.write_row),
            write.data.eq(Cat(word.replicate(blocks) for word in words)),
            write.en.eq(choice[:blocks].replicate(p)),
        ]
        banks = [self.row.word_select(bank, s) for bank in range(p)]
        candidates = [Cat(bank.word_select(t, p) for bank in banks) for t in range(blocks)]
        m.d.comb += self.block.eq(Array(candidates)[self.read_block])
        return m
