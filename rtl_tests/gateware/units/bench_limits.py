"""Bench of Limits: the window of a layer in a forward pass, the dead zones in the others."""

import cocotb
from support.every_cycle import compare, pack
from support.streams import generator, parameters

P, BITS, DUAL = parameters()["elements"], parameters()["bits"], parameters()["dual_port"]
WIDTH = BITS["dead"] // P
LATENCY = 2 if DUAL else 0
FLAGS = ("push", "forward", "backward")


async def check(dut, rng, flags, zones=None):
    """Compare cycles of (push, forward, backward), with random zones where none are given."""
    flags = [dict(zip(FLAGS, each, strict=True)) for each in flags]
    if zones is None:
        zones = [[rng.getrandbits(WIDTH) for _ in range(P)] for _ in flags]
    windows = [rng.getrandbits(BITS["window"]) for _ in flags]
    rows, in_forward = [[0] * P] * LATENCY, 0
    for flag, window, dead in zip(flags, windows, zones, strict=True):
        rows.append([window] * P if (in_forward if DUAL else flag["push"]) else dead)
        if flag["forward"] or flag["backward"]:
            in_forward = flag["forward"]
    inputs = {name: [flag[name] for flag in flags] for name in FLAGS}
    inputs |= {"window": windows, "dead": pack(zones, WIDTH)}
    await compare(dut, inputs, {"limits": pack(rows[: len(flags)], WIDTH)})


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_passes(dut):
    """Passes start at any time; sums are pushed at any time."""
    rng = generator("passes")
    starts = [(0, 0)] * 4 + [(1, 0), (0, 1)]
    await check(dut, rng, [(rng.getrandbits(1), *rng.choice(starts)) for _ in range(20_000)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def each_change(dut):
    """Forward to backward and back, right after each other and held."""
    flags = [(1, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1)]
    await check(dut, generator("changes"), [f for each in flags for f in (each, (0, 0, 0))] + flags)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def each_lane_has_its_own_zone(dut):
    """The largest dead zone in one lane, 0 in the others, and the reverse."""
    most = (1 << WIDTH) - 1
    zones = [
        [value if lane == place else most - value for lane in range(P)]
        for place in range(P)
        for value in (most, 0)
    ]
    await check(dut, generator("zones"), [(0, 0, 0)] * len(zones), zones)
