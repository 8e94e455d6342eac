"""Bench of FLIPs that VoteUnit runs alone against the golden op, on random memories."""

from dataclasses import replace

import cocotb
from support.op_bench import run_op
from support.op_flips import op_of, part_of
from support.op_memories import OpMemories
from support.streams import generator, parameters, start

from boldhw.golden.ops import flip
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles, load
from boldhw.spec.ops.kinds import Turned

SIZE = ArraySize(**parameters())
P = SIZE.elements


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


async def check(dut, cases):
    """Run ops one after the other and compare all memories."""
    memories = OpMemories(dut, SIZE, ["array_rows", "weights"])
    memories.read_deltas(dut, SIZE)
    await start(dut, vote__start=0, flip__start=0, are_windows=0, windows=0, parts=0)
    for op, part in cases:
        flip.run(memories.golden, op, part)
        spent = load(len(op.encode()) + len(part.encode()), op, SIZE)
        found = await run_op(dut, memories.all, op, [(dut.parts, part)], "flip")
        assert found + spent == cycles([part, op], SIZE)[1], (op, part)
        assert memories.wrong() == {}, (op, part)


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
