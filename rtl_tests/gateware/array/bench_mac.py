"""Bench of MultiplyAccumulate against integers, in every cycle."""

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import as_int, generator, start

PORTS = "valid load origin factor operand".split()
LOWEST, HIGHEST = -(1 << 15), (1 << 15) - 1


async def check(dut, cycles):
    """Drive the inputs of each cycle, the first one a load; ``total`` follows one cycle later."""
    await start(dut, **dict.fromkeys(PORTS, 0))
    total, falling, settled = None, FallingEdge(dut.clk), ReadOnly()
    for step, values in enumerate(cycles):
        valid, load, origin, factor, operand = values
        for name, value in zip(PORTS, values, strict=True):
            getattr(dut, name).value = value & 0xFFFF if name == "factor" else value
        await settled
        if total is not None:
            assert as_int(dut.total) == total, f"step {step}"
        if valid:
            total = origin if load else (total + factor * operand) % (1 << 32)
        await falling


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_factors(dut):
    """All inputs change in all cycles; sums wrap around both ways."""
    rng = generator("factors")
    cycles = [
        (
            int(rng.random() < 0.8),
            int(rng.random() < 0.05),
            rng.getrandbits(32),
            rng.randint(LOWEST, HIGHEST),
            rng.getrandbits(16),
        )
        for _ in range(20_000)
    ]
    await check(dut, [(1, 1, 7, 0, 0), *cycles])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def limits_of_every_input(dut):
    """Largest and smallest factors and operands, from both ends of the sum."""
    factors = (LOWEST, -1, 0, 1, HIGHEST)
    corners = [(factor, operand) for factor in factors for operand in (0, 65535)]
    cycles = [
        (1, int(step == 0), origin, factor, operand)
        for origin in (0, (1 << 32) - 1, 1 << 31)
        for factor, operand in corners
        for step in range(4)
    ]
    await check(dut, cycles)
