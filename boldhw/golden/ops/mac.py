"""MAC: sums of XNORs at each place of a map, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from boldhw.golden.ops.memories import Memories
from boldhw.golden.ops.operand import Values, patches, read
from boldhw.spec.arrays import Bits, Sums
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.kinds import Mac, Segment, Sink, Window
from boldhw.spec.ops.maps import own_planes, packed
from boldhw.spec.ops.reads import mac_rows


def run(memories: Memories, op: Mac, parts: Sequence[Segment | Window]) -> None:
    """Make the sums of the segments, and bits, deltas or scores of them."""
    sums = sum((_sums(memories, op, part) for part in parts), np.zeros((), np.int32))
    if op.pool > 1:
        sums = _pooled(memories, op, sums)
    if op.sink == Sink.SCORES:
        memories.scores = sums[..., _lanes(memories, op)].reshape(-1).astype(np.int32)
    elif op.sink == Sink.BITS:
        _bits(memories, op, sums)
    else:
        _deltas(memories, op, sums)


def write_map(
    memories: Memories, row: int, pitch: int, front: int, first: Bits, second: Bits
) -> None:
    """Write a map, the pixels of zeros in front of it included: bool, (rows, columns, planes)."""
    size = memories.size
    zeros = np.zeros((front, size.lanes), np.bool_)
    words = [np.concatenate([zeros, packed(each, size, pitch)]) for each in (first, second)]
    memories.write_pairs(row - front, *words)


def write_tiles(memories: Memories, row: int, pitch: int, tile: int, low: Bits, high: Bits) -> None:
    """Write a map of indices: whole tiles of so many pixels, nothing behind them in a map row."""
    size = memories.size
    wide = ceil_div(low.shape[1], tile) * tile
    lines = [packed(each, size, pitch).reshape(-1, pitch, size.lanes) for each in (low, high)]
    for number, pair in enumerate(zip(*lines, strict=True)):
        memories.write_pairs(row + number * pitch, *(words[:wide] for words in pair))


def read_map(
    memories: Memories, row: int, pitch: int, groups: int, shape: tuple[int, int]
) -> tuple[Bits, Bits]:
    """Return both bits of the planes of a map: bool, shape (rows, columns, groups * P)."""
    (rows, columns), size = shape, memories.size
    deep = ceil_div(groups, size.granules)
    y, x, v = np.ogrid[:rows, :columns, :deep]
    pair = memories.pairs(row + (y * deep + v) * pitch + x)
    first, second = (own_planes(words, groups, size) for words in pair)
    return first, second


def _sums(memories: Memories, op: Mac, part: Segment | Window) -> Sums:
    """Return the sums of one segment: int32, shape (rows, columns, groups * P)."""
    values = _values(memories, op, part)
    words, size = values.shape[3], memories.size
    found = np.empty((op.rows, op.columns, op.groups, size.elements), np.int32)
    if isinstance(part, Segment) and part.advance:
        y, x, g, word = np.ogrid[: op.rows, : op.columns, : op.groups, :words]
        place = y * ceil_div(op.columns, op.fold) + x // op.fold
        rows = (place * op.groups + g) * words + word
        weights = _embedded(memories, part.weight_row + rows)
        found[...] = np.einsum("yxgws,yxgwps->yxgp", values.astype(np.float32), weights)
    else:
        for group in range(op.groups):
            rows = part.weight_row + group * words + np.arange(words)
            weights = _embedded(memories, rows).transpose(0, 2, 1).reshape(-1, size.elements)
            flat = values[:, :, group].reshape(op.rows, op.columns, -1).astype(np.float32)
            found[:, :, group] = flat @ weights
    return found.reshape(op.rows, op.columns, -1)


def _values(memories: Memories, op: Mac, part: Segment | Window) -> Values:
    """Return the operand words of all sums: int8, shape (rows, columns, groups, words, S)."""
    if isinstance(part, Window):
        found = patches(memories, part, op.rows, op.columns)[:, :, None]
        return np.broadcast_to(found, (*found.shape[:2], op.groups, *found.shape[3:]))
    y, x = np.ogrid[: op.rows, : op.columns]
    return read(memories, part, mac_rows(op, part), y[..., None], x[..., None])


def _embedded(memories: Memories, rows: np.ndarray) -> np.ndarray:
    return np.where(memories.weights[rows], np.float32(1), np.float32(-1))


def _lanes(memories: Memories, op: Mac) -> Bits:
    """Return which sums of a place are in use: bool, shape (groups * P,)."""
    last = (op.groups - 1) * memories.size.elements + op.lanes
    lanes: Bits = np.arange(op.groups * memories.size.elements) < last
    return lanes


def _bits(memories: Memories, op: Mac, sums: Sums) -> None:
    units = memories.units[op.unit_row : op.unit_row + op.groups].reshape(-1, 2)
    tau, window = units.T
    used = _lanes(memories, op)
    fired, gated = (sums >= tau) & used, (np.abs(sums - tau) <= window) & used
    if memories.size.inference:  # nobody reads them
        gated = np.zeros_like(gated)
    write_map(memories, op.out_row, op.out_pitch, op.front, fired, gated)


def _pooled(memories: Memories, op: Mac, sums: Sums) -> Sums:
    """Return the largest sum of each square, and write which it is: the first one on ties."""
    side, planes = op.pool, memories.size.planes
    rows, columns = op.rows // side, op.columns // side
    squares = sums.reshape(rows, side, columns, side, -1).transpose(0, 2, 1, 3, 4)
    squares = squares.reshape(rows, columns, side**2, -1)
    index, used = squares.argmax(axis=2), _lanes(memories, op)
    low, high = (index & 1 > 0) & used, (index >> 1 > 0) & used
    pitch = ceil_div(columns, planes) * planes
    if not memories.size.inference:
        write_tiles(memories, op.index_row, pitch, max(1, op.planes // side), low, high)
    largest: Sums = squares.max(axis=2)
    return largest


def _deltas(memories: Memories, op: Mac, sums: Sums) -> None:
    shape = op.rows, op.columns
    _, gates = read_map(memories, op.gate_row, op.gate_pitch, op.groups, shape)
    gates = gates & _lanes(memories, op)
    memories.counters[op.counter_row, 0] += np.abs(sums[gates]).sum(dtype=np.int64)
    mask = gates & (np.abs(sums) > op.dead)
    write_map(memories, op.out_row, op.out_pitch, op.front, (sums > 0) & mask, mask)
