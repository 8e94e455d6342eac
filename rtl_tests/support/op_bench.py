"""Run ops on a unit of gateware, with its memories in Python.

A memory here answers reads with its latency and with random bits at all other times. It refuses
what the hardware cannot do: with one port a read and a write at once; with two ports a read of a
row that is being written, or was in the cycle before.
"""

from collections import deque

import numpy as np
from cocotb.triggers import FallingEdge, ReadOnly

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


class RowMemory:
    """Rows of integers behind ports ``RowRead`` and ``RowWrite`` of a unit.

    read, write   names of the ports, or None
    latency       cycles from an address to its row
    shared        reads and writes take turns at one port
    """

    def __init__(self, dut, rng, rows, width, latency, shared, read="read", write="write"):
        self.rng, self.rows, self.width, self.shared = rng, rows, width, shared
        self.reads = self._handles(dut, read)
        self.writes = self._handles(dut, write)
        self.coming = deque([None] * latency)
        self.recent = deque([None] * 2, maxlen=2)

    @staticmethod
    def _handles(dut, port):
        if port is None:
            return None
        return [getattr(dut, f"{port}__{name}") for name in ("valid", "addr", "row")]

    def drive(self):
        """Put the row that arrives in this cycle to the unit."""
        if self.reads:
            row = self.coming.popleft()
            self.reads[2].value = self.rng.getrandbits(self.width) if row is None else row

    def sample(self):
        """Take what the unit asks for in this cycle."""
        written = None
        if self.writes and int(self.writes[0].value):
            written = int(self.writes[1].value)
            assert written < len(self.rows), f"row {written} is written"
            self.rows[written] = int(self.writes[2].value)
        self.recent.append(written)
        if self.reads:
            self.coming.append(self._read(written))

    def _read(self, written):
        if not int(self.reads[0].value):
            return None
        addr = int(self.reads[1].value)
        assert addr < len(self.rows), f"row {addr} is read"
        if self.shared:
            assert written is None, f"row {addr} is read while row {written} is written"
        else:
            assert addr not in self.recent, f"row {addr} is read too soon after its write"
        return self.rows[addr]


class PartMemory:
    """Rows of integers behind a port ``PartWrite``; parts: of a row."""

    def __init__(self, dut, rows, width, parts, write):
        self.rows, self.bits, self.parts = rows, width // parts, parts
        self.write = [getattr(dut, f"{write}__{name}") for name in ("valid", "addr", "row")]

    def drive(self):
        """Nothing is read."""

    def sample(self):
        """Take what the unit writes in this cycle."""
        valid = int(self.write[0].value)
        if not valid:
            return
        addr, row = int(self.write[1].value), int(self.write[2].value)
        assert addr < len(self.rows), f"row {addr} is written"
        ones = (1 << self.bits) - 1
        mask = sum(ones << part * self.bits for part in range(self.parts) if valid >> part & 1)
        self.rows[addr] = self.rows[addr] & ~mask | row & mask


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
        valid, addr, granule, block = (int(port.value) for port in self.write)
        readers = sum(int(reader.reads[0].value) for reader in self.readers)
        assert readers < 2, "two rows of weights are read at once"
        for reader in self.readers:
            reads = int(reader.reads[0].value) and int(reader.reads[1].value) == addr
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
    done = int(getattr(dut, f"{port}__done").value)
    await FallingEdge(dut.clk)
    return done


async def run_op(dut, memories, op, parts=(), port="op"):
    """Run an op; return its cycles from start to done, both included.

    parts: pairs of a port with a layout, and the op to hold there.  port: of the op.
    """
    for handle, each in ((getattr(dut, f"{port}__op"), op), *parts):
        handle.value = op_bits(each)
    begin = getattr(dut, f"{port}__start")
    begin.value = 1
    assert not await cycle(dut, memories, port), "the unit is done before it begins"
    begin.value = 0
    for count in range(2, AT_MOST):
        if await cycle(dut, memories, port):
            for _ in range(2):  # with two ports the last row comes behind
                assert not await cycle(dut, memories, port), "the unit is done twice"
            return count
    raise AssertionError(f"the op runs for more than {AT_MOST} cycles")
