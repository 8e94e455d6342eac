"""Bench of Operand against the golden operand, on random words."""

import cocotb
import numpy as np
from support.every_cycle import compare
from support.op_bench import op_bits, to_ints
from support.op_segments import random_segment, segment_of
from support.streams import generator, parameters

from boldhw.gateware.ops.layouts import WordLayout
from boldhw.gateware.ops.ports import op_layout
from boldhw.golden.ops.memories import Memories
from boldhw.golden.ops.operand import read
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Segment

SIZE = ArraySize(**parameters())
S, LATE, D = SIZE.lanes, SIZE.read_latency, SIZE.planes
ROWS = 64  # of random words
PART_BITS = op_layout(Segment).size
ONES = (1 << D * S) - 1


def side_by_side(bits):
    """Return the bits of all planes as an integer, plane 0 lowest. bits: shape (planes, S)."""
    return to_ints(bits.reshape(1, -1))[0]


def words_of(rng, memories, part, index, at, planes, busy=1):
    """Return the ports in each cycle of the words of the sums of a tile.

    index: of the segment.  at: row and column of the first sum.  planes: sums of the tile.
    """
    y, x = at
    count = part.down * part.words * part.across
    apart = part.stride if planes > 1 else 1
    rows = np.array([rng.randrange(ROWS) for _ in range(count)])
    own = rows + apart * np.arange(planes)[:, None]
    columns = x + np.arange(planes)
    values = read(memories, part, own, np.full(planes, y), columns)
    found = []
    for number, row in enumerate(rows):
        rest, j = divmod(number, part.across)
        ky, v = divmod(rest, part.words)
        moved = (j * part.taps - part.skip) * part.dilation
        word = {
            "part": index, "begins": j == 0, "deepest": v == part.words - 1, "second": 0,
            "row": part.top + y * part.stride + ky * part.dilation,
            "column": part.left + x * part.stride + moved,
        }  # fmt: skip
        while rng.random() > busy:
            found.append(rng.choice(({}, patch_of(rng))))
        pairs = memories.data[row : row + D * apart, : 2 * S].reshape(apart, D, 2, S)
        pairs = [[side_by_side(read[:, n]) for n in (0, 1)] for read in pairs]
        for pair in pairs[:-1]:
            found.append({"half": 1, "pair": pair})
            while rng.random() > busy:
                found.append({})
        sign, mask = np.zeros((2, D, S), bool)
        sign[:planes], mask[:planes] = values[:, number] > 0, values[:, number] != 0
        found.append({
            "valid": 1, "word": WordLayout(SIZE).const(word).as_bits(), "pair": pairs[-1],
            "apart": apart > 1, "sign": side_by_side(sign), "mask": side_by_side(mask),
            "cared": (1 << planes * S) - 1,
        })  # fmt: skip
    return found


def patch_of(rng):
    """Return the ports of a cycle with words of patches."""
    sign, mask = rng.getrandbits(D * S), rng.getrandbits(D * S)
    return {"valid": 1, "is_window": 1, "patch": sign, "sign": sign, "mask": mask, "cared": ONES}


def sums_of(rng, parts, busy=1, planes=1):
    """Return the ports in each cycle of some sums over all segments."""
    memories = Memories(SIZE)
    random = np.random.default_rng(rng.getrandbits(32))
    memories.data[: ROWS + 2 * D] = random.random((ROWS + 2 * D, SIZE.data_width)) < 0.5
    found = []
    for y in range(3):
        for x in range(0, 4, planes):
            for index, part in enumerate(parts):
                found += words_of(rng, memories, part, index, (y, x), planes, busy)
    held = sum(op_bits(part) << n * PART_BITS for n, part in enumerate(parts))
    return [row | {"parts": held} for row in [{}, *found, *[{}] * (LATE + 1)]]


async def check(dut, ops):
    rows = [row for each in ops for row in each]
    late = [*[{}] * LATE, *rows[:-LATE]]
    last = [{}, *late[:-1]]
    names = ("valid", "half", "apart", "is_window", "word", "parts")
    inputs = {name: [int(row.get(name, 0)) for row in rows] for name in names}
    inputs["patch_sign"] = [row.get("patch", ONES) for row in late]
    inputs["patch_mask"] = [row["mask"] if "patch" in row else ONES for row in late]
    pairs = [row.get("pair", (ONES, ONES)) for row in late]
    inputs |= {"first": [pair[0] for pair in pairs], "second": [pair[1] for pair in pairs]}
    masks = [row.get("mask", 0) for row in last]
    signs = [row.get("sign", 0) for row in last]
    cared = [row.get("cared", ONES) for row in last]
    care = {"sign": [mask if row.get("valid") else ONES for row, mask in zip(last, masks,
                                                                           strict=True)],
            "mask": cared}  # fmt: skip
    await compare(dut, inputs, {"mask": masks, "sign": signs}, care)


def planes_of(parts):
    """Return the numbers of planes that read these segments together."""
    return sorted({1, D}) if all(part.stride <= 2 for part in parts) else [1]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_segments(dut):
    """Inputs in both codings, with borders and without, and deltas."""
    rng = generator("segments")
    ops = []
    for _ in range(12):
        parts = [random_segment(rng, SIZE, (3, 4)) for _ in range(SIZE.segments)]
        if rng.random() < 0.3:
            parts[0] = Segment(**vars(parts[0]) | {"deltas": 1, "border": 0})
        ops += [sums_of(rng, parts, rng.choice((0.6, 1)), planes) for planes in planes_of(parts)]
    await check(dut, ops)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """All numbers of groups with one lane; kernels that lack most taps of a word; dilation."""
    rng, ops = generator("edges"), []
    for groups in range(1, 2 * SIZE.granules + 2):
        for kernel in ((1, 1, 1), (2, 3, 1), (2, 2, 3)):
            part = segment_of(rng, SIZE, (groups, 1), kernel, (3, 4), zero_true=groups % 2)
            parts = [part] * SIZE.segments
            ops += [sums_of(rng, parts, 1, planes) for planes in planes_of(parts)]
    await check(dut, ops)
