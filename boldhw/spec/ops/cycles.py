"""Clock cycles of an op list, from its descriptors and the size of the array alone.

Words of a sum and rows of a memory take a cycle each. What is in registers before it is needed
takes none. docs/graph_engine.md has the formulas; the gateware's counter equals them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import gcd
from typing import Any

from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.kinds import (
    Count,
    End,
    Expand,
    Flip,
    Gather,
    Loss,
    Mac,
    Segment,
    Sink,
    Turn,
    Vote,
    Window,
)
from boldhw.spec.ops.ram import has_item_rows
from boldhw.spec.ops.reads import counts_twice, kernel_words
from boldhw.spec.ops.segments import Sums
from boldhw.spec.ops.words import pixels

Parts = Sequence[Segment | Window]
TURN_OVER = 6  # cycles in which a block of P x P bits goes through a transposer
FLIP_DRAIN = 8  # of a FLIP: its first block of weights, and the last one
SETTLE = 1  # cycles in which what follows from a descriptor reaches registers
CLOSE = 2  # cycles from the last result of an op to the next op
MAC_CLOSE = 3  # the same from the last sums: one for the largest of a square
MAC_OPEN = 1  # cycles until the first word of a MAC is in registers
COUNTED = 3  # cycles until the sizes of the last deltas are added up
THROUGH = 3  # cycles besides P in which accumulators pass one after the other, and are written


def counted(size: ArraySize) -> int:
    """Return the cycles until the sizes of the last deltas are added up, those of all planes."""
    return COUNTED + 2 * (size.planes > 1)


def cycles(ops: Sequence[Op], size: ArraySize) -> list[int]:
    """Return the cycles of each op of a list; a segment counts in the op that reads it.

    The FLIP behind a fused VOTE has none but those in which a block of weights is loaded and
    stored: its rows of accumulators are those of the VOTE.
    """
    found, parts, rows, fused = [], list[Segment | Window](), 0, False
    for op in ops:
        rows += len(op.encode())
        if isinstance(op, Segment | Window):
            parts.append(op)
            found.append(0)
            continue
        if isinstance(op, Flip) and fused:
            total = rows + _blocks(op, parts[0], size, reads=1) + CLOSE
        else:
            total = load(rows, op, size) + COSTS[type(op)](op, parts, size)
        found.append(total)
        rows, fused = 0, isinstance(op, Vote) and bool(op.fused)
        if not fused:
            parts = []
    return found


def load(rows: int, op: Op, size: ArraySize) -> int:
    """Return the cycles in which an op of so many rows, segments included, is read and settles."""
    return rows + size.read_latency - size.dual_port + (0 if isinstance(op, End) else SETTLE)


def _mac(op: Mac, parts: Parts, size: ArraySize) -> int:
    """Count the words of all segments at all places, and what interrupts them."""
    nest = Sums(op.rows, op.columns, op.pool, op.planes, op.groups, op.fold)
    groups, places, rows = op.groups, nest.places, op.rows // op.pool
    total = (
        size.latency
        + MAC_OPEN
        + MAC_CLOSE
        + 2 * (size.planes > 1)  # registers in front of the largest sums, and behind them
        + places * groups * sum(_words(part, op.planes, size) for part in parts)
    )
    total += sum(_image_rows(op, part) for part in parts if isinstance(part, Window))
    if has_item_rows(size) and op.sink != Sink.SCORES:  # thresholds, one after the other
        total += places // op.pool**2 * groups * size.elements
    if size.dsp_sums:  # sums begin at a group, and end a place later where masks differ
        total += places * groups * (1 + any(_masks_differ(part) for part in parts))
    deep = ceil_div(op.groups, size.granules)
    tile = max(1, op.planes // op.pool)  # pixels that are stored together
    across = ceil_div(op.columns // op.pool, tile)
    stored = deep * across * rows
    indexed = op.pool > 1 and not size.inference
    indices = stored * indexed
    if op.sink == Sink.SCORES:  # those of a group are stored one by one
        # No LOSS is fetched while the last ones are stored.
        several = rows * op.columns // op.pool > 1 or size.inference
        waits = places * groups if several else groups - 1
        return total + waits * size.elements + (0 if size.dual_port else indices)
    empty = deep * ceil_div(op.out_pitch - across * tile, size.planes)
    total += ceil_div(op.front, size.planes) + rows * empty
    if empty and indexed:  # the last index of a row is stored first
        total += rows
    if op.sink == Sink.DELTAS:
        total += stored + counted(size)  # their gates are read; their sizes are added up
    return total + (0 if size.dual_port else stored + indices + rows * empty)


def _image_rows(op: Mac | Vote, part: Window) -> int:
    """Return the rows of an image, of all planes, that the sums of an op span."""
    return part.planes * (part.side + (op.rows - 1) * part.stride)


def _words(part: Segment | Window, planes: int, size: ArraySize) -> int:
    """Return the cycles in which the words of a place are read, of all planes together.

    Places that are ``stride`` apart share a bank where the stride and the planes share a factor.
    """
    words = kernel_words(part, size).count
    return words if isinstance(part, Window) else words * gcd(part.stride, planes)


def _masks_differ(part: Segment | Window) -> bool:
    """Whether the lanes that count differ from place to place."""
    return bool(part.zero_true) or isinstance(part, Window) or bool(part.deltas or part.border)


def _expand(op: Expand, parts: Parts, size: ArraySize) -> int:
    """Count a write for each tile, and with one port the reads of deltas and indices.

    With two ports planes wait for indices of squares that begin in the last tile of a word.
    """
    deep, tiles = ceil_div(op.groups, size.granules), ceil_div(op.out_pitch, size.planes)
    lines = (op.rows - 1) * op.stride + 1
    written = ceil_div(op.front, size.planes) + lines * deep * tiles
    squares = ceil_div(op.columns // op.pool, size.planes)  # that begin together
    if not size.dual_port:
        return written + CLOSE + (1 + op.pool) * deep * op.rows * squares
    last = (squares - 1) * op.pool * op.stride
    waits = size.planes > 1 and op.pool == 2 and last == tiles - 1
    return written + CLOSE + size.read_latency + waits * deep * op.rows


def _gather(op: Gather, parts: Parts, size: ArraySize) -> int:
    return op.across * op.words * op.down * size.access + CLOSE


def _turn(op: Turn, parts: Parts, size: ArraySize) -> int:
    """Count signs and masks of each group, at all places, and the last outputs of all.

    A block of P places goes out, D outputs at a time, while the next one comes in. Behind the last
    places D zeros a cycle fill a block.
    """
    places = op.rows * op.columns
    reads = op.rows * ceil_div(op.columns, op.planes) * gcd(op.stride, op.planes)
    tiles = ceil_div(size.elements, size.planes)  # of a block
    filled = ceil_div(places, size.elements) * tiles - places // size.planes
    return (
        2 * op.groups * (reads + max(1, filled))
        + tiles
        + CLOSE
        + size.read_latency
        - 1
        + (size.planes > 1)
    )


def _vote(op: Vote, parts: Parts, size: ArraySize) -> int:
    """Count the columns that are built, and the rows of deltas that meet them."""
    part = parts[0]
    words, times = kernel_words(part, size), 1 + counts_twice(part)
    inputs = len(words.used)
    planes = 1 if isinstance(part, Window) else gcd(part.stride, op.planes)
    reads = op.rows * ceil_div(op.columns, op.planes) * planes
    image = _image_rows(op, part) if isinstance(part, Window) else 0
    over = size.read_latency + 1  # a block is turned over and stored
    places, tiles = op.rows * op.columns, size.elements // size.planes  # tiles: of a block
    blocks = ceil_div(places, size.elements)
    # Zeros fill the last block, D places a cycle.
    filled = blocks * tiles - places // size.planes
    if size.planes * size.transposers > 1:
        filled = max(1, filled)
        over += 1  # words take a register on their way
    turned = image + reads + filled
    if size.transposers == 1:
        build = inputs * (times * turned + over)
    else:  # all granules of a word together; blocks of its groups are stored one after the other
        build = 0
        for together in Counter(each.word for each in words.used).values():
            build += times * (turned + blocks * max(0, together - tiles)) + over + together
    if size.serial:
        return build + inputs * _serial_votes(op, times * op.wide, size) + 1
    planes = 1 if op.fused else size.planes  # weights flip for one output after the other
    # From the last word of an input group to the last row of its last outputs.
    drain = size.latency + 1 + (planes - 1) * size.access
    # The last block of weights is stored before the next one, maybe of the same row, is read.
    drain += op.fused * size.dual_port * (size.transposers > 1)
    row = max(times * op.wide, planes * size.access)
    return build + inputs * (ceil_div(op.outputs, planes) * row + drain) + 1


def _serial_votes(op: Vote, row: int, size: ArraySize) -> int:
    """Return the cycles of an input group whose accumulators pass one after the other.

    row: words of an output. Outputs overlap.
    """
    through = size.elements + THROUGH
    drain = size.latency + size.read_latency + through - 1  # from its last word
    return (op.outputs - 1) * max(row, through) + row + drain


def _flip(op: Flip, parts: Parts, size: ArraySize) -> int:
    if size.serial:
        rows = len(kernel_words(parts[0], size).used) * op.outputs
        through = size.read_latency + size.elements + THROUGH + 1
        return rows * through + _serial_blocks(op, parts[0], size) + CLOSE + size.read_latency
    rows = len(kernel_words(parts[0], size).used) * op.outputs * size.access
    return rows + _blocks(op, parts[0], size) + FLIP_DRAIN + size.read_latency - size.access


def _blocks(op: Flip, part: Segment | Window, size: ArraySize, reads: int = 0) -> int:
    """Return the cycles in which blocks of weights are loaded and stored, in both planes.

    A block goes round as a whole, with words of outputs that are not there. reads: cycles to read
    one, while the array reads columns.
    """
    inputs, groups = len(kernel_words(part, size).used), ceil_div(op.outputs, size.elements)
    missing = groups * size.elements - op.outputs
    between = 3 if size.dual_port or op.turned else 2  # from a block to the next one
    return inputs * (groups * (between + reads) + missing)


def _serial_blocks(op: Flip, part: Segment | Window, size: ArraySize) -> int:
    """Return the cycles in which blocks of weights are loaded and stored, one step at a time.

    A block goes round once more to be stored in the transposed plane.
    """
    inputs, groups = len(kernel_words(part, size).used), ceil_div(op.outputs, size.elements)
    missing = groups * size.elements - op.outputs
    again = (size.elements + 1) * (op.turned > 0)
    return inputs * (groups * (size.read_latency + 2 + again) + missing)


def _count(op: Count, parts: Parts, size: ArraySize) -> int:
    """Count the places of all groups; with ``serial`` counters of the lanes are stored singly."""
    places = op.rows * ceil_div(op.columns, size.planes)
    if size.serial:
        return op.groups * (places + size.elements) + size.read_latency + CLOSE
    return op.groups * places + size.read_latency + CLOSE + 1


def _loss(op: Loss, parts: Parts, size: ArraySize) -> int:
    """Count the scores; or the lanes of their groups, and the rows of deltas that are written."""
    groups = ceil_div(op.outputs, size.elements)
    deep = ceil_div(groups, size.granules)
    if not op.deltas:
        return op.outputs + size.read_latency + CLOSE - 1
    # A word that holds several pixels moves down, granule by granule, to that of the next tile.
    packed = pixels(groups, size.granules) > 1
    moves = min(size.planes * groups, size.granules) if packed else 1
    written = deep * (1 + (ceil_div(op.out_pitch, size.planes) - 1) * moves)
    return groups * size.elements + CLOSE + ceil_div(op.front, size.planes) + written


def _end(op: End, parts: Parts, size: ArraySize) -> int:
    return 0


COSTS: dict[type[Op], Callable[[Any, Parts, ArraySize], int]] = {
    Mac: _mac,
    Expand: _expand,
    Gather: _gather,
    Turn: _turn,
    Vote: _vote,
    Flip: _flip,
    Count: _count,
    Loss: _loss,
    End: _end,
}
