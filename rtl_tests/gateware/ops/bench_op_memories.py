"""Bench of RowMemory against a list of rows."""

from collections import deque

import cocotb
from cocotb.triggers import ReadOnly
from support.streams import cycle, generator, parameters, start

GIVEN = parameters()
WIDTH, ROWS, LATE, PARTS, PLANES = (
    GIVEN[name] for name in ("width", "rows", "latency", "parts", "planes")
)
BITS = WIDTH // PARTS
STEP = PLANES if GIVEN.get("aligned") else 1  # from a first row to the next one


def written(rows, addr, write, row):
    """Write parts of rows from ``addr`` on; rows of which no part is known stay unknown."""
    for plane in range(PLANES):
        chosen = write >> plane * PARTS & (1 << PARTS) - 1
        mask = sum((1 << BITS) - 1 << n * BITS for n in range(PARTS) if chosen >> n & 1)
        if chosen:
            own = row >> plane * WIDTH & (1 << WIDTH) - 1
            rows[addr + plane] = (rows[addr + plane] or 0) & ~mask | own & mask


def span(addr):
    """Return the numbers of the rows of a request."""
    return range(addr, min(addr + PLANES, ROWS))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_accesses(dut):
    """All rows and parts, some and none are written, from any row on, up to the last one.

    A row that is read while it is written is not compared.
    """
    rng, rows = generator("rows"), [None] * ROWS
    await start(dut, addr=0, write=0, write_addr=0, write_row=0)
    coming = deque([[]] * LATE)
    for number in range(3000):
        first = number < ROWS
        target = number if first else rng.randrange(ROWS)
        write = (1 << PARTS) - 1 if first else rng.choice((0, rng.getrandbits(PARTS * PLANES)))
        if first:
            write <<= PARTS * (target % STEP)
        target -= target % STEP
        write &= (1 << PARTS * len(span(target))) - 1
        row, addr = rng.getrandbits(WIDTH * PLANES), rng.randrange(0, ROWS, STEP)
        dut.addr.value, dut.write.value = addr, write
        dut.write_addr.value, dut.write_row.value = target, row
        await ReadOnly()
        found = str(dut.row.value)  # rows that are not there are X
        for plane, expected in enumerate(coming.popleft()):
            own = found[(PLANES - 1 - plane) * WIDTH :][:WIDTH]
            assert expected is None or int(own, 2) == expected, (number, plane)
        hidden = {
            each for each in span(target) if write >> (each - target) * PARTS & (1 << PARTS) - 1
        }
        if GIVEN.get("ports") == 1 and hidden:
            hidden |= set(span(addr))
        coming.append([None if each in hidden else rows[each] for each in span(addr)])
        written(rows, target, write, row)
        await cycle(dut)
