"""Bench of Threshold against the golden model."""

import cocotb
import numpy as np
from support.every_cycle import compare, pack
from support.streams import generator, parameters
from support.unit_config import CONFIG

from boldhw.golden import rule

P = CONFIG.elements
WIDTH = parameters()["sum_width"]
LOW, HIGH = -1 << WIDTH - 1, (1 << WIDTH - 1) - 1


async def check(dut, sums, windows, lanes):
    """Compare rows of P sums, with one window and one number of lanes for each row."""
    sums, windows = np.array(sums, np.int32), np.array(windows)[:, None]
    fire, gate = rule.fire(sums, 0, windows)
    used = np.arange(P) < np.array(lanes)[:, None]
    inputs = {
        "sums": pack(sums, WIDTH),
        "beyond": pack(np.abs(sums) > windows),
        "lanes": lanes,
    }
    await compare(dut, inputs, {"fire": pack(fire & used), "gate": pack(gate & used)})


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_sums(dut):
    """All sums, windows and numbers of lanes."""
    rng, count = generator("sums"), 20_000
    await check(
        dut,
        [[rng.choice((rng.randint(LOW, HIGH), 0, -1)) for _ in range(P)] for _ in range(count)],
        [rng.randint(0, HIGH) for _ in range(count)],
        [rng.randint(0, P) for _ in range(count)],
    )


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def limits_of_each_field(dut):
    """The ends of sum and window, alone in each lane, with each number of lanes."""
    ends, windows = (LOW, -1, 0, 1, HIGH), (0, 1, HIGH)
    cases = [
        ([end if lane == place else other for lane in range(P)], window, lanes)
        for end in ends
        for other in (-1, 0)
        for window in windows
        for place in range(P)
        for lanes in range(P + 1)
    ]
    await check(dut, *zip(*cases, strict=True))
