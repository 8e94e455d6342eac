"""Bench of CountUnit against the golden op, on random memories."""

import cocotb
import numpy as np
from support.op_bench import PartMemory, RowMemory, differing, run_op, to_ints
from support.op_memories import BITS, counters_of
from support.streams import generator, parameters, start

from boldhw.golden.ops import count
from boldhw.golden.ops.memories import Memories
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles, load
from boldhw.spec.ops.kinds import Count, Part
from boldhw.spec.ops.plain import limits_of
from boldhw.spec.ops.ram import items
from boldhw.spec.ops.reads import count_jump

SIZE = ArraySize(**parameters())
P = SIZE.elements
PARTS = limits_of(SIZE, Count).get("part", (min(Part), max(Part)))  # the first and the last one


def op_of(rng, groups, shape, **fixed):
    """Return an op over a map somewhere in the memory. shape: rows, columns."""
    rows, columns = shape
    pitch = columns + rng.randint(0, 2)
    values = {
        "part": rng.choice([part for part in Part if PARTS[0] <= part <= PARTS[1]]),
        "lanes": rng.randint(1, P),
        "in_row": rng.randint(0, SIZE.data_rows - rows * ceil_div(groups, SIZE.granules) * pitch),
        "pitch": pitch,
        "counter_row": rng.randint(0, SIZE.counter_rows - groups),
        "jump": count_jump(pitch, groups, columns, SIZE),
    }
    return Count(groups=groups, columns=columns, rows=rows, **values | fixed)


async def check(dut, ops):
    """Run ops one after the other and compare all counters."""
    memories, random = Memories(SIZE), np.random.default_rng(cocotb.RANDOM_SEED)
    memories.data[...] = random.random(memories.data.shape) < 0.5
    memories.counters[...] = random.integers(-40, 40, memories.counters.shape)
    rng, late, rows = generator("junk"), SIZE.read_latency, counters_of(memories, SIZE)
    served = [
        RowMemory(
            dut, rng, to_ints(memories.data), SIZE.data_width, late, True, "read", None, SIZE.planes
        ),
        RowMemory(dut, rng, rows, BITS * items(SIZE), late, True, "counters", None),
        PartMemory(dut, rows, BITS * items(SIZE), items(SIZE), "counter_write"),
    ]
    await start(dut, op__start=0)
    for op in ops:
        count.run(memories, op)
        spent = load(len(op.encode()), op, SIZE)
        assert await run_op(dut, served, op) + spent == cycles([op], SIZE)[0], op
        assert not differing(rows, counters_of(memories, SIZE)), op


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_ops(dut):
    rng, granules = generator("ops"), SIZE.granules
    groups = [*range(1, granules + 2), 2 * granules, 2 * granules + 1]
    await check(dut, [
        op_of(rng, rng.choice(groups), (rng.randint(1, 4), rng.randint(1, 5))) for _ in range(130)
    ])  # fmt: skip


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """One place, of one group and of many; one lane; the same counters again, below 0 as well."""
    rng, many = generator("edges"), 2 * SIZE.granules + 1
    await check(dut, [
        op_of(rng, 1, (1, 1), counter_row=0, lanes=1),
        op_of(rng, many, (1, 1), counter_row=0, lanes=P),
        *(op_of(rng, 2, (4, 5), counter_row=1, part=PARTS[1]) for _ in range(4)),
        op_of(rng, SIZE.granules, (1, 5), part=Part.SECOND, lanes=1),
    ])  # fmt: skip
