"""Memories of an engine that runs op lists: rows that are read, and written whole or in parts."""

from amaranth.hdl import Module
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.memory.memories import WRITTEN_FIRST
from boldhw.spec.geometry import FIELD_BITS


class RowMemory(wiring.Component):
    """Hold rows of bits; a read and a write a cycle.

    Parameters
    ----------
    width : int
        Bits of a row.
    rows : int
        Rows, 1 to 2 ** 16.
    latency : int
        Cycles of a read, 1 or more; the ones above 1 are registers of what was read.
    parts : int
        Parts of a row, all as wide, that are written each on its own.

    Members
    -------
    addr : In(FIELD_BITS)
        Row to read; bits that the rows do not need are not used.
    row : Out(width), registered
        The row at ``addr``.
    write : In(parts)
        Parts of ``write_row`` to write.
    write_addr : In(FIELD_BITS)
        Row to write.
    write_row : In(width)
        What is written.

    Latency
    -------
    ``latency`` cycles from ``addr`` to ``row``. A row that is read in the cycle in which it is
    written is not defined. Row r is written, then read, with a latency of 1::

        cycle         0     1     2
        write_addr    r
        write         1
        addr                r
        row                       new
    """

    def __init__(self, width, rows, latency=1, parts=1):
        self.width, self.rows, self.latency, self.parts = width, rows, latency, parts
        super().__init__({
            "addr": In(FIELD_BITS),
            "row": Out(width),
            "write": In(parts),
            "write_addr": In(FIELD_BITS),
            "write_row": In(width),
        })  # fmt: skip
        self.contents = memory.Memory(shape=width, depth=rows, init=(), attrs=WRITTEN_FIRST)

    def elaborate(self, platform):
        m = Module()
        m.submodules.rows = rows = self.contents
        granularity = self.width // self.parts if self.parts > 1 else None
        read, write = rows.read_port(), rows.write_port(granularity=granularity)
        m.d.comb += [
            read.addr.eq(self.addr),
            write.addr.eq(self.write_addr),
            write.data.eq(self.write_row),
            write.en.eq(self.write),
            self.row.eq(delay(m, read.data, self.latency - 1)),
        ]
        return m
