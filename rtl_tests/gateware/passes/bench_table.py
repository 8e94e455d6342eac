"""Bench of TableReader, with a layer table of random fields as the data memory."""

import cocotb
from support.streams import as_int, cycle, generator, parameters, settled, start
from support.unit_config import CONFIG

from boldhw.spec.engine import TABLE_ROWS
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.table import PASS_ROWS

FIELDS = parameters()["fields"]
PASSES = list(FIELDS)
LATENCY = parameters()["latency"]
AHEAD = parameters()["ahead"]  # cycles from the end of a run to the last row
ROW_BITS = 4 * FIELD_BITS


def random_table(rng):
    """Rows of all layers; limits of a field often."""
    fields = (0, 1, 0xFFFF, 0x8000, rng.getrandbits(FIELD_BITS))
    return [
        sum(rng.choice(fields) << FIELD_BITS * column for column in range(4))
        for _ in range(CONFIG.max_layers * TABLE_ROWS)
    ]


def flattened(table, which, layer):
    """Return the fields of a pass side by side, first one lowest."""
    total, low = 0, 0
    for row, column, width in FIELDS[which]:
        word = table[layer * TABLE_ROWS + PASSES.index(which) * PASS_ROWS + row]
        total |= (word >> FIELD_BITS * column & (1 << width) - 1) << low
        low += width
    return total


async def read_layer(dut, table, which, layer):
    """Run the reader until all rows are there; the memory answers LATENCY cycles behind."""
    open_ = getattr(dut, f"{which}__open")
    open_.value, getattr(dut, f"{which}__layer").value = 1, layer
    await cycle(dut)
    open_.value, getattr(dut, f"{which}__layer").value = 0, 0
    answers, last = [0] * (LATENCY - 1), PASS_ROWS - 2 + LATENCY - AHEAD
    for step in range(last + AHEAD + 1):
        await settled(dut)
        for name in PASSES:
            assert as_int(getattr(dut, f"{name}__done")) == (step == last)
            assert as_int(getattr(dut, f"{name}__reading")) == (step <= last)
        answers.append(table[as_int(dut.addr) % len(table)])
        await cycle(dut)
        dut.read_data.value = answers.pop(0)


async def begin(dut):
    ports = [f"{name}__{member}" for name in PASSES for member in ("open", "layer")]
    await start(dut, read_data=0, **dict.fromkeys(ports, 0))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def fields_match_the_table(dut):
    """Random tables, passes and layers in random order, with and without idle cycles between."""
    rng = generator("tables")
    await begin(dut)
    for _ in range(3000):
        table, which = random_table(rng), rng.choice(PASSES)
        layer = rng.randrange(CONFIG.max_layers)
        await read_layer(dut, table, which, layer)
        for _ in range(rng.choice([1, 1, 3])):
            await settled(dut)
            assert not as_int(getattr(dut, f"{which}__done"))
            assert as_int(dut.addr) == 0
            assert as_int(getattr(dut, f"{which}__fields")) == flattened(table, which, layer)
            await cycle(dut)
            dut.read_data.value = rng.getrandbits(ROW_BITS)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def every_layer_in_order(dut):
    """As the passes ask: forward and update up, backward down."""
    rng = generator("order")
    await begin(dut)
    layers = list(range(CONFIG.max_layers))
    for _ in range(200):
        table = random_table(rng)
        for which, order in (("forward", layers), ("backward", layers[::-1]), ("update", layers)):
            for layer in order:
                await read_layer(dut, table, which, layer)
                await settled(dut)
                fields = as_int(getattr(dut, f"{which}__fields"))
                assert fields == flattened(table, which, layer)
                await cycle(dut)
