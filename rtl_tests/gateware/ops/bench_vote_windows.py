"""Bench of VoteUnit with a window unit, like ``bench_vote``."""

import cocotb
from support.op_segments import window_of
from support.op_votes import SIZE, P, check, op_of
from support.streams import generator


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def windows(dut):
    """Patches of images in both codings, within the image and beyond its sides."""
    rng, cases = generator("windows"), []
    for number in range(16):
        sums = rng.randint(1, 4), rng.randint(1, 4 if SIZE.planes == 1 else 9)
        part = window_of(rng, SIZE, sums, zero_true=number % 2)
        planes = rng.choice((1, SIZE.planes))
        op = op_of(rng, part, sums, rng.choice((1, 2, P + 1)), column_row=0, planes=planes)
        cases.append((op, part, rng.randint(0, 20)))
    await check(dut, cases)
