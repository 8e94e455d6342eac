"""Bench of VoteUnit with turner and array against the golden op, on random memories."""

from dataclasses import replace

import cocotb
from support.op_flips import op_of as flip_of
from support.op_segments import gathered_segment, random_segment, segment_of
from support.op_votes import SIZE, P, S, check, op_of
from support.streams import generator

from boldhw.spec.ops.kinds import Turned


def random_case(rng):
    """Return an op, its segment and the active samples before this one."""
    if rng.random() < 0.3:
        return gathered_case(rng, rng.randint(1, SIZE.batch), rng.randint(1, 5))
    sums = rng.randint(1, 4), rng.randint(1, 5 if SIZE.planes == 1 else 11)
    planes = rng.choice((1, SIZE.planes, SIZE.planes))
    part = random_segment(rng, SIZE, sums, planes=planes)
    op = op_of(rng, part, sums, rng.choice((1, 2, 3, P, P + 1)), planes=planes)
    return op, part, rng.randint(0, 200)


def gathered_case(rng, slots, outputs):
    shape = rng.choice((1, 2, SIZE.granules + 1)), rng.randint(1, P)
    zero_true = rng.randint(0, 1)
    part = gathered_segment(rng, SIZE, shape, (1, rng.choice((1, 2))), slots, zero_true)
    op = op_of(rng, part, (1, slots), outputs, gathered=1)
    return op, part, rng.randint(0, slots)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_ops(dut):
    rng = generator("ops")
    await check(dut, [random_case(rng) for _ in range(25)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def fused(dut):
    """A FLIP runs along: of any outputs, with any words a vote."""
    rng, cases = generator("fused"), []
    for number in range(25):
        outputs, slots = rng.choice((1, P - 1, P, P + 1, 2 * P + 1)), rng.randint(1, SIZE.batch)
        op, part, count = gathered_case(rng, slots, outputs)
        op = replace(op, fused=1)
        turned = list(Turned)[number % 3]
        values = {
            "theta": rng.choice((1, 3, 50)),
            "decay": rng.choice((0, 3000)),
            "balanced": rng.randint(0, 1),
            "clears": rng.randint(0, 1),
            "mean_row": rng.randint(0, SIZE.unit_rows // 2),
            "balance_row": rng.randint(1, SIZE.counter_rows // 2),
            "acc_row": op.acc_row,
        }
        along = flip_of(rng, SIZE, part, turned, outputs, **values)
        rows = along.turned_row + 4 * along.turned_group * (part.groups + along.groups)
        op = replace(op, column_row=SIZE.weight_rows - SIZE.transposers * op.wide)
        assert rows < op.column_row
        cases.append((op, part, count, along))
    await check(dut, cases)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """One place; one output; full rows; rows of three words; all slots; a tap that sees nothing."""
    rng, cases = generator("edges"), []
    for sums, outputs in (((1, 1), 1), ((1, S), 2), ((3, S), 3), ((2, 2 * S), P)):
        part = segment_of(rng, SIZE, (1, P), (1, 1, 1), sums, planes=SIZE.planes)
        cases.append((op_of(rng, part, sums, outputs, planes=SIZE.planes), part, 5))
    cases.append(gathered_case(rng, SIZE.batch, 2))
    far = segment_of(rng, SIZE, (2, 1), (2, 2, 2), (1, 1))
    cases.append((op_of(rng, far, (1, 1), 2, rounding=7), far, 127))
    await check(dut, cases)
