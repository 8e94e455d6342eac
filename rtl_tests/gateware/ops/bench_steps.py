"""Bench of Steps against the golden rule of a vote, a row in every cycle."""

import cocotb
import numpy as np
from support.every_cycle import compare, pack
from support.streams import parameters

SIZES = parameters()
P, A, LATE = SIZES["elements"], SIZES["accumulator_bits"], SIZES["late"]
LOW, HIGH = -(1 << A - 1), (1 << A - 1) - 1
MOST = (1 << 14) - 1  # of a vote, so that twice it fits a sum


def golden(votes, before, lanes, rounding, offset, decay):
    """Return the accumulators after a vote, as :func:`boldhw.golden.ops.vote.run` makes them."""
    steps = (offset - votes * lanes) >> rounding
    after = before - (before * decay >> 16) + steps
    return np.clip(after, LOW, HIGH)


async def check(dut, votes, before, seed, **fixed):
    """Compare rows under values that hold for all of them."""
    rng = np.random.default_rng([cocotb.RANDOM_SEED, seed])
    rounding = fixed.get("rounding", int(rng.integers(0, 8)))
    values = {
        "rounding": rounding,
        "offset": int(rng.integers(0, 1 << rounding)),
        "decay": int(rng.choice([0, 1, 300, 32768, 65535])),
        "doubled": int(rng.integers(0, 2)),
    } | fixed
    lanes, count = rng.integers(0, 2, P), len(votes)
    wanted = golden(votes, before, lanes, values["rounding"], values["offset"], values["decay"])
    valid = rng.random(count) < 0.7
    valid[0] = False  # what follows from a descriptor takes a register
    inputs = {name: [value] * count for name, value in values.items()}
    inputs |= {
        "lanes": pack([lanes]) * count,
        "valid": valid.tolist(),
        "sums": pack(votes << values["doubled"], 16),
        "accumulators": pack(before, A),
    }
    results, dones, held = [], [], [0] * P
    for step in range(count):
        done = step >= LATE and bool(valid[step - LATE])
        held = wanted[step - LATE] if done else held
        results.append(held)
        dones.append(int(done))
    outputs = {"done": dones, "result": pack(results, A)}
    seen = np.maximum.accumulate(dones)
    await compare(dut, inputs, outputs, care={"result": [-int(each) for each in seen]})


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(rounding=[0, 1, 3, 7])
async def random_rows(dut, rounding):
    rng = np.random.default_rng(rounding)
    spread = int(rng.choice([4, 300, MOST]))
    votes = rng.integers(-spread, spread + 1, (800, P))
    before = rng.integers(LOW, HIGH + 1, (800, P))
    await check(dut, votes, before, rounding, rounding=rounding)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(sign=[-1, 1])
async def accumulators_saturate(dut, sign):
    """The largest votes, at both ends of the range."""
    rng = np.random.default_rng(9)
    votes = np.full((200, P), -sign * MOST)
    before = rng.choice([LOW, HIGH, 0], (200, P))
    await check(dut, votes, before, 9, rounding=0, doubled=1)
