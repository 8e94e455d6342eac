"""Bench of Ternarise, plain and stochastic, against the golden model."""

import cocotb
import numpy as np
from support.every_cycle import compare, pack
from support.streams import generator, parameters
from support.unit_config import CONFIG

from boldhw.golden import rule
from boldhw.spec.engine import NOISE_BITS

P = CONFIG.elements
WIDTH, STOCHASTIC = parameters()["sum_width"], parameters()["stochastic"]
LARGEST = 2 * CONFIG.max_fan_in
LIMIT = (1 << WIDTH - 1) - 1
DRAW = (1 << NOISE_BITS) - 1


async def check(dut, cases):
    """Compare cases (sums, gate, dead, noise, draws); a plain unit is not given the last two."""
    sums, gate, dead, noise, draws = zip(*cases, strict=True)
    added = np.array(draws) & np.array(noise)[:, None] if STOCHASTIC else 0
    limits = np.minimum(np.array(dead)[:, None] + added, LIMIT) + np.zeros((1, P), int)
    signals = np.array([golden(case) for case in cases])
    sums = np.array(sums)
    inputs = {
        "sums": pack(sums, WIDTH),
        "gate": pack(gate),
        "beyond": pack(np.abs(sums) > limits),
        "request__dead": dead,
    }
    if STOCHASTIC:
        inputs |= {"request__noise": noise, "draws": pack(draws, NOISE_BITS)}
    masks = pack(signals != 0)
    outputs = {
        "limits": pack(limits, WIDTH - 1),
        "request__masks": masks,
        "request__signs": pack(signals > 0),
    }
    await compare(dut, inputs, outputs, care={"request__signs": masks})


def golden(case):
    """Return the signals of one case."""
    sums, gate, dead, noise, draws = case
    return rule.ternarise(
        np.array(sums, np.int32),
        np.array(gate, bool),
        dead,
        noise if STOCHASTIC else 0,
        np.array(draws, np.uint8),
    )


def close_sum(rng, limit):
    """Return a sum of either sign, at most one off the limit where there is such a sum."""
    return rng.choice((-1, 1)) * min(LARGEST, max(0, limit + rng.randint(-1, 1)))


def random_case(rng, noise_bits):
    """Return a case whose sums are random, or close to their limit; gates are mostly open."""
    dead, noise = rng.randint(0, LIMIT), (1 << noise_bits) - 1
    draws = [rng.randint(0, DRAW) for _ in range(P)]
    limits = [dead + (draw & noise if STOCHASTIC else 0) for draw in draws]
    sums = [rng.choice((rng.randint(-LARGEST, LARGEST), close_sum(rng, v))) for v in limits]
    return sums, [rng.random() < 0.8 for _ in range(P)], dead, noise, draws


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_cases(dut):
    """Sums around their limits, with noise of each width."""
    rng = generator("cases")
    await check(dut, [random_case(rng, rng.randint(0, NOISE_BITS)) for _ in range(20_000)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def limits_of_each_field(dut):
    """The ends of sum, dead zone, noise and draw; limits that do not fit let no sum pass."""
    cases = [
        ([total, 0, -total, total][:P], [True] * P, dead, noise, [draw, 0, DRAW, draw][:P])
        for total in (-LARGEST, -1, 0, 1, LARGEST)
        for dead in (0, 1, LARGEST - 1, LARGEST, LIMIT)
        for noise in (0, 1, DRAW)
        for draw in (0, 1, LIMIT, LIMIT + 1, DRAW)
    ]
    await check(dut, cases)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def closed_gates_pass_nothing(dut):
    """With all gates closed, or all but one, no other lane has a signal."""
    gates = [[lane == opened for lane in range(P)] for opened in range(P + 1)]
    await check(dut, [([LARGEST, -LARGEST] * (P // 2), gate, 0, 0, [0] * P) for gate in gates])
