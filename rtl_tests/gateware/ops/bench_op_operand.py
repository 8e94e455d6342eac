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
S, LATE = SIZE.lanes, SIZE.read_latency
ROWS = 64  # of random words
PART_BITS = op_layout(Segment).size


def words_of(rng, memories, part, index, y, x, busy=1):
    """Return the ports in each cycle of the words of one sum. index: of the segment."""
    count = part.down * part.words * part.across
    rows = np.array([rng.randrange(ROWS) for _ in range(count)])
    values = read(memories, part, rows, np.array(y), np.array(x))
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
        found.append({
            "valid": 1, "word": WordLayout(SIZE).const(word).as_bits(),
            "pair": to_ints(memories.data[row : row + 1])[0],
            "sign": to_ints((values[number] > 0)[None])[0],
            "mask": to_ints((values[number] != 0)[None])[0],
        })  # fmt: skip
    return found


def patch_of(rng):
    """Return the ports of a cycle with a word of a patch."""
    sign, mask = rng.getrandbits(S), rng.getrandbits(S)
    return {"valid": 1, "is_window": 1, "patch": sign, "sign": sign, "mask": mask}


def sums_of(rng, parts, busy=1):
    """Return the ports in each cycle of some sums over all segments."""
    memories = Memories(SIZE)
    random = np.random.default_rng(rng.getrandbits(32))
    memories.data[:ROWS] = random.random((ROWS, SIZE.data_width)) < 0.5
    found = []
    for y in range(3):
        for x in range(4):
            for index, part in enumerate(parts):
                found += words_of(rng, memories, part, index, y, x, busy)
    held = sum(op_bits(part) << n * PART_BITS for n, part in enumerate(parts))
    return [row | {"parts": held} for row in [*found, *[{}] * (LATE + 1)]]


async def check(dut, ops):
    rows = [row for each in ops for row in each]
    late = [*[{}] * LATE, *rows[:-LATE]]
    last = [{}, *late[:-1]]
    inputs = {name: [int(row.get(name, 0)) for row in rows] for name in ("valid", "word", "parts")}
    inputs["is_window"] = [row.get("is_window", 0) for row in rows]
    ones = (1 << S) - 1
    inputs["patch_sign"] = [row.get("patch", ones) for row in late]
    inputs["patch_mask"] = [row["mask"] if "patch" in row else ones for row in late]
    pairs = [row.get("pair", (1 << 2 * S) - 1) for row in late]
    inputs |= {"first": [pair & ones for pair in pairs],
               "second": [pair >> S & ones for pair in pairs]}  # fmt: skip
    masks = [row.get("mask", 0) for row in last]
    signs = [row.get("sign", 0) for row in last]
    idle = [0 if row.get("valid") else -1 for row in last]
    care = {"sign": [mask | wanted for mask, wanted in zip(masks, idle, strict=True)]}
    await compare(dut, inputs, {"mask": masks, "sign": signs}, care)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_segments(dut):
    """Inputs in both codings, with borders and without, and deltas."""
    rng = generator("segments")
    ops = []
    for _ in range(12):
        parts = [random_segment(rng, SIZE, (3, 4)) for _ in range(SIZE.segments)]
        if rng.random() < 0.3:
            parts[0] = Segment(**vars(parts[0]) | {"deltas": 1, "border": 0})
        ops.append(sums_of(rng, parts, rng.choice((0.6, 1))))
    await check(dut, ops)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """All numbers of groups with one lane; kernels that lack most taps of a word; dilation."""
    rng, ops = generator("edges"), []
    for groups in range(1, 2 * SIZE.granules + 2):
        for kernel in ((1, 1, 1), (2, 3, 1), (2, 2, 3)):
            part = segment_of(rng, SIZE, (groups, 1), kernel, (3, 4), zero_true=groups % 2)
            ops.append(sums_of(rng, [part] * SIZE.segments))
    await check(dut, ops)
