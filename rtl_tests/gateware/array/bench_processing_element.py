"""Bench of ProcessingElement: its total in every cycle, and sums of neurons as the golden rule."""

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import as_int, generator, parameters, start

from boldhw.golden import rule

SIZES = parameters()
S = SIZES["lanes"]
WORDS = SIZES["max_fan_in"] // S
LATENCY = 3 + SIZES["popcount_registers"]
MARK = "last" if SIZES["clears_sums"] else "first"
ONES = (1 << S) - 1
PORTS = ("weight", "sign", "mask", MARK, "valid")


def word(weight=0, sign=0, mask=ONES, last=1, valid=1):
    """Return the operands and flags of one cycle."""
    return weight, sign, mask, last, valid


IDLE = word(valid=0)


def driven(cycles):
    """Yield the inputs of each cycle, in the order of PORTS: one with the mark of its sum."""
    first = 1
    for *operands, last, valid in cycles:
        yield *operands, last if MARK == "last" else first, valid
        first = last if valid else first


def totals(cycles):
    """Yield what ``total`` becomes, LATENCY cycles later, by each cycle's inputs."""
    before, total = 0, 0
    for weight, sign, mask, last, valid in cycles:
        if valid:
            before += (mask & ~(weight ^ sign)).bit_count()
            if last or MARK == "first":
                total = before
            before = 0 if last else before
        yield total


async def check(dut, cycles):
    """Drive the inputs of each cycle, compare ``total`` in each, and return all totals."""
    await start(dut, **dict(zip(PORTS, IDLE, strict=True)))
    expected = [0] * LATENCY + list(totals(cycles))
    handles = [getattr(dut, name) for name in PORTS]
    total, falling, settled = dut.total, FallingEdge(dut.clk), ReadOnly()
    for step, values in enumerate(driven(cycles + [IDLE] * LATENCY)):
        for handle, value in zip(handles, values, strict=True):
            handle.value = value
        await settled
        assert as_int(total) == expected[step], f"step {step}"
        await falling
    return expected[LATENCY:]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_words(dut):
    """All inputs change in all cycles; a sum takes no more words than its range allows."""
    rng = generator("words")
    cycles, left = [], WORDS
    for _ in range(21_000):
        valid = rng.random() < 0.7
        last = left == 1 or rng.random() < 0.3
        if valid:
            left = WORDS if last else left - 1
        operands = [rng.getrandbits(S) for _ in range(3)]
        cycles.append(word(*operands, int(last), int(valid)))
    await check(dut, cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def totals_reach_their_limits(dut):
    """Nothing masked in and no lane that agrees give 0, all lanes of all words the maximum."""
    rows = [(ONES, ONES, 0), (ONES, 0, ONES), (0, 0, ONES), (ONES, ONES, ONES)]
    last = WORDS - 1
    cycles = [word(*row, int(index == last)) for row in rows * 2 for index in range(WORDS)]
    cycles += [IDLE] * 20
    found = await check(dut, cycles)
    assert found[WORDS - 1 :: WORDS][:4] == [0, 0, WORDS * S, WORDS * S]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def neurons_match_golden(dut):
    """Neurons of all fan-ins; the mask hides lanes behind the last input."""
    rng = np.random.default_rng(cocotb.RANDOM_SEED)
    cycles, ends, sums = [], [], []
    for fan_in in range(1, WORDS * S + 1):
        bits, weights = rng.integers(0, 2, (2, 1, fan_in)).astype(bool)
        sums.append(rule.forward(bits, weights, False).item())
        words = -(-fan_in // S)
        for index in range(words):
            part = slice(index * S, index * S + S)
            x, w = (sum(int(b) << i for i, b in enumerate(a[0, part])) for a in (bits, weights))
            mask = (1 << min(S, fan_in - index * S)) - 1
            cycles += [IDLE] * int(rng.integers(0, 3))
            cycles.append(word(w, x, mask, int(index == words - 1)))
        ends.append((len(cycles) - 1, fan_in))
    found = await check(dut, cycles)
    assert [2 * found[end] - fan_in for end, fan_in in ends] == sums
