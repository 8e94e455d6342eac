"""The signal memory: one row per unit, one column per gathered sample."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.memory.memories import WRITTEN_FIRST


class SignalMemory(wiring.Component):
    """Store three-valued signals sample by sample, read them unit by unit.

    ``filled`` has a 1 for every column that holds a gathered sample. A write puts one signal into
    the first column that is not filled, and 0 into all columns behind it, so that no column of an
    earlier update survives. Writes take one cycle each, in two stages: two writes to one row need
    two cycles between them. A read takes one cycle.

    Members
    -------
    row : row to read or to write.
    write, sign, mask : write this signal into the row.
    filled : K bits, a run of ones from bit 0.
    signs, masks : K bits each of the row read one cycle before.
    """

    def __init__(self, config):
        self.config = config
        k = config.batch
        super().__init__(
            {
                "row": In(range(config.signal_rows)),
                "write": In(1),
                "sign": In(1),
                "mask": In(1),
                "filled": In(k),
                "signs": Out(k),
                "masks": Out(k),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.rows = rows = memory.Memory(
            shape=2 * self.config.batch, depth=self.config.signal_rows, init=[], attrs=WRITTEN_FIRST
        )
        read, write = rows.read_port(), rows.write_port()
        sign, mask = Signal(), Signal()
        m.d.comb += [read.addr.eq(self.row), Cat(self.signs, self.masks).eq(read.data)]
        m.d.sync += [
            write.addr.eq(self.row),
            write.en.eq(self.write),
            sign.eq(self.sign),
            mask.eq(self.mask),
        ]
        m.d.comb += write.data.eq(
            Cat(self._insert(self.signs, sign), self._insert(self.masks, mask))
        )
        return m

    def _insert(self, old, new):
        """Keep the filled columns, put ``new`` behind them and zeros behind that."""
        first_free = ~self.filled & Cat(1, self.filled)
        return Cat(
            Mux(filled, bit, new & free)
            for filled, bit, free in zip(self.filled, old, first_free, strict=False)
        )


class TurnedSignalMemory(wiring.Component):
    """Store three-valued signals of P samples at a time, and read those of all; unit by unit.

    A row has signs and masks of K samples, each in ``ceil(K / P)`` parts, signs first. Latency of a
    read is 1 cycle. Reading a row in the cycle in which it is written is not defined.

    Members
    -------
    row : row to read.
    write, write_row, write_part, word : write P samples' signs or masks of one unit.
    signs, masks : K bits each of the row read one cycle before.
    """

    def __init__(self, config):
        self.config = config
        p, k = config.elements, config.batch
        parts = -(-k // p)
        self.widths = 2 * [min(p, k - part * p) for part in range(parts)]
        super().__init__(
            {
                "row": In(range(config.signal_rows)),
                "write": In(1),
                "write_row": In(range(config.signal_rows)),
                "write_part": In(range(2 * parts)),
                "word": In(p),
                "signs": Out(k),
                "masks": Out(k),
            }
        )

    def elaborate(self, platform):
        m = Module()
        words = []
        for part, width in enumerate(self.widths):
            m.submodules[f"part{part}"] = rows = memory.Memory(
                shape=width, depth=self.config.signal_rows, init=[], attrs=WRITTEN_FIRST
            )
            read, write = rows.read_port(), rows.write_port()
            m.d.comb += [
                read.addr.eq(self.row),
                write.addr.eq(self.write_row),
                write.data.eq(self.word),
                write.en.eq(self.write & (self.write_part == part)),
            ]
            words.append(read.data)
        m.d.comb += Cat(self.signs, self.masks).eq(Cat(words))
        return m
