"""Bench of Magnitude against abs()."""

import itertools

import cocotb
from support.every_cycle import compare, pack
from support.streams import generator, parameters
from support.unit_config import CONFIG

P = CONFIG.elements
WIDTH = parameters()["sum_width"]
LOW, HIGH = -1 << WIDTH - 1, (1 << WIDTH - 1) - 1


async def check(dut, pairs):
    """Compare pairs of sum and limit, P at a time."""
    rows = [pairs[i : i + P] for i in range(0, len(pairs), P)]
    far = [[abs(total) > limit for total, limit in row] for row in rows]
    inputs = {
        "sums": pack([[total for total, _ in row] for row in rows], WIDTH),
        "limits": pack([[limit for _, limit in row] for row in rows], WIDTH - 1),
    }
    await compare(dut, inputs, {"beyond": pack(far)})


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def all_pairs_are_compared(dut):
    """Every sum meets every limit, in lanes that differ."""
    pairs = list(itertools.product(range(LOW, HIGH + 1), range(HIGH + 1)))
    generator("order").shuffle(pairs)
    await check(dut, pairs)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def sums_close_to_their_limit_are_compared(dut):
    """A sum of either sign, at most one off its limit."""
    rng, pairs = generator("close"), []
    for _ in range(12_000 * P):
        limit = rng.randint(0, HIGH)
        total = rng.choice((-1, 1)) * (limit + rng.randint(-1, 1))
        pairs.append((max(LOW, min(HIGH, total)), limit))
    await check(dut, pairs)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def limits_of_each_field(dut):
    """The ends of sums and limits, in all lanes at once."""
    ends = itertools.product((LOW, LOW + 1, -1, 0, 1, HIGH), (0, 1, HIGH - 1, HIGH))
    await check(dut, [pair for pair in ends for _ in range(P)])
