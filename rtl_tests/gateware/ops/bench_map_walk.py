"""Bench of MapWalk against the addresses of maps."""

import cocotb
from support.every_cycle import compare
from support.streams import generator


def walk(rng, *, row, pitch, front, shape, busy):
    """Return rows (inputs and the address) of a walk. shape: map rows, columns, words a pixel."""
    rows, columns, deep = shape
    found = [{"start": 1, "row": row, "pitch": pitch}]
    at = row
    steps = [({"skip": 1, "step": 1}, row + number) for number in range(front)]
    first = row + front
    for y in range(rows):
        for x in range(columns):
            for v in range(deep):
                line = x == columns - 1
                flags = {"word": 1, "pixel": v == deep - 1, "line": line}
                flags["step"] = pitch - x if line else 1
                steps.append((flags, first + (y * deep + v) * pitch + x))
    for flags, at in steps:
        while rng.random() > busy:
            found.append({"pitch": pitch, "pixel": rng.randint(0, 1),
                          "step": rng.randint(0, 9), "addr": at})  # fmt: skip
        found.append({"pitch": pitch, "addr": at} | flags)
    return found


async def check(dut, walks):
    rows = [row for each in walks for row in each]
    names = ("start", "row", "pitch", "step", "skip", "word", "pixel", "line")
    inputs = {name: [int(row.get(name, 0)) for row in rows] for name in names}
    outputs = {"addr": [row.get("addr", 0) & 0xFFFF for row in rows]}
    care = {"addr": [-1 if "addr" in row else 0 for row in rows]}
    await compare(dut, inputs, outputs, care)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(busy=[0.4, 1])
async def random_walks(dut, busy):
    rng = generator(f"walks {busy}")
    await check(dut, [
        walk(rng, row=rng.randint(0, 60_000), pitch=rng.randint(5, 9), front=rng.randint(0, 3),
             shape=(rng.randint(1, 4), rng.randint(1, 5), rng.randint(1, 3)), busy=busy)
        for _ in range(40)
    ])  # fmt: skip


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """One pixel; a pitch as long as the row; addresses that wrap; a walk cut short by another."""
    rng, plain = generator("edges"), {"front": 0, "busy": 1}
    await check(dut, [
        walk(rng, row=7, pitch=1, shape=(1, 1, 1), **plain),
        walk(rng, row=7, pitch=4, shape=(3, 4, 2), **plain),
        walk(rng, row=0xFFFE, pitch=4, shape=(2, 3, 1), **plain),
        walk(rng, row=9, pitch=9, shape=(3, 3, 3), **plain)[:11],
        walk(rng, row=0, pitch=3, shape=(2, 3, 1), front=2, busy=0.5),
    ])  # fmt: skip
