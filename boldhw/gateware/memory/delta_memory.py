"""The delta memory: one row per unit, one column per gathered sample."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.memory.memories import WRITTEN_FIRST, new_memory
from boldhw.spec import memories


class DeltaMemory(wiring.Component):
    """Store three-valued signals sample by sample, read them unit by unit.

    A row has one column per gathered sample. A write puts one signal into the first column that is
    not filled, and 0 into all later ones, which clears the columns of an earlier update. It reads
    the row in its first cycle and stores it in the second.

    Parameters
    ----------
    config : EngineConfig
        Gives ``batch`` and ``signal_rows``; of an engine that trains.

    Members
    -------
    row : In(range(config.signal_rows))
        Row to read or to write.
    write : In(1)
        Write the signal into the row. The next write to the same row is two cycles later or more.
    sign : In(1)
        Sign of the signal, 1 for T.
    mask : In(1)
        0 makes the signal 0.
    filled : In(config.batch)
        Columns that hold a gathered sample, a run of ones from bit 0; one cycle after ``write``.
    signs : Out(config.batch), registered
        Signs of the row.
    masks : Out(config.batch), registered
        Masks of the row.

    Latency
    -------
    A read takes 1 cycle, a write 2; one access per cycle. A write to row r, then a read of it::

        cycle           0     1     2     3
        row             r     -     r
        write           1     0     0
        sign, mask      new
        filled                yes
        row r is                    new
        signs, masks          old         new
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
        (shape,) = memories.deltas(self.config)
        m.submodules.rows = rows = new_memory(shape, WRITTEN_FIRST)
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
        """Keep the filled columns, put ``new`` into the next one and zeros into the others."""
        first_free = ~self.filled & Cat(1, self.filled)
        return Cat(
            Mux(filled, bit, new & free)
            for filled, bit, free in zip(self.filled, old, first_free, strict=False)
        )


class TransposedDeltaMemory(wiring.Component):
    """Store three-valued signals of P samples at a time, and read those of all; unit by unit.

    A row has signs and masks of K samples, each in ``ceil(K / P)`` parts, signs first. Each part is
    a memory of its own, which makes a write of one part leave the others as they are.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements`` (P), ``batch`` (K) and ``signal_rows``; of an engine that trains.

    Members
    -------
    row : In(range(config.signal_rows))
        Row to read. Reading a row in the cycle in which it is written is not defined.
    write : In(1)
        Write ``word``.
    write_row : In(range(config.signal_rows))
        Row to write.
    write_part : In(range(2 * -(-config.batch // config.elements)))
        Part of the row: P samples' signs, or from the middle on their masks.
    word : In(config.elements)
        Signs or masks of one unit; the last part takes the low bits.
    signs : Out(config.batch), registered
        Signs of the row.
    masks : Out(config.batch), registered
        Masks of the row.

    Latency
    -------
    A read takes 1 cycle, a write 1; a read and a write per cycle. A write to row r, then a read of
    it::

        cycle           0     1     2
        write_row       r
        write           1     0
        row                   r
        signs, masks                new
    """

    def __init__(self, config):
        self.config = config
        p, k = config.elements, config.batch
        super().__init__(
            {
                "row": In(range(config.signal_rows)),
                "write": In(1),
                "write_row": In(range(config.signal_rows)),
                "write_part": In(range(2 * -(-k // p))),
                "word": In(p),
                "signs": Out(k),
                "masks": Out(k),
            }
        )

    def elaborate(self, platform):
        m = Module()
        words = []
        for part, shape in enumerate(memories.deltas(self.config)):
            m.submodules[shape.name] = rows = new_memory(shape, WRITTEN_FIRST)
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
