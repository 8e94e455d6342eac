"""Bench of Scan: the sums of groups come out in order, with stalls of the loss between them."""

import cocotb
from support.every_cycle import compare, pack
from support.streams import generator, parameters

from boldhw.spec.geometry import FIELD_BITS

P, WIDTH = parameters()["elements"], parameters()["sum_width"]
DUAL = parameters()["dual_port"]
LOW, HIGH = -1 << WIDTH - 1, (1 << WIDTH - 1) - 1
ONES = (1 << FIELD_BITS) - 1
LOOSE = 10  # most cycles between groups


def scanned(rng, sums, lanes, stall_chance):
    """Yield (lane that is valid or None, stall, sums) for each cycle of a pause and a group.

    The sums are there in the last cycle of the pause. A request is held in a stall.
    """
    for lane in [*[None] * rng.randint(1, LOOSE), *range(lanes)]:
        while rng.random() < stall_chance:
            yield lane, 1, sums
        yield lane, 0, sums


async def check(dut, cycles):
    """Compare the cycles with the order in which the sums are requested."""
    lanes, stalls, sums = zip(*cycles, strict=True)
    valid = [int(lane is not None) for lane in lanes]
    requested = [lane or 0 for lane in lanes]
    values, outputs = [0] * len(cycles), [0] * len(cycles)
    value = was_valid = 0
    for index, (lane, stall) in enumerate(zip(lanes, stalls, strict=True)):
        values[index], outputs[index] = value & ONES, was_valid
        if not stall:
            value, was_valid = sums[index][lane or 0], valid[index]
    inputs = {
        "sums": pack(sums, WIDTH),
        "request__valid": valid,
        "request__lane": sooner(requested, stalls) if DUAL else requested,
        "stall": stalls,
    }
    expected = {
        "outputs__valid": outputs,
        "outputs__value": values,
        "outputs__stall": stalls,
        "request__stall": stalls,
    }
    await compare(dut, inputs, expected, care={"outputs__value": [-each for each in outputs]})


def sooner(requested, stalls):
    """Return the lanes a cycle sooner; a cycle that stalls does not count."""
    result, following = [], P
    for lane, stall in zip(reversed(requested), reversed(stalls), strict=True):
        result.append(following)
        following = following if stall else lane
    return result[::-1]


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stalls=[0, 0.3, 0.9])
async def random_groups(dut, stalls):
    """Groups of any number of lanes, with random sums."""
    rng, cycles = generator(f"{stalls}"), []
    while len(cycles) < 7000:
        sums = [rng.choice((LOW, HIGH, -1, 0, rng.randint(LOW, HIGH))) for _ in range(P)]
        cycles += scanned(rng, sums, rng.randint(1, P), stalls)
    await check(dut, cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def each_lane_alone(dut):
    """One sum at the end of its range, the others at the other end."""
    rng, cycles = generator("alone"), []
    for value, other in ((LOW, HIGH), (HIGH, LOW), (-1, 0), (0, -1)):
        for place in range(P):
            sums = [value if lane == place else other for lane in range(P)]
            cycles += scanned(rng, sums, P, 0.2)
    await check(dut, cycles)
