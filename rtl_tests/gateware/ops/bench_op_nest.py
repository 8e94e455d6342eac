"""Bench of Nest against the addresses, the weights and the order of the contract."""

import cocotb
from support.every_cycle import compare
from support.op_bench import as_kind, op_bits
from support.op_networks import machines
from support.streams import generator, parameters

from boldhw.gateware.ops.layouts import SumLayout
from boldhw.gateware.ops.ports import op_layout
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Mac, Segment, Window
from boldhw.spec.ops.program import LISTS
from boldhw.spec.ops.reads import kernel_words, mac_rows
from boldhw.spec.ops.segments import Sums

SIZE = ArraySize(**parameters())
ROWS = 1 << (SIZE.data_rows - 1).bit_length()  # an address has no bits that they do not need
LEAST = 3000  # cycles
OUTPUTS = "addr", "weights", "is_window", "opens", "whole", "later", "closes", "sum", "ends"
PARTS = {kind: op_layout(kind).size for kind in (Segment, Window)}


def places(op):
    """Yield (row, column, group, place in the square) of all sums, in order; those of plane 0."""
    nest, side = Sums(op.rows, op.columns, op.pool, op.planes, op.groups, op.fold), op.pool
    tile = nest.across * op.planes
    for y in range(0, op.rows, side):
        for x in range(0, op.columns, tile):
            if side > 1:
                for group in range(op.groups):
                    for down in range(2):
                        for across in range(nest.across):
                            yield y + down, x + across, group, across | down << 1
            else:
                for fold in range(op.fold):
                    for group in range(op.groups):
                        yield y, x + fold, group, 0


def info_of(op, y, x, group, q):
    """Return what becomes of a sum."""
    side, granules, together = op.pool, SIZE.granules, op.planes > 1
    word, last_word = group // granules, (op.groups - 1) // granules
    free = granules - 1 - (op.groups - 1) % granules if word == last_word else 0
    final, square = group == op.groups - 1, side == 1 or q == (2 if together else 3)
    step = op.planes if together else side  # columns of what is stored together
    tile = step if together or side > 1 else op.fold
    first = x // step * step
    last = first < op.columns <= first + step
    row_ends = (x // tile + 1) * tile >= op.columns
    row_ends &= together or side > 1 or x % op.fold == op.fold - 1
    pixels = op.planes // side if together else 1
    flags = {
        "index": q, "place": free + group % granules, "first": q == 0, "last": square,
        "begins": group % granules == 0, "ends": final or group % granules == granules - 1,
        "final": final, "left": x < step, "right": last,
        "stored": sum((first + n * side < op.columns) << n for n in range(pixels)),
        "over": final and square and row_ends,
    }  # fmt: skip
    return SumLayout(SIZE).const(flags).as_bits()


def reads_of(op, part):
    """Return how many rows after the first one each read of a word begins."""
    twice = op.planes > 1 and part.stride == 2 and isinstance(part, Segment)
    return (0, SIZE.planes) if twice else (0,)


def cycles_of(rng, op, parts, busy):
    """Return the ports in each cycle of a MAC."""
    held = {
        "op": op_bits(op), "count": len(parts),
        "are_windows": sum(isinstance(part, Window) << n for n, part in enumerate(parts)),
    }  # fmt: skip
    for name, kind in (("parts", Segment), ("windows", Window)):
        held[name] = sum(as_kind(kind, part) << n * PARTS[kind] for n, part in enumerate(parts))
    rows = [{}, {"start": 1}, {}]
    maps = [None if isinstance(part, Window) else mac_rows(op, part) for part in parts]
    order, across = list(places(op)), ceil_div(op.columns, op.fold * op.planes)
    for number, (y, x, group, q) in enumerate(order):
        for index, part in enumerate(parts):
            words = kernel_words(part, SIZE).count
            tile = x // (op.fold * op.planes)
            place = y * across + tile if isinstance(part, Segment) and part.advance else 0
            for word in range(words):
                for further in reads_of(op, part):
                    while rng.random() > busy:
                        rows.append({})
                    whole = further == reads_of(op, part)[-1]
                    last = index == len(parts) - 1 and word == words - 1
                    row = {
                        "step": 1, "opens": index + word == 0, "whole": whole,
                        "later": further > 0, "closes": last and whole,
                        "weights": part.weight_row + (place * op.groups + group) * words + word,
                        "is_window": maps[index] is None, "sum": info_of(op, y, x, group, q),
                        "ends": number == len(order) - 1,
                    }  # fmt: skip
                    if maps[index] is not None and x < op.columns:
                        row["addr"] = int(maps[index][y, x, group, word] + further) % ROWS
                    rows.append(row)
    return [row | held for row in rows]


async def check(dut, ops):
    rows = [row for each in ops for row in each]
    names = ("start", "step", "op", "parts", "windows", "are_windows", "count")
    inputs = {name: [int(row.get(name, 0)) for row in rows] for name in names}
    outputs, care = {}, {}
    for name in OUTPUTS:
        outputs[name] = [int(row.get(name, 0)) for row in rows]
        care[name] = [-int(name in row) for row in rows]
    await compare(dut, inputs, outputs, care)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def macs_of_random_networks(dut):
    """Dense and convolutional, forward and backward, of several segments, pooled, and windows."""
    rng, ops = generator("nest"), []
    found = machines(SIZE, cocotb.RANDOM_SEED, 2000)
    while sum(map(len, ops)) < LEAST:
        machine = next(found)
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
