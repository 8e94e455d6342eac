"""Bench of WindowUnit against the patches of the golden operand."""

import cocotb
import numpy as np
from support.every_cycle import compare
from support.op_bench import op_bits, to_ints
from support.streams import generator, parameters

from boldhw.golden.ops.memories import Memories
from boldhw.golden.ops.operand import patches
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Window

SIZE = ArraySize(**parameters())
S, D, LATE = SIZE.lanes, SIZE.planes, SIZE.read_latency
NOTHING = (1 << S) - 1  # of a row that is not loaded


def window_of(rng, kernel, **fixed):
    side, planes, most = kernel
    groups = ceil_div(side**2 * planes, SIZE.elements)
    values = {
        "zero_true": rng.randint(0, 1),
        "stride": rng.randint(1, most),
        "top": rng.randint(-3, 3),
        "left": rng.randint(-3, 3),
        "height": rng.randint(1, 7),
        "width": rng.randint(1, S),
        "lanes": side**2 * planes - (groups - 1) * SIZE.elements,
    }
    return Window(side=side, planes=planes, groups=groups, **values | fixed)


def cycles_of(rng, part, rows, columns, pool=1, busy=1):
    """Return the ports in each cycle, for an image of random bits.

    rows, columns: of sums; all columns that D planes can make together are gone through.
    pool: rows of sums that are there at the same time.
    """
    memories = Memories(SIZE)
    random = np.random.default_rng(rng.getrandbits(32))
    image = memories.data[: part.height * part.planes]
    image[...] = random.random(image.shape) < 0.5
    values = patches(memories, part, rows, columns)
    found, newest = [], part.top
    for first in range(0, rows, pool):
        end = part.top + (first + pool - 1) * part.stride + part.side
        for y in range(newest, end):
            for plane in range(part.planes):
                inside = 0 <= y < part.height
                row = to_ints(image[None, y * part.planes + plane, :S])[0] if inside else NOTHING
                found.append({"load": 1, "inside": inside, "row": row})
        newest = end
        for x in range(0, columns - D + 1):
            for q in range(pool):
                for word in range(values.shape[2]):
                    while rng.random() > busy:
                        found.append({})
                    patch = values[first + q, x : x + D, word].reshape(-1)
                    found.append({
                        "column": part.left + x * part.stride & 0x1FFFF,
                        "upper": q == 0 and pool == 2, "second": word,
                        "sign": to_ints((patch > 0)[None])[0],
                        "mask": to_ints((patch != 0)[None])[0],
                    })  # fmt: skip
    return [row | {"part": op_bits(part)} for row in [*found, *[{}] * LATE]]


async def check(dut, images):
    rows = [row for each in images for row in each]
    names = ("load", "inside", "column", "upper", "second")
    inputs = {f"port__{name}": [int(row.get(name, 0)) for row in rows] for name in names}
    late = [*[{}] * LATE, *rows[:-LATE]]
    inputs["part"] = [row["part"] for row in rows]
    inputs["row"] = [row.get("row", NOTHING) for row in late]
    masks = [row.get("mask", 0) for row in late]
    outputs = {"port__mask": masks, "port__sign": [row.get("sign", 0) for row in late]}
    care = {"port__mask": [-int("mask" in row) for row in late], "port__sign": masks}
    await compare(dut, inputs, outputs, care)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(pool=[1, 2])
async def all_kernels(dut, pool):
    """Each kernel and number of planes, at borders and inside."""
    rng = generator(f"kernels {pool}")
    images = []
    while len(images) < 32:
        for kernel in SIZE.windows:
            shape = pool * rng.randint(1, 2), D + rng.randint(0, 3)
            window = window_of(rng, kernel)
            images.append(cycles_of(rng, window, *shape, pool, rng.choice((0.7, 1))))
    await check(dut, images)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """Patches that are outside as a whole, far to both sides; an image of one bit, of all lanes."""
    rng = generator("edges")
    one, inside = {"height": 1, "width": 1, "stride": 1}, {"top": 0, "left": 0}
    for kernel in {SIZE.windows[0], SIZE.windows[-1]}:
        await check(dut, [
            cycles_of(rng, window_of(rng, kernel, left=-30, zero_true=0), 1, 40),
            cycles_of(rng, window_of(rng, kernel, top=-9, zero_true=0), 12, 1 + D),
            cycles_of(rng, window_of(rng, kernel, **inside, **one), 1, D),
            cycles_of(rng, window_of(rng, kernel, width=S, left=S - 2, zero_true=0), 1, 3 + D),
            cycles_of(rng, window_of(rng, kernel, stride=kernel.stride, zero_true=0), 4, 2 + D, 2),
        ])  # fmt: skip
