"""Bench of Votes: sums as the arrays give them, against the votes of the golden model."""

import cocotb
import numpy as np
from support.every_cycle import compare, pack
from support.streams import generator, parameters
from support.unit_config import CONFIG

from boldhw.golden import rule

P, K = CONFIG.elements, CONFIG.batch
SUM, VOTE = parameters()["sum_width"], parameters()["vote_width"]
# An array without DSP blocks gives twice the vote of {0,T} coded inputs.
FACTOR = 1 if parameters()["dsp_sums"] else 2


async def check(dut, rng, cases):
    """Compare cases (votes, zero_true, lanes); lanes that are not used hold any sum."""
    votes, zero_true, lanes = zip(*cases, strict=True)
    sums, used = [], []
    for of_lanes, coded, count in cases:
        factor = FACTOR if coded else 1
        rest = [rng.randint(-1 << SUM - 1, (1 << SUM - 1) - 1) for _ in range(P - count)]
        sums.append([factor * vote for vote in of_lanes[:count]] + rest)
        used.append([*of_lanes[:count], *[0] * (P - count)])
    # The lanes are given a cycle before the sums; none of them is used after a reset.
    inputs = {
        "sums": pack([[0] * P, *sums], SUM),
        "zero_true": [0, *zero_true],
        "lanes": [*lanes, 0],
    }
    await compare(dut, inputs, {"votes": pack([[0] * P, *used], VOTE)})


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def votes_of_random_samples(dut):
    """The votes of K samples for the inputs of a group, some of which may be padding."""
    rng, cases = generator("samples"), []
    random = np.random.default_rng(cocotb.RANDOM_SEED)
    while len(cases) < 20_000:
        signals = random.integers(-1, 2, (K, 5)).astype(np.int8)
        bits, coded = random.random((K, P)) < 0.5, bool(rng.getrandbits(1))
        votes = rule.vote(signals, bits, coded).tolist()
        cases += [([int(vote) for vote in row], coded, rng.randint(1, P)) for row in votes]
    await check(dut, rng, cases)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def ends_of_a_vote(dut):
    """-K, -1, 0, 1 and K alone in each lane, in both codings, with each number of lanes."""
    cases = [
        ([vote if lane == place else other for lane in range(P)], coded, lanes)
        for vote in (-K, -1, 0, 1, K)
        for other in (-K, 0, K)
        for place in range(P)
        for coded in (False, True)
        for lanes in range(P + 1)
    ]
    await check(dut, generator("ends"), cases)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def lanes_come_a_cycle_before_sums(dut):
    """All lanes and none in turn, with the same votes."""
    cases = [([K, -K, 1, -1][:P], turn % 3 == 0, P * (turn & 1)) for turn in range(60)]
    await check(dut, generator("turns"), cases)
