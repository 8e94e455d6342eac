"""Bench of FlipCount against sums of bit counts."""

import cocotb
from support.every_cycle import compare
from support.streams import generator, parameters

P, LATENCY = parameters()["elements"], parameters()["latency"]
ALL = (1 << P) - 1


async def check(dut, cycles):
    """Compare cycles (flips, flipped, layer_done)."""
    flips, flipped, done = zip(*cycles, strict=True)
    added = [word.bit_count() * valid for word, valid in zip(flips, flipped, strict=True)]
    arriving = [0] * (LATENCY - 1) + added
    counts = [0]
    for more, restart in zip(arriving, done, strict=False):
        counts.append(0 if restart else counts[-1] + more)
    inputs = {"flips": flips, "flipped": flipped, "layer_done": done}
    await compare(dut, inputs, {"count": counts[: len(cycles)]})


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(layers=[0.2, 0.001])
async def random_layers(dut, layers):
    """Layers of a few cycles and of a thousand, with flips in every other cycle."""
    rng = generator(f"{layers}")
    cycles = [
        (rng.getrandbits(P), rng.getrandbits(1), int(rng.random() < layers)) for _ in range(10_000)
    ]
    await check(dut, cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def every_weight_flips(dut):
    """All weights in every cycle, then only the restart, then nothing valid."""
    await check(dut, [(ALL, 1, 0)] * 2000 + [(ALL, 0, 1)] + [(ALL, 0, 0)] * 10)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def last_flips_before_the_end(dut):
    """One flip, and the end of the layer each number of cycles later; each weight alone."""
    cycles = []
    for lane in range(P):
        for gap in range(6):
            cycles += [(1 << lane, 1, 0), *[(0, 1, 0)] * gap, (0, 0, 1), *[(ALL, 0, 0)] * 6]
    await check(dut, cycles)
