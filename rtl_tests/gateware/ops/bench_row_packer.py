"""Bench of RowPacker against the words of maps as the contract has them."""

import cocotb
import numpy as np
from support.every_cycle import compare, pack
from support.streams import generator, parameters

from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.maps import packed

SIZE = ArraySize(**parameters())
P, GRANULES = SIZE.elements, SIZE.granules
PLANES = ("first", "second", "low", "high")
INDICES = -1 << 2 * SIZE.lanes  # bits of the last two, whose maps have no empty pixels


def map_rows(rng, groups, columns, empty, rows=2, busy=1):
    """Return a row of ports for each cycle: groups of all pixels, then empty pixels."""
    random = np.random.default_rng(rng.getrandbits(32))
    bits = random.random((4, rows, columns, groups * P)) < 0.5
    words = [packed(each, SIZE, columns + empty) for each in bits]
    deep, found = ceil_div(groups, GRANULES), []
    words = [each.reshape(rows, deep, columns + empty, -1) for each in words]
    expected, empties = None, 0
    for y in range(rows):
        for x in range(columns + empty):
            for v in range(deep):
                own = range(v * GRANULES, min(groups, (v + 1) * GRANULES)) if x < columns else [0]
                for g in own:
                    while rng.random() > busy:
                        found.append({"groups": groups, "words": expected, "empties": empties})
                    row = {"groups": groups, "words": expected, "empties": empties}
                    if x < columns:
                        group = bits[:, y, x, g * P : (g + 1) * P].reshape(-1)
                        row |= {"push": 1, "begins": g % GRANULES == 0, "left": x == 0,
                                "group": pack([group])[0]}  # fmt: skip
                    else:
                        row |= {"flush": 1}
                    found.append(row)
                    expected = None
                expected = pack([np.concatenate([each[y, v, x] for each in words])])[0]
                empties = x >= columns
    return [*found, {"groups": groups, "words": expected, "empties": empties}]


async def check(dut, maps):
    rows = [row for each in maps for row in each]
    names = ("groups", "push", "group", "begins", "left", "flush")
    inputs = {name: [int(row.get(name, 0)) for row in rows] for name in names}
    care = [
        0 if row["words"] is None else ~INDICES if row["empties"] else -1 for row in rows
    ]  # fmt: skip
    outputs = {"words": [row["words"] or 0 for row in rows]}
    await compare(dut, inputs, outputs, {"words": care})


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(busy=[0.5, 1])
async def maps_of_all_groups(dut, busy):
    """Pixels of less than a word, of parts that do not divide it, of a word, of several."""
    rng = generator(f"groups {busy}")
    groups = [*range(1, 2 * GRANULES + 2)] * 3
    await check(dut, [map_rows(rng, n, rng.randint(1, 5), rng.randint(0, 3), busy=busy)
                      for n in groups])  # fmt: skip


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """Single pixels; many empty pixels, with which all that was there is gone."""
    rng = generator("edges")
    await check(dut, [map_rows(rng, groups, 1, 2 * GRANULES) for groups in (1, 2, 3, GRANULES)])
