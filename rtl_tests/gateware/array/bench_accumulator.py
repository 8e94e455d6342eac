"""Bench of Accumulator against running sums, in every cycle."""

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import as_int, generator, parameters, start

SIZES = parameters()
LANES, WORDS = SIZES["lanes"], SIZES["max_fan_in"] // SIZES["lanes"]
MARK = "last" if SIZES["clears_sums"] else "first"


async def check(dut, cycles):
    """Drive (count, last, valid) of each cycle; ``total`` changes in the cycle after."""
    await start(dut, count=0, valid=0, **{MARK: 1})
    mark, falling, settled = getattr(dut, MARK), FallingEdge(dut.clk), ReadOnly()
    total, expected, first = 0, 0, 1
    for step, (count, last, valid) in enumerate(cycles):
        dut.count.value, dut.valid.value = count, valid
        mark.value = last if MARK == "last" else first
        await settled
        assert as_int(dut.total) == expected, f"step {step}"
        if valid:
            total = count if first else total + count
            if last or MARK == "first":
                expected = total
            first = last
        await falling


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_counts(dut):
    """Sums of one word up to as many as fit, with pauses between the words."""
    rng = generator("counts")
    cycles, left = [], WORDS
    for _ in range(21_000):
        valid = int(rng.random() < 0.7)
        last = int(left == 1 or rng.random() < 0.3)
        if valid:
            left = WORDS if last else left - 1
        cycles.append((rng.randrange(LANES + 1), last, valid))
    await check(dut, cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_largest_sum_fits(dut):
    """All lanes of all words count; the next sum starts from 0 again."""
    largest = [(LANES, int(word == WORDS - 1), 1) for word in range(WORDS)]
    await check(dut, [*largest, (0, 1, 0), (0, 1, 1), *largest, (1, 1, 1), (0, 1, 0)])
