"""Bench of FlipUnit against the golden rule, one vector in every cycle."""

import itertools

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import as_int, parameters, start

from boldhw.golden import rule

SIZES = parameters()
P, K, A = SIZES["elements"], SIZES["batch"], SIZES["accumulator_bits"]
VOTE_BITS = K.bit_length() + 1
LOW, HIGH = -(1 << A - 1), (1 << A - 1) - 1
THETA_MAX = (1 << A) - 1


def pack(values, bits):
    """Return each row of ``values`` as one int, lane 0 lowest, ``bits`` a lane."""
    lanes = (values.astype(np.int64) & (1 << bits) - 1) << bits * np.arange(P)
    return lanes.sum(axis=1).tolist()


def stimuli(count, **fixed):
    """Return ``count`` random input vectors; ``fixed`` replaces some of the inputs."""
    rng = np.random.default_rng([cocotb.RANDOM_SEED, count])
    shape = (count, P)
    return {
        "votes": rng.integers(-K, K, shape, np.int32, endpoint=True),
        "accumulators": rng.integers(LOW, HIGH, shape, np.int16, endpoint=True),
        "weights": rng.integers(0, 2, shape).astype(bool),
        "theta": rng.integers(1, THETA_MAX, (count, 1), endpoint=True),
        "rounding": rng.integers(0, 4, (count, 1)) * SIZES["stochastic"],
        "draws": rng.integers(0, 256, shape, np.uint8),
        "decay": rng.choice([0, 1, 999, 32768, 65535], (count, 1)) * SIZES["decay"],
        **fixed,
    }


def golden(votes, accumulators, weights, theta, rounding, draws, decay):
    """Return the golden (accumulators, flipped) of all vectors."""
    steps = np.empty_like(votes)
    for r in range(4):
        rows = rounding[:, 0] == r
        steps[rows] = rule.stochastic_round(-votes[rows], r, draws[rows])
    decayed = rule.decay(accumulators, decay)
    return rule.flip(weights, rule.accumulate(decayed, steps, A), theta)[1:]


def driven(given):
    """Return pairs of an input port and its value in each cycle."""
    ports = {
        "votes": pack(given["votes"], VOTE_BITS),
        "accumulators": pack(given["accumulators"], A),
        "weights": pack(given["weights"], 1),
        "theta": given["theta"][:, 0].tolist(),
    }
    if SIZES["stochastic"]:
        ports["rounding"] = given["rounding"][:, 0].tolist()
        ports["draws"] = pack(given["draws"], 8)
    if SIZES["decay"]:
        ports["decay"] = given["decay"][:, 0].tolist()
    return ports


async def check(dut, given):
    """Drive one vector a cycle and compare every output in the next one, as weights come then."""
    accumulators, flips = golden(**given)
    expected = zip(pack(accumulators, A), pack(flips, 1), strict=True)
    ports = driven(given)
    handles = [getattr(dut, name) for name in ports]
    outputs = dut.new_accumulators, dut.flips
    ports = {name: [*values, values[-1]] for name, values in ports.items()}
    ports["weights"] = [0, *ports["weights"][:-1]]
    expected = [None, *expected]
    await start(dut, **dict.fromkeys(ports, 0))
    falling, settled = FallingEdge(dut.clk), ReadOnly()
    for step, (values, wanted) in enumerate(
        zip(zip(*ports.values(), strict=True), expected, strict=True)
    ):
        for handle, value in zip(handles, values, strict=True):
            handle.value = value
        await settled
        if step:
            assert tuple(as_int(output) for output in outputs) == wanted, f"step {step}"
        await falling


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_vectors(dut):
    await check(dut, stimuli(14_000))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def every_vote_accumulator_weight_and_theta(dut):
    """All combinations in range, the lanes at different ones; other inputs are random."""
    values = range(-K, K + 1), range(LOW, HIGH + 1), (False, True)
    lanes = np.array(list(itertools.product(*values)))
    votes, accumulators, weights = np.tile(lanes, (THETA_MAX, 1)).reshape(-1, P, 3).T
    fixed = {
        "votes": votes.T.astype(np.int32),
        "accumulators": accumulators.T.astype(np.int16),
        "weights": weights.T.astype(bool),
        "theta": np.repeat(np.arange(1, THETA_MAX + 1), len(lanes) // P)[:, None],
    }
    await check(dut, stimuli(len(votes.T), **fixed))


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(sign=[-1, 1])
async def accumulators_saturate(dut, sign):
    """Votes of full weight at the ends of the range, with thresholds nothing can reach."""
    count = 300
    fixed = {
        "votes": np.full((count, P), -sign * K, np.int32),
        "accumulators": np.full((count, P), HIGH if sign > 0 else LOW, np.int16),
        "theta": np.full((count, 1), HIGH + 2),
    }
    await check(dut, stimuli(count, **fixed))
