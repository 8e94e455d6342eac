"""Bench of Popcount against Python's bit_count, one vector in every cycle."""

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import generator, parameters, start

WIDTH = parameters()["width"]
REGISTERS = parameters()["registers"]
ONES = (1 << WIDTH) - 1


async def check(dut, vectors):
    """Drive one vector a cycle; each count comes out exactly REGISTERS cycles later."""
    await start(dut, bits=0)
    counts = [0] * REGISTERS + [vector.bit_count() for vector in vectors]
    bits, count, falling, settled = dut.bits, dut.count, FallingEdge(dut.clk), ReadOnly()
    for step, vector in enumerate(vectors + [0] * REGISTERS):
        bits.value = vector
        await settled
        assert int(count.value) == counts[step], f"step {step}"
        await falling


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_vectors(dut):
    """A third of the vectors each are half, a quarter and three quarters ones."""
    rng = generator("vectors")
    vectors = []
    for _ in range(7_000):
        a, b = rng.getrandbits(WIDTH), rng.getrandbits(WIDTH)
        vectors += [a, a & b, a | b]
    await check(dut, vectors)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def none_and_all_take_turns(dut):
    """From none to all and back in every cycle, then in blocks of four cycles."""
    await check(dut, [0, ONES] * 20 + ([0] * 4 + [ONES] * 4) * 20)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def every_lane_counts_one(dut):
    """One bit set, one bit clear, and all bits up to one, in each lane."""
    vectors = []
    for lane in range(WIDTH):
        vectors += [1 << lane, ONES ^ 1 << lane, (2 << lane) - 1]
    await check(dut, vectors)
