"""Bench of TilePacker against the words of maps as the contract has them."""

import cocotb
import numpy as np
from support.every_cycle import compare, pack
from support.streams import generator, parameters

from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.maps import packed

SIZE = ArraySize(**parameters())
P, S, D, GRANULES = SIZE.elements, SIZE.lanes, SIZE.planes, SIZE.granules
ONES = (1 << S) - 1


def words_of(words, y, v, x, count):
    """Return what is expected of the words of some pixels, first and second, low and high."""
    own = [words[:, y, v, x + n].reshape(4, -1) if n < count else np.zeros((4, S), bool)
           for n in range(D)]  # fmt: skip
    own = pack([np.concatenate(own, axis=1).reshape(-1)])[0]
    care = sum(ONES << S * n for n in range(count))
    half = 2 * D * S
    return [(own & (1 << half) - 1, care | care << D * S),
            (own >> half << half, (care | care << D * S) << half)]  # fmt: skip


def map_rows(rng, groups, columns, pixels, empty, rows=2, busy=1, apart=0):
    """Return a row of ports for each cycle: groups of all tiles, then empty pixels.

    pixels: of a tile.  empty: how many times empty pixels follow.  apart: cycles between groups.
    """
    random = np.random.default_rng(rng.getrandbits(32))
    wide = ceil_div(columns, pixels) * pixels
    bits = np.zeros((4, rows, wide + empty * D, groups * P), bool)
    bits[:, :, :columns] = random.random((4, rows, columns, groups * P)) < 0.5
    deep = ceil_div(groups, GRANULES)
    words = np.stack([packed(each, SIZE, wide + empty * D) for each in bits])
    words = words.reshape(4, rows, deep, wide + empty * D, -1)
    held, found = {"groups": groups, "pixels": (1 << pixels) - 1}, []

    def wait(count):
        found.extend({} for _ in range(count))

    for y in range(rows):
        for x in range(0, wide, pixels):
            for g in range(groups):
                wait(apart if busy == 1 else rng.choice((apart, apart + 1)))
                own = np.zeros((4, D, P), bool)
                own[:, :pixels] = bits[:, y, x : x + pixels, g * P : (g + 1) * P]
                row = {"push": 1, "begins": g % GRANULES == 0, "ends": g == groups - 1,
                       "left": x == 0, "group": pack([own.reshape(-1)])[0]}  # fmt: skip
                if g == groups - 1 or g % GRANULES == GRANULES - 1:
                    row["after"] = words_of(words, y, g // GRANULES, x, pixels)
                found.append(row)
        wait(apart)
        for x in range(wide, wide + empty * D, D):
            for v in range(deep):
                after = words_of(words, y, v, x, D)
                found.append({"flush": 1, "after": [after[0], (0, 0)]})
    wait(2)
    return [row | held for row in found]


async def check(dut, maps):
    rows = [row for each in maps for row in each]
    names = ("groups", "pixels", "push", "group", "begins", "ends", "left", "flush")
    inputs = {name: [int(row.get(name, 0)) for row in rows] for name in names}
    values, cares = [0] * len(rows), [0] * len(rows)
    for number, row in enumerate(rows):
        for late, (value, care) in enumerate(row.get("after", ()), 1):
            if number + late < len(rows):
                values[number + late] |= value
                cares[number + late] |= care
    await compare(dut, inputs, {"words": values}, {"words": cares})


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(busy=[0.5, 1])
async def maps_of_all_groups(dut, busy):
    """Pixels of less than a word, of parts that do not divide it, of a word, of several."""
    rng = generator(f"groups {busy}")
    groups = [*range(1, 2 * GRANULES + 2)] * 3
    await check(dut, [
        map_rows(rng, n, rng.randint(1, 2 * D + 1), rng.choice((1, D // 2, D)), rng.randint(0, 2),
                 busy=busy, apart=1)
        for n in groups
    ])  # fmt: skip


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """Single pixels; many empty pixels, with which all that was there is gone."""
    rng = generator("edges")
    await check(dut, [
        map_rows(rng, groups, 1, pixels, 1 + ceil_div(GRANULES, D), apart=1)
        for groups in (1, 2, 3, GRANULES) for pixels in sorted({1, D // 2, D})
    ])  # fmt: skip
