"""Bench of RowMemory against a list of rows."""

from collections import deque

import cocotb
from cocotb.triggers import ReadOnly
from support.streams import cycle, generator, parameters, start

GIVEN = parameters()
WIDTH, ROWS, LATE, PARTS = (GIVEN[name] for name in ("width", "rows", "latency", "parts"))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_accesses(dut):
    """All parts, some and none are written; a row is not read while it is written."""
    rng, rows, bits = generator("rows"), [None] * ROWS, WIDTH // PARTS
    await start(dut, addr=0, write=0, write_addr=0, write_row=0)
    coming = deque([None] * LATE)
    for number in range(3000):
        target = number if number < ROWS else rng.randrange(ROWS)
        write = (1 << PARTS) - 1 if number < ROWS else rng.choice((0, rng.getrandbits(PARTS)))
        row, addr = rng.getrandbits(WIDTH), rng.choice([n for n in range(ROWS) if n != target])
        dut.addr.value, dut.write.value = addr, write
        dut.write_addr.value, dut.write_row.value = target, row
        await ReadOnly()
        expected = coming.popleft()
        assert expected is None or int(dut.row.value) == expected
        coming.append(rows[addr])
        mask = sum((1 << bits) - 1 << n * bits for n in range(PARTS) if write >> n & 1)
        rows[target] = (
            None
            if rows[target] is None and not write
            else ((rows[target] or 0) & ~mask | row & mask)
        )
        await cycle(dut)
