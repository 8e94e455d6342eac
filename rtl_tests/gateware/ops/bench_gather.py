"""Bench of GatherUnit against the golden op, on random memories."""

from dataclasses import replace

import cocotb
import numpy as np
from support.op_bench import RowMemory, differing, run_op, to_ints
from support.streams import generator, parameters, start

from boldhw.golden.ops import gather
from boldhw.golden.ops.memories import Memories
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles, load
from boldhw.spec.ops.kinds import Gather
from boldhw.spec.ops.nest import jumps

SIZE = ArraySize(**parameters())
SLOT, SLOTS = 24, 6  # rows of a slot; the last rows of the memory are slots
FIRST = SIZE.data_rows - SLOT * SLOTS


def random_op(rng, counts=None):
    """Return an op that reads any rows in front of the slots."""
    counts = counts or [rng.choice((1, 1, 2, 3)) for _ in range(3)]
    counts = counts if np.prod(counts) <= SLOT else [SLOT, 1, 1]
    strides = [rng.randint(-3, 4) for _ in counts]
    moves = [(count - 1) * stride for count, stride in zip(counts, strides, strict=True)]
    low, high = sum(min(0, move) for move in moves), sum(max(0, move) for move in moves)
    steps = {f"jump{level}": jump for level, jump in enumerate(jumps(counts, strides))}
    return Gather(
        in_row=rng.randint(-low, FIRST - high - 1),
        across=counts[0],
        words=counts[1],
        down=counts[2],
        out_row=FIRST + rng.randint(0, SLOT - int(np.prod(counts))),
        slot=SLOT,
        **steps,
    )


async def check(dut, ops):
    """Run ops into slots, each at random."""
    rng = generator(f"{len(ops)}")
    memories = Memories(SIZE)
    memories.data[...] = np.random.default_rng(cocotb.RANDOM_SEED).random(memories.data.shape) < 0.5
    memory = RowMemory(
        dut, rng, to_ints(memories.data), SIZE.data_width, SIZE.read_latency, not SIZE.dual_port
    )
    await start(dut, op__start=0)
    for op in ops:
        memories.count = dut.active_samples.value = rng.randrange(SLOTS)
        gather.run(memories, op)
        spent = load(len(op.encode()), op, SIZE)
        assert await run_op(dut, [memory], op) + spent == cycles([op], SIZE)[0], op
        assert not differing(memory.rows, to_ints(memories.data)), op


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_ops(dut):
    """Nests of any shape, some with rows that are read twice."""
    rng = generator("ops")
    await check(dut, [random_op(rng) for _ in range(250)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def one_row_and_a_full_slot(dut):
    """Ops of a single row, ops that fill a slot, and ops from the first rows."""
    rng = generator("edges")
    ops = [random_op(rng, counts) for counts in ([1, 1, 1], [SLOT, 1, 1], [1, 1, 1], [4, 3, 2])]
    again = replace(ops[0], in_row=0)
    await check(dut, [*ops, again, replace(again, in_row=1)])
