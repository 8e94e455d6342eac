"""Bench of Popcount against Python's bit_count, one vector in every cycle."""

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import as_int, generator, parameters, start

each_shape = cocotb.parametrize(shape=parameters()["shapes"])


async def check(dut, shape, vectors):
    """Drive one vector a cycle; each count comes out exactly as many cycles later as registers."""
    width, registers = shape
    bits, count = (getattr(dut, f"of_{width}_{registers}__{name}") for name in ("bits", "count"))
    bits.value = 0
    await start(dut)
    counts = [0] * registers + [vector.bit_count() for vector in vectors]
    falling, settled = FallingEdge(dut.clk), ReadOnly()
    for step, vector in enumerate(vectors + [0] * registers):
        bits.value = vector
        await settled
        assert as_int(count) == counts[step], f"step {step}"
        await falling


@cocotb.test(timeout_time=1, timeout_unit="ms")
@each_shape
async def random_vectors(dut, shape):
    """A third of the vectors each are half, a quarter and three quarters ones."""
    rng, width = generator("vectors"), shape[0]
    vectors = []
    for _ in range(7_000):
        a, b = rng.getrandbits(width), rng.getrandbits(width)
        vectors += [a, a & b, a | b]
    await check(dut, shape, vectors)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@each_shape
async def none_and_all_take_turns(dut, shape):
    """From none to all and back in every cycle, then in blocks of four cycles."""
    ones = (1 << shape[0]) - 1
    await check(dut, shape, [0, ones] * 20 + ([0] * 4 + [ones] * 4) * 20)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@each_shape
async def every_lane_counts_one(dut, shape):
    """One bit set, one bit clear, and all bits up to one, in each lane."""
    vectors, ones = [], (1 << shape[0]) - 1
    for lane in range(shape[0]):
        vectors += [1 << lane, ones ^ 1 << lane, (2 << lane) - 1]
    await check(dut, shape, vectors)
