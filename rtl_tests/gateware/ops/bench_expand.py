"""Bench of ExpandUnit against the golden op, on random memories."""

import cocotb
import numpy as np
from support.op_bench import RowMemory, differing, run_op, to_ints
from support.streams import generator, parameters, start

from boldhw.golden.ops import expand
from boldhw.golden.ops.memories import Memories
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles, load
from boldhw.spec.ops.kinds import Expand

SIZE = ArraySize(**parameters())
HALF = SIZE.data_rows // 2  # maps are read below, and written above


def op_of(rng, groups, pool, stride, shape, front=0, flushed=0):
    """Return an op over maps somewhere in the memory. shape: rows and columns of squares."""
    rows, columns = shape
    deep = ceil_div(groups, SIZE.granules)
    in_pitch = columns + rng.randint(0, 2)
    made = (columns * pool - 1) * stride + 1
    lines = (rows * pool - 1) * stride + 1
    pitch = ceil_div(made + flushed, SIZE.planes) * SIZE.planes
    return Expand(
        pool=pool,
        stride=stride,
        in_row=rng.randint(0, HALF - rows * deep * in_pitch),
        in_pitch=in_pitch,
        index_row=rng.randint(0, HALF - rows * deep * in_pitch),
        out_row=rng.randint(HALF + front, SIZE.data_rows - lines * deep * pitch),
        out_pitch=pitch,
        front=front,
        groups=groups,
        columns=columns * pool,
        rows=rows * pool,
    )


def random_op(rng):
    """Return an op of any kind; all numbers of groups occur."""
    groups = rng.choice([*range(1, SIZE.granules + 2), 2 * SIZE.granules])
    pool, stride = rng.choice((1, 2)), rng.choice((1, 1, 2, 3 if SIZE.planes == 1 else 2))
    shape = rng.randint(1, 3), rng.randint(1, 2 * SIZE.planes + 2)
    return op_of(rng, groups, pool, stride, shape, rng.choice((0, 1, 3)), rng.choice((0, 1, 4)))


async def check(dut, ops):
    """Run ops one after the other and compare all rows."""
    memories, random = Memories(SIZE), np.random.default_rng(cocotb.RANDOM_SEED)
    memories.data[...] = random.random(memories.data.shape) < 0.5
    memory = RowMemory(
        dut, generator("junk"), to_ints(memories.data), SIZE.data_width, SIZE.read_latency,
        not SIZE.dual_port, planes=SIZE.planes,
    )  # fmt: skip
    await start(dut, op__start=0)
    for op in ops:
        expand.run(memories, op)
        spent = load(len(op.encode()), op, SIZE)
        assert await run_op(dut, [memory], op) + spent == cycles([op], SIZE)[0], op
        assert not differing(memory.rows, to_ints(memories.data)), op


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_ops(dut):
    rng = generator("ops")
    await check(dut, [random_op(rng) for _ in range(80 * SIZE.planes)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """One place; one square; no flushed pixels; many; the largest front; squares far apart."""
    rng = generator("edges")
    ops = [
        op_of(rng, 1, 1, 1, (1, 1)),
        op_of(rng, 1, 2, 1, (1, 1)),
        op_of(rng, SIZE.granules, 2, 1, (2, 3)),
        op_of(rng, SIZE.granules + 1, 1, 1, (2, 3), flushed=2 * SIZE.granules),
        op_of(rng, 1, 2, 1, (2, 2), front=255, flushed=SIZE.granules),
        op_of(rng, 1, 1, 63 if SIZE.planes == 1 else 2, (1, 2)),
    ]
    await check(dut, [*ops, *ops])
