"""Bench of TableReader, with a layer table of random fields as the data memory."""

import cocotb
from streams import cycle, generator, parameters, settled, start
from unit_config import CONFIG

from boldhw.config import FIELD_BITS, TABLE_ROWS
from boldhw.layout import TABLE

FIELDS, CYCLES = parameters()["fields"], parameters()["cycles"]
WIDTHS = {name: width for name, _, width in FIELDS}
SATURATING = ("window", "dead", "theta")


def random_field(rng, name):
    """A value within what the engine holds, or for some fields beyond it, limits often."""
    width = WIDTHS[name]
    limits = [0, 1, (1 << width) - 1]
    if name in SATURATING:
        return rng.choice([*limits, min(1 << width, 0xFFFF), 0xFFFF, rng.getrandbits(FIELD_BITS)])
    value = rng.choice([*limits, 1 << width - 1, rng.getrandbits(width)])
    negative = name == "tau" and value >> width - 1
    return value - (1 << width) & 0xFFFF if negative else value


def flattened(table, layer):
    """Return the fields of ``layer`` side by side, first one lowest."""
    total, low = 0, 0
    for name, below, width in FIELDS:
        value, largest = table[layer - below][name], (1 << width) - 1
        value = min(value, largest) if name in SATURATING else value & largest
        total |= value << low
        low += width
    return total


def memory_row(table, addr):
    """Return the word of four fields at ``addr``, zero behind the table."""
    layer, row = divmod(addr, TABLE_ROWS)
    names = TABLE[row] if layer < len(table) and row < len(TABLE) else ()
    return sum(table[layer][name] << at * FIELD_BITS for at, name in enumerate(names))


async def read_layer(dut, table, layer):
    """Run the reader until its last cycle; the memory answers a cycle behind the address."""
    dut.run.value, dut.layer.value = 1, layer
    for step in range(CYCLES):
        await settled(dut)
        assert int(dut.done.value) == (step == CYCLES - 1)
        answer = memory_row(table, int(dut.addr.value))
        await cycle(dut)
        dut.read_data.value = answer
    dut.run.value = 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def fields_match_the_table(dut):
    """Random tables, layers in random order, with and without idle cycles between them."""
    rng = generator("tables")
    await start(dut, run=0, layer=0, read_data=0)
    lowest = int(any(below for _, below, _ in FIELDS))
    for _ in range(2500):
        table = [{n: random_field(rng, n) for n in WIDTHS} for _ in range(CONFIG.max_layers)]
        layer = rng.randrange(lowest, CONFIG.max_layers)
        await read_layer(dut, table, layer)
        for _ in range(rng.choice([1, 1, 3])):
            await settled(dut)
            assert not int(dut.done.value)
            assert int(dut.fields.value) == flattened(table, layer)
            await cycle(dut)
