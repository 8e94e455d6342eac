"""Bench of TurnUnit with its turner against the golden op, on random memories."""

import cocotb
import numpy as np
from support.op_bench import PartMemory, RowMemory, differing, run_op, to_ints
from support.streams import generator, parameters, start

from boldhw.golden.ops import turn
from boldhw.golden.ops.memories import Memories
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles, load
from boldhw.spec.ops.kinds import Turn
from boldhw.spec.ops.nest import jumps
from boldhw.spec.ops.outputs import output_span

SIZE = ArraySize(**parameters())
P, S = SIZE.elements, SIZE.lanes


def op_of(rng, groups, lanes, columns, rows, gathered=0):
    """Return an op over a map of any spacing, or over slots, somewhere in the memories."""
    planes = 1 if gathered else SIZE.planes
    deep, spacing = ceil_div(groups, SIZE.granules), rng.choice((1, 1, 2, 3 if planes == 1 else 2))
    pitch = spacing * columns + rng.randint(0, 3)
    strides = [spacing * planes, spacing * deep * pitch, pitch]
    if gathered:
        strides, spacing = [deep + rng.randint(0, 4), 0, 1], 1
    counts = [ceil_div(columns, planes), rows, deep]
    reach = sum((count - 1) * stride for count, stride in zip(counts, strides, strict=True))
    reach += spacing * (planes - 1)
    wide = ceil_div(columns * rows, S)
    outputs = (groups - 1) * P + lanes
    steps = {f"jump{level}": jump for level, jump in enumerate(jumps(counts, strides))}
    return Turn(
        gathered=gathered,
        in_row=rng.randint(0, SIZE.data_rows - 1 - reach),
        groups=groups,
        lanes=lanes,
        columns=columns,
        rows=rows,
        planes=planes,
        stride=spacing,
        wide=wide,
        out_row=rng.randrange(
            0, SIZE.delta_rows - output_span(outputs, wide, SIZE.planes) + 1, SIZE.planes
        ),
        **steps,
    )


def random_op(rng):
    """Return an op of any kind."""
    groups, lanes = rng.choice((1, 1, 2, 3, 2 * SIZE.granules + 1)), rng.randint(1, P)
    if rng.random() < 0.3:
        return op_of(rng, groups, lanes, rng.randint(1, SIZE.batch), 1, gathered=1)
    return op_of(rng, groups, lanes, rng.randint(1, 7 + SIZE.planes), rng.randint(1, 6))


async def check(dut, cases):
    """Run ops with so many gathered samples each, and compare all rows of the delta memory."""
    memories, random = Memories(SIZE), np.random.default_rng(cocotb.RANDOM_SEED)
    memories.data[...] = random.random(memories.data.shape) < 0.5
    memories.deltas[...] = random.random(memories.deltas.shape) < 0.5
    data = RowMemory(
        dut, generator("junk"), to_ints(memories.data), SIZE.data_width, SIZE.read_latency,
        not SIZE.dual_port, write=None, planes=SIZE.planes,
    )  # fmt: skip
    rows, parts = to_ints(memories.deltas), 2 * SIZE.granules
    deltas = PartMemory(dut, rows, 2 * S, parts, "delta_write", SIZE.planes)
    await start(dut, op__start=0)
    for op, count in cases:
        memories.count = dut.active_samples.value = count
        turn.run(memories, op)
        spent = load(len(op.encode()), op, SIZE)
        assert await run_op(dut, [data, deltas], op) + spent == cycles([op], SIZE)[0], op
        assert not differing(deltas.rows, to_ints(memories.deltas)), op


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_ops(dut):
    """Maps of any size and spacing, and slots of which some are empty."""
    rng, cases = generator("ops"), []
    for _ in range(60 + 30 * SIZE.planes):
        op = random_op(rng)
        cases.append((op, rng.randint(0, op.columns if op.gathered else SIZE.batch)))
    await check(dut, cases)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """One place; full blocks and full rows; one output; slots that are empty, and all full."""
    rng = generator("edges")
    cases = [
        (op_of(rng, 1, 1, 1, 1), 0),
        (op_of(rng, 1, P, 1, 1), 0),
        (op_of(rng, SIZE.granules + 1, 1, P, 1), 0),
        (op_of(rng, SIZE.granules, P, S, 1), 0),
        (op_of(rng, 1, P, S, 2), 0),
        (op_of(rng, 2, P, 1, S + 1), 0),
        (op_of(rng, 2, 1, SIZE.batch, 1, gathered=1), 0),
        (op_of(rng, 2, 1, SIZE.batch, 1, gathered=1), 1),
        (op_of(rng, SIZE.granules + 1, P, SIZE.batch, 1, gathered=1), SIZE.batch),
    ]
    await check(dut, cases)
