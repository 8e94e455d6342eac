"""Bench of FlipUnit with its turner against the golden op, on random memories."""

from dataclasses import replace

import cocotb
import numpy as np
from support.op_bench import BlockMemory, PartMemory, RowMemory, differing, run_op, to_ints
from support.op_flips import op_of, part_of
from support.streams import generator, parameters, start

from boldhw.golden.ops import flip
from boldhw.golden.ops.memories import Memories
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.kinds import Turned

SIZE = ArraySize(**parameters())
P, S = SIZE.elements, SIZE.lanes
BITS = 32  # of a counter


def random_case(rng):
    """Return an op of any kind and its segment."""
    turned = rng.choice(list(Turned))
    outputs = rng.choice((1, P - 1, P, P + 1, 2 * P + 1))
    return case_of(rng, turned, outputs, balanced=rng.randint(0, 1), clears=rng.randint(0, 1))


def case_of(rng, turned, outputs, **fixed):
    part = part_of(rng, SIZE, turned)
    values = {
        "theta": rng.choice((1, 2, 5, 200, 65535)),
        "decay": rng.choice((0, 300, 65535)),
        "rounding": rng.randint(0, 7),
        "mean_row": rng.randint(0, SIZE.unit_rows // 2),
        "balance_row": rng.randint(1, SIZE.counter_rows // 2),
        "counter_row": 0,
        "acc_row": rng.randint(0, 9),
    }
    return op_of(rng, SIZE, part, turned, outputs, **values | fixed), part


def counters_of(memories):
    """Return the rows of counters as integers."""
    bits = memories.counters[..., None] >> np.arange(BITS) & 1
    return to_ints(bits.astype(bool))


def units_of(memories):
    """Return the rows of units as integers."""
    return to_ints((memories.units[..., None] >> np.arange(16) & 1).astype(bool))


async def check(dut, cases):
    """Run ops one after the other and compare all memories."""
    memories, random = Memories(SIZE), np.random.default_rng(cocotb.RANDOM_SEED)
    for bits in (memories.data, memories.weights):
        bits[...] = random.random(bits.shape) < 0.5
    memories.units[...] = random.integers(-300, 300, memories.units.shape)
    memories.counters[...] = random.integers(-40, 40, memories.counters.shape)
    rng, late = generator("junk"), SIZE.read_latency
    data = RowMemory(dut, rng, to_ints(memories.data), SIZE.data_width, late, not SIZE.dual_port)
    weights = BlockMemory(dut, rng, to_ints(memories.weights), SIZE, ["weights"])
    units = RowMemory(dut, rng, units_of(memories), 32 * P, late, True, "units", None)
    rows = counters_of(memories)
    counters = PartMemory(dut, rows, BITS * P, P, "counter_write")
    reader = RowMemory(dut, rng, rows, BITS * P, late, True, "counters", None)
    await start(dut, op__start=0)
    for op, part in cases:
        flip.run(memories, op, part)
        load = len(op.encode()) + len(part.encode()) + 1
        found = await run_op(dut, [data, weights, units, reader, counters], op, [(dut.parts, part)])
        assert found + load == cycles([part, op], SIZE)[1], (op, part)
        assert not differing(weights.rows, to_ints(memories.weights)), (op, part)
        assert not differing(data.rows, to_ints(memories.data)), (op, part)
        assert not differing(counters.rows, counters_of(memories)), (op, part)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_ops(dut):
    rng = generator("ops")
    await check(dut, [random_case(rng) for _ in range(40)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """One output; whole blocks; several words of outputs; a theta that nothing reaches."""
    rng = generator("edges")
    cases = [
        case_of(rng, Turned.KERNEL, outputs)
        for outputs in (1, P, SIZE.granules * P, SIZE.granules * P + 1)
    ]
    cases += [case_of(rng, Turned.PLACES, outputs) for outputs in (1, SIZE.granules * P + 1)]
    cases += [case_of(rng, Turned.NONE, 1, theta=65535), case_of(rng, Turned.NONE, P, theta=1)]
    cases += [(replace(op, decay=0), part) for op, part in cases[:2]]
    await check(dut, cases)
