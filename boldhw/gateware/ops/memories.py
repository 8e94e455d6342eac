"""Memories of an engine that runs op lists: rows that are read, and written whole or in parts."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.memory.memories import WRITTEN_FIRST
from boldhw.gateware.memory.single_port import single_port_rams
from boldhw.gateware.platforms import has_large_blocks, is_up5k
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.memories import stack
from boldhw.spec.ops.ram import Ram


def rotated(value, width, places):
    """Return parts of ``width`` bits of a value, moved down by ``places``; the low ones come back.

    width: of a part; there are 2 ** len(places) of them.  places: Value.
    """
    for level, bit in enumerate(places):
        low = width << level
        value = Mux(bit, Cat(value[low:], value[:low]), value)
    return value


class RowBank(wiring.Component):
    """Hold the rows of a bank.

    On a device with block RAM of 18 kbit they are LUT RAM if they are few, else a stack of memories
    that lose no bits of their block RAMs, see :func:`boldhw.spec.memories.stack`. With one port an
    iCE40UP5K has single-port RAM primitives, which start with unknown contents.

    Parameters
    ----------
    shape : Ram
        Of the memory that it is a bank of.

    Members
    -------
    addr : In(FIELD_BITS)
        Row to read.
    row : Out(shape.width), registered
        The row at ``addr``.
    write : In(shape.parts)
        Parts of ``write_row`` to write.
    write_addr : In(FIELD_BITS)
        Row to write.
    write_row : In(shape.width)
        What is written.

    Latency
    -------
    1 cycle from ``addr`` to ``row``, whatever that of the memory is.
    """

    def __init__(self, shape):
        self.shape = shape
        super().__init__({
            "addr": In(FIELD_BITS),
            "row": Out(shape.width),
            "write": In(shape.parts),
            "write_addr": In(FIELD_BITS),
            "write_row": In(shape.width),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        addr, written = self.addr, self.write.any()
        if self.shape.ports == 1:
            addr = Mux(written, self.write_addr, addr)
        if self.shape.ports == 1 and is_up5k(platform):
            shape = self.shape.width, self.shape.depth
            m.d.comb += self.row.eq(single_port_rams(m, shape, addr, written, self.write_row))
        else:
            self._memories(m, platform, addr)
        return m

    def _memories(self, m, platform, addr):
        shape, parts, attributes = self.shape, [(0, self.shape.depth)], dict(WRITTEN_FIRST)
        if has_large_blocks(platform):
            if shape.is_shallow:
                attributes["ram_style"] = "distributed"
            else:
                parts = stack(shape.depth)
        granularity = shape.width // shape.parts if shape.parts > 1 else None
        row, was = 0, delay(m, addr, 1)
        for first, depth in parts:
            rows = memory.Memory(shape=shape.width, depth=depth, init=(), attrs=attributes)
            m.submodules[f"rows{first}"] = rows
            read, port = rows.read_port(), rows.write_port(granularity=granularity)
            low = (depth - 1).bit_length() if len(parts) > 1 else FIELD_BITS
            high, chosen = first >> low, self.write_addr[low:] == first >> low
            m.d.comb += [
                read.addr.eq(addr),
                port.addr.eq(self.write_addr if shape.ports > 1 else addr),
                port.data.eq(self.write_row),
                port.en.eq(Mux(chosen, self.write, 0)),
            ]
            row |= Mux(was[low:] == high, read.data, 0)
        m.d.comb += self.row.eq(row)


class RowMemory(wiring.Component):
    """Hold rows of bits; a read and a write a cycle, of one row for each plane.

    Row r is in bank r modulo D, so that rows next to each other are read and written together.

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
    ports : int
        1: what is read of a bank in a cycle in which it is written is not defined.
    aligned : bool
        The first one of several rows is a multiple of D, whatever the lowest bits of an address
        are: nothing is moved from bank to bank.

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

    def __init__(self, width, rows, latency=1, parts=1, planes=1, ports=2, aligned=False):
        self.width, self.rows, self.latency, self.parts = width, rows, latency, parts
        self.planes, self.aligned = planes, aligned
        super().__init__({
            "addr": In(FIELD_BITS),
            "row": Out(width * planes),
            "write": In(parts * planes),
            "write_addr": In(FIELD_BITS),
            "write_row": In(width * planes),
        })  # fmt: skip
        self.shape = Ram(width, rows, latency, parts, planes, ports, aligned)

    def elaborate(self, platform):
        m = Module()
        bits = (self.planes - 1).bit_length()
        moved = bits and not self.aligned
        first, write_first = self.addr[:bits], self.write_addr[:bits]
        # Bank b takes row (b - first) modulo D of those that are written.
        write_row, write = self.write_row, self.write
        if moved:
            write_row, write = (
                rotated(value, width, (-write_first)[:bits])
                for value, width in ((write_row, self.width), (write, self.parts))
            )
        rows = []
        for index in range(self.planes):
            m.submodules[f"bank{index}" if bits else "rows"] = bank = RowBank(self.shape)
            m.d.comb += [
                bank.addr.eq(self._address(self.addr, index, bits)),
                bank.write_addr.eq(self._address(self.write_addr, index, bits)),
                bank.write_row.eq(write_row[index * self.width :][: self.width]),
                bank.write.eq(write[index * self.parts :][: self.parts]),
            ]
            rows.append(bank.row)
        row = rotated(Cat(rows), self.width, delay(m, first, 1)) if moved else Cat(rows)
        m.d.comb += self.row.eq(delay(m, row, self.latency - 1))
        return m

    def _address(self, addr, bank, bits):
        """Return the address in a bank: those in front of the first row's have the next one."""
        if not bits or self.aligned:
            return addr[bits:]
        return addr[bits:] + (bank < addr[:bits])
