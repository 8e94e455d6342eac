"""Which rows of which memory an op reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.kinds import (
    Count,
    Expand,
    Flip,
    Gather,
    Loss,
    Mac,
    Segment,
    Sink,
    Turn,
    Turned,
    Vote,
    Window,
)
from boldhw.spec.ops.nest import Longs
from boldhw.spec.ops.outputs import output_span
from boldhw.spec.ops.reads import (
    back_words,
    counts_twice,
    gather_rows,
    kernel_words,
    mac_rows,
    rows_inside,
    turn_rows,
    vote_rows,
)

DATA, WEIGHT, DELTA, UNIT, COUNTER = "data", "weight", "delta", "unit", "counter"
# What rows hold: rows of one kind are never those of another.
MAPS, ACCUMULATORS, OP_LISTS = "maps", "accumulators", "op lists"
FORWARD_PLANE, TRANSPOSED, COLUMNS = "weights", "transposed weights", "columns"
OUTPUTS, UNITS, COUNTERS = "deltas by output", "thresholds", "counters"

Parts = Sequence[Segment | Window]


class Access(NamedTuple):
    """Rows from ``first`` to ``end - 1`` of a memory, of one kind, that are read or written."""

    memory: str
    kind: str
    first: int
    end: int
    writes: bool = False


def accesses(op: Op, parts: Parts, size: ArraySize) -> list[Access]:
    """Return what an op reads and writes. parts: segments that it reads.

    Rows that a mask hides are not read.
    """
    return list(FINDERS[type(op)](op, parts, size)) if type(op) in FINDERS else []


def _mac(op: Mac, parts: Parts, size: ArraySize) -> Iterator[Access]:
    for part in parts:
        yield from _words(op, part, size)
    shape = op.rows // op.pool, op.groups
    if op.pool > 1 and not size.inference:
        pitch = ceil_div(op.columns // op.pool, size.planes) * size.planes
        yield _map(op.index_row, pitch, shape, size, 0, True)
    if op.sink == Sink.SCORES:
        return
    yield _map(op.out_row, op.out_pitch, shape, size, op.front, True)
    if op.sink == Sink.BITS:
        yield Access(UNIT, UNITS, op.unit_row, op.unit_row + op.groups)
    else:
        yield _map(op.gate_row, op.gate_pitch, shape, size)
        yield Access(COUNTER, COUNTERS, op.counter_row, op.counter_row + 1, True)


def _words(op: Mac, part: Segment | Window, size: ArraySize) -> Iterator[Access]:
    """Yield the operand words and the weights of a segment of a MAC."""
    rows = op.groups * kernel_words(part, size).count
    if isinstance(part, Window):
        yield _image(part)
        yield Access(WEIGHT, FORWARD_PLANE, part.weight_row, part.weight_row + rows)
        return
    y = np.arange(op.rows)[:, None, None]
    yield from _read(mac_rows(op, part), rows_inside(part, y))
    places = op.rows * ceil_div(op.columns, op.fold) if part.advance else 1
    kind = TRANSPOSED if part.deltas else FORWARD_PLANE
    yield Access(WEIGHT, kind, part.weight_row, part.weight_row + places * rows)


def _expand(op: Expand, parts: Parts, size: ArraySize) -> Iterator[Access]:
    small = op.rows // op.pool, op.groups
    yield _map(op.in_row, op.in_pitch, small, size)
    if op.pool > 1:
        yield _map(op.index_row, op.in_pitch, small, size)
    lines = (op.rows - 1) * op.stride + 1
    yield _map(op.out_row, op.out_pitch, (lines, op.groups), size, op.front, True)


def _gather(op: Gather, parts: Parts, size: ArraySize) -> Iterator[Access]:
    rows = gather_rows(op)
    yield from _read(rows)
    last = op.out_row + (size.batch - 1) * op.slot + len(rows)
    yield Access(DATA, MAPS, op.out_row, last, True)


def _turn(op: Turn, parts: Parts, size: ArraySize) -> Iterator[Access]:
    yield from _read(turn_rows(op, size))
    outputs = (op.groups - 1) * size.elements + op.lanes
    rows = output_span(outputs, op.wide, size.planes)
    yield Access(DELTA, OUTPUTS, op.out_row, op.out_row + rows, True)


def _vote(op: Vote, parts: Parts, size: ArraySize) -> Iterator[Access]:
    part = parts[0]
    if isinstance(part, Window):
        yield _image(part)
    else:
        rows = vote_rows(op, part)
        yield from _read(rows, rows_inside(part, np.arange(op.rows)[:, None]))
    rows_read = output_span(op.outputs, op.wide, size.planes)
    yield Access(DELTA, OUTPUTS, op.delta_row, op.delta_row + rows_read)
    columns = size.transposers * op.wide * (1 + counts_twice(part))
    yield Access(WEIGHT, COLUMNS, op.column_row, op.column_row + columns, True)
    yield _accumulators(op, part, size)


def _flip(op: Flip, parts: Parts, size: ArraySize) -> Iterator[Access]:
    part = parts[0]
    words, groups = kernel_words(part, size), ceil_div(op.outputs, size.elements)
    yield _accumulators(op, part, size)
    rows = groups * words.count
    yield Access(WEIGHT, FORWARD_PLANE, part.weight_row, part.weight_row + rows, True)
    if op.turned:
        flat = op.turned == Turned.PLACES
        places = words.rows * ceil_div(words.columns, op.turned_fold) if flat else 1
        rows = places * part.groups * back_words(op, part, size).count
        yield Access(WEIGHT, TRANSPOSED, op.turned_row, op.turned_row + rows, True)
    if op.balanced:
        yield Access(UNIT, UNITS, op.mean_row, op.mean_row + len(words.used))
        yield Access(COUNTER, COUNTERS, op.balance_row, op.balance_row + groups)
    yield Access(COUNTER, COUNTERS, op.counter_row, op.counter_row + 1, True)


def _count(op: Count, parts: Parts, size: ArraySize) -> Iterator[Access]:
    yield _map(op.in_row, op.pitch, (op.rows, op.groups), size)
    yield Access(COUNTER, COUNTERS, op.counter_row, op.counter_row + op.groups, True)


def _loss(op: Loss, parts: Parts, size: ArraySize) -> Iterator[Access]:
    if op.deltas:
        groups = ceil_div(op.outputs, size.elements)
        yield _map(op.out_row, op.out_pitch, (1, groups), size, op.front, True)


def _map(
    row: int, pitch: int, shape: tuple[int, int], size: ArraySize, front: int = 0, out: bool = False
) -> Access:
    """Return the rows of a map. shape: its rows and groups of planes."""
    rows, groups = shape
    return Access(
        DATA, MAPS, row - front, row + rows * ceil_div(groups, size.granules) * pitch, out
    )


def _image(part: Window) -> Access:
    return Access(DATA, MAPS, part.in_row, part.in_row + part.height * part.planes)


def _accumulators(op: Vote | Flip, part: Segment | Window, size: ArraySize) -> Access:
    rows = len(kernel_words(part, size).used) * op.outputs
    return Access(DATA, ACCUMULATORS, op.acc_row, op.acc_row + rows, True)


def _read(rows: Longs, inside: np.ndarray | None = None) -> Iterator[Access]:
    """Yield the rows that are read, from the first to the last one."""
    found = rows if inside is None else rows[np.broadcast_to(inside, rows.shape)]
    if found.size:
        yield Access(DATA, MAPS, int(found.min()), int(found.max()) + 1)


FINDERS: dict[type[Op], Callable[[Any, Parts, ArraySize], Iterator[Access]]] = {
    Mac: _mac,
    Expand: _expand,
    Gather: _gather,
    Turn: _turn,
    Vote: _vote,
    Flip: _flip,
    Count: _count,
    Loss: _loss,
}
