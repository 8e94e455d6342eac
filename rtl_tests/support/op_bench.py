"""Run ops on a unit of gateware, with its memories in Python.

A memory here answers reads with its latency and with random bits at all other times. It refuses
what the hardware cannot do: with one port a read and a write at once; with two ports a read of a
row that is being written, or was in the cycle before.
"""

from collections import deque

import numpy as np
from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import as_int

from boldhw.spec.ops.fields import OP_KIND, OP_ROWS

AT_MOST = 100_000  # cycles of an op


def to_ints(bits):
    """Return each row of bits as an integer, bit 0 lowest."""
    flat = np.ascontiguousarray(bits).reshape(len(bits), -1)
    packed = np.packbits(flat, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def to_bits(rows, shape):
    """Return rows of integers as bits of ``shape``, the inverse of ``to_ints``."""
    width = int(np.prod(shape[1:]))
    data = b"".join(row.to_bytes(-(-width // 8), "little") for row in rows)
    packed = np.frombuffer(data, np.uint8).reshape(len(rows), -1)
    return np.unpackbits(packed, axis=1, count=width, bitorder="little").astype(bool).reshape(shape)


def differing(found, expected):
    """Return the numbers of the rows that differ."""
    return [row for row, pair in enumerate(zip(found, expected, strict=True)) if len({*pair}) > 1]


def op_bits(op):
    """Return the values of an op side by side, as ``op_layout`` has them."""
    word, low = 0, 0
    for each in op.values():
        word |= (int(getattr(op, each.name)) & (1 << each.bits) - 1) << low
        low += each.bits
    return word


def as_kind(kind, op):
    """Return the values that a descriptor has when it is read as another kind, side by side."""
    fields = np.zeros(kind.size() * 4, int)
    own = op.encode().astype(int).reshape(-1)[: len(fields)]
    fields[: len(own)] = own
    word, low = 0, 0
    for each, field, first in kind.slots():
        if each not in (OP_KIND, OP_ROWS):
            word |= (int(fields[field]) >> first & (1 << each.bits) - 1) << low
            low += each.bits
    return word


class RowMemory:
    """Rows of integers behind ports ``RowRead`` and ``RowWrite`` of a unit.

    read, write   names of the ports, or None
    latency       cycles from an address to its row
    shared        reads and writes take turns at one port
    planes        rows of a request; those of several that are not there, or are being written, are
                  random
    """

    def __init__(
        self, dut, rng, rows, width, latency, shared, read="read", write="write", planes=1
    ):
        self.rng, self.rows, self.width, self.shared = rng, rows, width, shared
        self.planes, self.addresses = planes, 1 << (len(rows) - 1).bit_length()
        self.reads = self._handles(dut, read)
        self.writes = self._handles(dut, write)
        self.coming = deque([None] * latency)
        self.recent = deque([()] * 2, maxlen=2)

    @staticmethod
    def _handles(dut, port):
        if port is None:
            return None
        return [getattr(dut, f"{port}__{name}") for name in ("valid", "addr", "row")]

    def drive(self):
        """Put the rows that arrive in this cycle to the unit."""
        if self.reads:
            rows = self.coming.popleft() or [None] * self.planes
            values = [self.rng.getrandbits(self.width) if row is None else row for row in rows]
            self.reads[2].value = sum(row << self.width * n for n, row in enumerate(values))

    def sample(self):
        """Take what the unit asks for in this cycle."""
        written = []
        valid = as_int(self.writes[0]) if self.writes else 0
        for plane in range(self.planes):
            if not valid >> plane & 1:
                continue
            row = self._row(self.writes[1], plane)
            assert row < len(self.rows), f"row {row} is written"
            value = as_int(self.writes[2]) >> plane * self.width
            self.rows[row] = value & (1 << self.width) - 1
            written.append(row)
        self.recent.append(written)
        if self.reads:
            self.coming.append(self._read(written))

    def _row(self, addr, plane):
        """Return a row of a request; addresses of banks have no carry."""
        row = as_int(addr) + plane
        return row % self.addresses if self.planes > 1 else row

    def _read(self, written):
        if not as_int(self.reads[0]):
            return None
        addr = as_int(self.reads[1])
        if self.shared:
            assert not written, f"row {addr} is read while rows {written} are written"
        recent = [] if self.shared else [row for rows in self.recent for row in rows]
        rows = [self._row(self.reads[1], plane) for plane in range(self.planes)]
        if self.planes == 1:
            assert addr < len(self.rows), f"row {addr} is read"
            assert addr not in recent, f"row {addr} is read too soon after its write"
        there = [row < len(self.rows) and row not in recent for row in rows]
        return [self.rows[row] if ok else None for row, ok in zip(rows, there, strict=True)]


class PartMemory:
    """Rows of integers behind a port ``PartWrite``; parts: of a row."""

    def __init__(self, dut, rows, width, parts, write, planes=1):
        self.rows, self.bits, self.parts, self.planes = rows, width // parts, parts, planes
        self.write = [getattr(dut, f"{write}__{name}") for name in ("valid", "addr", "row")]

    def drive(self):
        """Nothing is read."""

    def sample(self):
        """Take what the unit writes in this cycle."""
        valid, addr, value = (as_int(handle) for handle in self.write)
        ones, width = (1 << self.bits) - 1, self.bits * self.parts
        for plane in range(self.planes):
            chosen = valid >> plane * self.parts & (1 << self.parts) - 1
            if not chosen:
                continue
            assert addr + plane < len(self.rows), f"row {addr + plane} is written"
            row = value >> plane * width
            mask = sum(ones << part * self.bits for part in range(self.parts) if chosen >> part & 1)
            self.rows[addr + plane] = self.rows[addr + plane] & ~mask | row & mask


class BlockMemory:
    """Weights behind ports: ``BlockWrite`` and any number of ``RowRead``; rows are integers."""

    def __init__(self, dut, rng, rows, size, reads, write="blocks"):
        self.size, self.rows = size, rows
        width = size.elements * size.lanes
        self.readers = [
            RowMemory(dut, rng, rows, width, size.read_latency, True, read, None) for read in reads
        ]
        names = ("valid", "addr", "granule", "block")
        self.write = [getattr(dut, f"{write}__{name}") for name in names]

    def drive(self):
        """Put the rows that arrive in this cycle to the unit."""
        for reader in self.readers:
            reader.drive()

    def sample(self):
        """Take what the unit asks for in this cycle; a row is not read as it is written."""
        valid, addr, granule, block = (as_int(port) for port in self.write)
        readers = sum(as_int(reader.reads[0]) for reader in self.readers)
        assert readers < 2, "two rows of weights are read at once"
        for reader in self.readers:
            reads = as_int(reader.reads[0]) and as_int(reader.reads[1]) == addr
            assert not (valid and reads), f"row {addr} is read as it is written"
            reader.sample()
        if valid:
            assert addr < len(self.rows), f"row {addr} of the weights is written"
            p, s, ones = self.size.elements, self.size.lanes, (1 << self.size.elements) - 1
            for element in range(p):
                place = element * s + granule * p
                word = block >> element * p & ones
                self.rows[addr] = self.rows[addr] & ~(ones << place) | word << place


async def cycle(dut, memories, port="op"):
    """Let one cycle pass; return whether the op ends in it."""
    for memory in memories:
        memory.drive()
    await ReadOnly()
    for memory in memories:
        memory.sample()
    done = as_int(getattr(dut, f"{port}__done"))
    await FallingEdge(dut.clk)
    return done


async def run_op(dut, memories, op, parts=(), port="op"):
    """Run an op; return its cycles from start to done, both included.

    parts: pairs of a port with a layout, and the op to hold there.  port: of the op.
    """
    for handle, each in ((getattr(dut, f"{port}__op"), op), *parts):
        handle.value = op_bits(each)
    begin = getattr(dut, f"{port}__start")
    assert not await cycle(dut, memories, port), "the unit is done before it begins"
    begin.value = 1
    assert not await cycle(dut, memories, port), "the unit is done before it begins"
    begin.value = 0
    for count in range(2, AT_MOST):
        if await cycle(dut, memories, port):
            for _ in range(2):  # with two ports the last row comes behind
                assert not await cycle(dut, memories, port), "the unit is done twice"
            return count
    raise AssertionError(f"the op runs for more than {AT_MOST} cycles")
