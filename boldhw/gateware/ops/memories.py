"""Memories of an engine that runs op lists: rows that are read, and written whole or in parts."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.memory.memories import WRITTEN_FIRST
from boldhw.gateware.platforms import has_large_blocks
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.ram import Ram


def rotated(value, width, places):
    """Return parts of ``width`` bits of a value, moved down by ``places``; the low ones come back.

    width: of a part; there are 2 ** len(places) of them.  places: Value.
    """
    for level, bit in enumerate(places):
        low = width << level
        value = Mux(bit, Cat(value[low:], value[:low]), value)
    return value


class RowMemory(wiring.Component):
    """Hold rows of bits; a read and a write a cycle, of one row for each plane.

    Row r is in bank r modulo D, so that rows next to each other are read and written together.
    Banks of few rows are LUT RAM on a device with block RAM of 18 kbit.

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
    planes : int
        D, banks: 1, 2, 4 or 8.

    Members
    -------
    addr : In(FIELD_BITS)
        First row to read; bits that the rows do not need are not used.
    row : Out(width * planes), registered
        The rows from ``addr`` on, the first one lowest; with a latency of 1 and several planes
        combinational from registers. Rows that are not there mean nothing.
    write : In(parts * planes)
        Parts of ``write_row`` to write, those of the first row lowest.
    write_addr : In(FIELD_BITS)
        First row to write.
    write_row : In(width * planes)
        What is written, the first row lowest.

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

    def __init__(self, width, rows, latency=1, parts=1, planes=1):
        self.width, self.rows, self.latency, self.parts = width, rows, latency, parts
        self.planes = planes
        super().__init__({
            "addr": In(FIELD_BITS),
            "row": Out(width * planes),
            "write": In(parts * planes),
            "write_addr": In(FIELD_BITS),
            "write_row": In(width * planes),
        })  # fmt: skip
        self.shape = Ram(width, rows, latency, parts, planes)
        self.banks = [
            memory.Memory(shape=width, depth=self.shape.depth, init=(), attrs=WRITTEN_FIRST)
            for _ in range(planes)
        ]

    def elaborate(self, platform):
        m = Module()
        bits = (self.planes - 1).bit_length()
        first, write_first = self.addr[:bits], self.write_addr[:bits]
        granularity = self.width // self.parts if self.parts > 1 else None
        # Bank b takes row (b - first) modulo D of those that are written.
        write_row, write = (
            rotated(value, width, (-write_first)[:bits])
            for value, width in ((self.write_row, self.width), (self.write, self.parts))
        )
        rows = []
        for index, bank in enumerate(self.banks):
            m.submodules[f"bank{index}" if self.planes > 1 else "rows"] = bank
            if self.shape.is_shallow and has_large_blocks(platform):
                bank.attrs["ram_style"] = "distributed"
            read, port = bank.read_port(), bank.write_port(granularity=granularity)
            m.d.comb += [
                read.addr.eq(self._address(self.addr, index, bits)),
                port.addr.eq(self._address(self.write_addr, index, bits)),
                port.data.eq(write_row[index * self.width :][: self.width]),
                port.en.eq(write[index * self.parts :][: self.parts]),
            ]
            rows.append(read.data)
        row = rotated(Cat(rows), self.width, delay(m, first, 1)) if bits else rows[0]
        m.d.comb += self.row.eq(delay(m, row, self.latency - 1))
        return m

    @staticmethod
    def _address(addr, bank, bits):
        """Return the address in a bank: those in front of the first row's have the next one."""
        return addr[bits:] + (bank < addr[:bits]) if bits else addr
