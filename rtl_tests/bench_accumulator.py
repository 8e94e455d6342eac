"""Bench of Accumulator against running sums, in every cycle."""

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from streams import generator, start
from unit_config import CONFIG

WORDS = CONFIG.max_fan_in // CONFIG.lanes


async def check(dut, cycles):
    """Drive (count, last, valid) of each cycle; ``total`` changes in the cycle after."""
    await start(dut, count=0, last=1, valid=0)
    before, expected, falling, settled = 0, 0, FallingEdge(dut.clk), ReadOnly()
    for step, (count, last, valid) in enumerate(cycles):
        dut.count.value, dut.last.value, dut.valid.value = count, last, valid
        await settled
        assert int(dut.total.value) == expected, f"step {step}"
        if valid:
            before += count
        if valid and last:
            before, expected = 0, before
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
        cycles.append((rng.randrange(CONFIG.lanes + 1), last, valid))
    await check(dut, cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_largest_sum_fits(dut):
    """All lanes of all words count; the next sum starts from 0 again."""
    largest = [(CONFIG.lanes, int(word == WORDS - 1), 1) for word in range(WORDS)]
    await check(dut, [*largest, (0, 1, 0), (0, 1, 1), *largest, (1, 1, 1), (0, 1, 0)])
