"""Bench of FlipCount against sums of bit counts, beside posts of the passes."""

import cocotb
from support.every_cycle import compare
from support.streams import generator, parameters

from boldhw.spec.protocol import COUNTERS

P, LATENCY = parameters()["elements"], parameters()["latency"]
LAYERS = parameters()["layers"]
POSTS, AMOUNT_BITS = len(COUNTERS), 24
ALL = (1 << P) - 1


async def check(dut, cycles):
    """Compare cycles (flips, flipped, layer_done)."""
    flips, flipped, done = zip(*cycles, strict=True)
    added = [word.bit_count() * valid for word, valid in zip(flips, flipped, strict=True)]
    arriving = [0] * (LATENCY - 1) + added
    counts = [0]
    for more, restart in zip(arriving, done, strict=False):
        counts.append(0 if restart else counts[-1] + more)
    rng, layers = generator("posts"), [index % (LAYERS + 1) for index in range(len(cycles))]
    posts, amounts = ([rng.getrandbits(bits) for _ in cycles] for bits in (POSTS, AMOUNT_BITS))
    busy = [rng.getrandbits(1) for _ in cycles]
    choices = zip(done, counts, amounts, strict=False)
    inputs = {
        "flips": flips,
        "flipped": flipped,
        "layer_done": done,
        "layer": layers,
        "passes__post": posts,
        "passes__amount": amounts,
        "counters__busy": busy,
    }
    outputs = {
        "counters__post": posts,
        "counters__post_flips": done,
        "counters__amount": [count if end else amount for end, count, amount in choices],
        "counters__layer": layers,
        "passes__busy": busy,
    }
    await compare(dut, inputs, outputs)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(ends=[0.3, 0.003])
async def random_layers(dut, ends):
    """Layers of a few cycles and of hundreds, with flips in every other cycle."""
    rng = generator(f"{ends}")
    cycles = [
        (rng.getrandbits(P), rng.getrandbits(1), int(rng.random() < ends)) for _ in range(10_000)
    ]
    await check(dut, cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def every_weight_flips(dut):
    """All weights in every cycle, then the end of the layer and that of one without flips."""
    await check(dut, [(ALL, 1, 0)] * 2000 + [(ALL, 0, 1)] * 2 + [(ALL, 0, 0)] * 10)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def last_flips_before_the_end(dut):
    """One flip, and the end of the layer each number of cycles later; each weight alone."""
    cycles = []
    for lane in range(P):
        for gap in range(6):
            cycles += [(1 << lane, 1, 0), *[(0, 1, 0)] * gap, (0, 0, 1), *[(ALL, 0, 0)] * 6]
    await check(dut, cycles)
