"""Bench of Nest against the addresses, the weights and the order of the contract."""

import cocotb
import numpy as np
from support.every_cycle import compare
from support.op_bench import op_bits
from support.op_networks import machines
from support.streams import generator, parameters

from boldhw.gateware.ops.layouts import SumLayout
from boldhw.gateware.ops.ports import op_layout
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.fields import OP_KIND, OP_ROWS
from boldhw.spec.ops.kinds import Mac, Segment, Window
from boldhw.spec.ops.program import LISTS
from boldhw.spec.ops.reads import kernel_words, mac_rows
from boldhw.spec.ops.segments import Sums

SIZE = ArraySize(**parameters())
PARTS = {kind: op_layout(kind).size for kind in (Segment, Window)}


def as_kind(kind, op):
    """Return the values that a descriptor has when it is read as another kind, side by side."""
    fields = np.zeros(kind.size() * 4, int)
    own = op.encode().astype(int).reshape(-1)[: len(fields)]
    fields[: len(own)] = own
    word, low = 0, 0
    for each, field, first in kind.slots():
        if each not in (OP_KIND, OP_ROWS):
            word |= (int(fields[field]) >> first & (1 << each.bits) - 1) << low
            low += each.bits
    return word


def places(op):
    """Yield (row, column, group, place in the square) of all sums, in order."""
    nest, side = Sums(op.rows, op.columns, op.pool, 1, op.groups, op.fold), op.pool
    for y in range(0, op.rows, side):
        for tile in range(nest.tiles):
            if side > 1:
                for group in range(op.groups):
                    for q in range(4):
                        yield y + q // 2, 2 * tile + q % 2, group, q
            else:
                for fold in range(op.fold):
                    for group in range(op.groups):
                        yield y, tile * op.fold + fold, group, 0


def info_of(op, y, x, group, q):
    """Return what becomes of a sum."""
    side, granules = op.pool, SIZE.granules
    word, last_word = group // granules, (op.groups - 1) // granules
    free = granules - 1 - (op.groups - 1) % granules if word == last_word else 0
    final, square = group == op.groups - 1, side == 1 or q == 3
    tile = side if side > 1 else op.fold
    right = x // side * side + (side if side > 1 else 1) == op.columns
    row_ends = (x // tile + 1) * tile >= op.columns and (side > 1 or x % op.fold == op.fold - 1)
    flags = {
        "index": q, "place": free + group % granules, "first": q == 0, "last": square,
        "begins": group % granules == 0, "ends": final or group % granules == granules - 1,
        "final": final, "stored": x < op.columns, "left": x < side, "right": right,
        "over": final and square and row_ends,
    }  # fmt: skip
    return SumLayout(SIZE).const(flags).as_bits()


def cycles_of(rng, op, parts, busy):
    """Return the ports in each cycle of a MAC."""
    held = {
        "op": op_bits(op), "count": len(parts),
        "are_windows": sum(isinstance(part, Window) << n for n, part in enumerate(parts)),
    }  # fmt: skip
    for name, kind in (("parts", Segment), ("windows", Window)):
        held[name] = sum(as_kind(kind, part) << n * PARTS[kind] for n, part in enumerate(parts))
    rows = [{"start": 1}]
    maps = [None if isinstance(part, Window) else mac_rows(op, part) for part in parts]
    order, across = list(places(op)), ceil_div(op.columns, op.fold)
    for number, (y, x, group, q) in enumerate(order):
        for index, part in enumerate(parts):
            words = kernel_words(part, SIZE).count
            place = y * across + x // op.fold if isinstance(part, Segment) and part.advance else 0
            for word in range(words):
                while rng.random() > busy:
                    rows.append({})
                row = {
                    "step": 1, "opens": index + word == 0,
                    "closes": index == len(parts) - 1 and word == words - 1,
                    "weights": part.weight_row + (place * op.groups + group) * words + word,
                    "is_window": maps[index] is None, "sum": info_of(op, y, x, group, q),
                    "ends": number == len(order) - 1,
                }  # fmt: skip
                if maps[index] is not None and x < op.columns:
                    row["addr"] = int(maps[index][y, x, group, word])
                rows.append(row)
    return [row | held for row in rows]


async def check(dut, ops):
    rows = [row for each in ops for row in each]
    names = ("start", "step", "op", "parts", "windows", "are_windows", "count")
    inputs = {name: [int(row.get(name, 0)) for row in rows] for name in names}
    outputs, care = {}, {}
    for name in ("addr", "weights", "is_window", "opens", "closes", "sum", "ends"):
        outputs[name] = [int(row.get(name, 0)) for row in rows]
        care[name] = [-int(name in row) for row in rows]
    await compare(dut, inputs, outputs, care)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def macs_of_random_networks(dut):
    """Dense and convolutional, forward and backward, of several segments, pooled, and windows."""
    rng, ops, seen = generator("nest"), [], 0
    found = machines(SIZE, cocotb.RANDOM_SEED, 2000)
    while seen < 10:
        machine = next(found)
        seen += 1
        for name in LISTS:
            parts = []
            for op in machine.lists[name]:
                if isinstance(op, Segment | Window):
                    parts.append(op)
                    continue
                if isinstance(op, Mac):
                    ops.append(cycles_of(rng, op, parts, rng.choice((0.7, 1))))
                parts = []
    await check(dut, ops)
