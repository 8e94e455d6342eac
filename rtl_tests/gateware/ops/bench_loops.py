"""Bench of Loops against the addresses of the spec."""

import cocotb
from support.every_cycle import compare, pack
from support.streams import generator, parameters

from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.nest import addresses, jumps

BITS, INNER = parameters()["levels"], parameters()["inner"]
LEVELS, ONES = len(BITS), (1 << FIELD_BITS) - 1


def ends_of(counts):
    """Return which levels are at their ends, all inside of them too, in each step."""
    found = [0]
    for level, count in enumerate(counts):
        inner = (1 << level) - 1
        last = [(ends | 1 << level) if ends == inner else ends for ends in found]
        found = found * (count - 1) + last
    return found


def run(rng, counts, steps, pauses):
    """Yield (start, step, again, counts, jumps, base, address or None, ends) for each cycle.

    The inner levels are gone through several times, if there are any.
    """
    base = rng.getrandbits(FIELD_BITS)
    given = counts, steps, base
    yield 1, rng.random() < 0.5, 0, *given, None, 0
    values = (addresses(base, counts, steps).reshape(-1) & ONES).tolist()
    places = list(zip(values, ends_of(counts), strict=True))
    inner = 1
    for count in counts[:INNER]:
        inner *= count
    for first in range(0, len(places), inner):
        times = rng.randint(1, 3) if INNER else 1
        for time in range(times):
            for number, (address, ends) in enumerate(places[first : first + inner]):
                while rng.random() < pauses:
                    yield 0, 0, 0, *given, address, ends
                again = number == inner - 1 and time < times - 1
                last = first + number == len(places) - 1
                yield 0, not (again or last), again, *given, address, ends


def columns(cycles):
    """Return the columns of inputs, outputs and of the bits that mean something."""
    start, step, again, counts, steps, base, address, ends = zip(*cycles, strict=True)
    packed = []
    for levels in counts:
        word, low = 0, 0
        for count, bits in zip(levels, BITS, strict=True):
            word, low = word | count << low, low + bits
        packed.append(word)
    inputs = {
        "start": start, "step": step, "counts": packed, "base": base,
        "jumps": pack(steps, FIELD_BITS),
    } | ({"again": again, "still": [0] * len(start)} if INNER else {})  # fmt: skip
    cares = [-(each is not None) for each in address]
    return (
        {name: list(map(int, column)) for name, column in inputs.items()},
        {"addr": [each or 0 for each in address], "ends": list(ends)},
        {"addr": cares, "ends": cares},
    )


async def check(dut, cycles):
    inputs, outputs, care = columns(list(cycles))
    await compare(dut, inputs, outputs, care)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(pauses=[0, 0.5])
async def random_nests(dut, pauses):
    """Nests of any counts and strides, one after the other; some wrap around."""
    rng, cycles = generator(f"{pauses}"), []
    while len(cycles) < 2500:
        counts = [rng.choice((1, 1, 2, 3, rng.randint(1, 7))) for _ in BITS]
        strides = [rng.choice((0, 1, -1, 100, rng.randint(-30_000, 30_000))) for _ in BITS]
        steps = [(each + (1 << 15)) % (1 << 16) - (1 << 15) for each in jumps(counts, strides)]
        cycles += run(rng, counts, steps, pauses)
    await check(dut, cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_single_step(dut):
    """All levels of one step: it begins at its end, with jumps that are never added."""
    rng, cycles = generator("single"), []
    for _ in range(200):
        cycles += run(rng, [1] * LEVELS, [rng.randint(-9, 9) for _ in BITS], 0.3)
    await check(dut, cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_largest_count_of_each_level(dut):
    """One level counts as far as its bits go, up to 511; one of its neighbours counts to 2."""
    rng, cycles = generator("largest"), []
    for level, bits in enumerate(BITS):
        counts = [1] * LEVELS
        counts[(level + 1) % LEVELS] = 2
        counts[level] = min((1 << bits) - 1, 511)
        cycles += run(rng, counts, [rng.randint(-9, 9) for _ in BITS], 0)
    await check(dut, cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms", skip=not INNER)
async def inner_levels_that_are_still(dut):
    """Only the levels outside of the inner ones move."""
    rng, cycles = generator("still"), []
    while len(cycles) < 1000:
        counts = [rng.randint(1, 4) for _ in BITS]
        given = counts, [rng.randint(-9, 9) for _ in BITS], 0
        cycles.append((1, 0, 0, *given, None, 0))
        for ends in ends_of(counts[INNER:]):
            pauses = rng.randint(0, 1)
            cycles += [(0, 0, 0, *given, 0, ends << INNER)] * pauses
            cycles.append((0, 1, 0, *given, 0, ends << INNER))
    inputs, outputs, care = columns(cycles)
    outer = -(1 << INNER) & (1 << LEVELS) - 1
    care = {"addr": [0] * len(cycles), "ends": [each & outer for each in care["ends"]]}
    inputs["still"] = [1] * len(cycles)
    await compare(dut, inputs, outputs, care)
