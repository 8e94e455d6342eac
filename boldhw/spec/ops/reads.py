"""Addresses that ops read, step by step as their nests make them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Flip, Gather, Mac, Segment, Turn, Turned, Vote, Window
from boldhw.spec.ops.nest import Longs, addresses
from boldhw.spec.ops.segments import ADDRESSES, Sums
from boldhw.spec.ops.words import Words


def kernel_words(part: Segment | Window, size: ArraySize) -> Words:
    """Return the words of a segment's kernel."""
    if isinstance(part, Window):
        return Words(size.granules, part.groups)
    columns = part.across * part.taps - part.skip
    return Words(size.granules, part.groups, part.down, columns, part.dilation)


def back_words(op: Flip, part: Segment | Window, size: ArraySize) -> Words:
    """Return the words of a FLIP's transposed plane: over outputs, the kernel flipped."""
    groups = ceil_div(op.outputs, size.elements)
    if op.turned == Turned.PLACES:
        return Words(size.granules, groups, 1, op.turned_fold)
    words = kernel_words(part, size)
    return Words(size.granules, groups, words.rows, words.columns, words.dilation)


def flip_steps(op: Flip, part: Segment | Window, size: ArraySize) -> dict[str, int]:
    """Return the values of a FLIP with which adders go through the rows of both planes."""
    own = {
        "step": kernel_words(part, size).count,
        "groups": ceil_div(op.outputs, size.elements),
    }
    if not op.turned:
        return own | {"turned_across": 0, "turned_group": 0, "turned_line": 0}
    back = back_words(op, part, size)
    line = back.deep * back.across
    if op.turned == Turned.PLACES:
        group, line = line, part.groups * line
    else:
        group = back.rows * line
    return own | {"turned_across": back.across, "turned_group": group, "turned_line": line}


def counts_twice(part: Segment | Window) -> bool:
    """Return whether T's and F's of patches vote one after the other.

    What is outside of an image is neither in {F,T} coding.
    """
    return isinstance(part, Window) and bool(part.border) and not part.zero_true


def mac_rows(op: Mac, part: Segment) -> Longs:
    """Return the row of each word of each sum: int64, shape (rows, columns, groups, words)."""
    nest = Sums(op.rows, op.columns, op.pool, op.planes, op.groups, op.fold)
    words = part.down * part.words * part.across
    rows = addresses(part.in_row, [part.across, part.words, part.down, *nest.counts], part.jumps)
    rows = rows.reshape(*rows.shape[:5], words)
    if op.pool > 1:  # axes: row, tile, group, row and column of a square, words
        rows = rows.transpose(0, 1, 3, 4, 2, 5)
    else:  # axes: row, tile, one, column of a tile, group, words
        rows = rows.reshape(op.rows, nest.tiles, 1, nest.across, op.groups, words)
    # A plane becomes a column.
    plane = np.arange(op.planes)[:, None, None] * part.stride
    rows = (rows[:, :, :, :, None] + plane).transpose(0, 2, 1, 3, 4, 5, 6)
    return rows.reshape(op.rows, -1, op.groups, words)[:, : op.columns] % ADDRESSES


def vote_rows(op: Vote, part: Segment) -> Longs:
    """Return the row of each word of each place: int64, shape (rows, columns, words)."""
    tiles = ceil_div(op.columns, op.planes)
    counts = [tiles, op.rows, part.across, part.words, part.down]
    nest = addresses(part.in_row, counts, part.jumps[:5]).reshape(-1, op.rows, tiles)
    rows = nest.transpose(1, 2, 0)[:, :, None] + np.arange(op.planes)[:, None] * part.stride
    return rows.reshape(op.rows, -1, rows.shape[-1])[:, : op.columns] % ADDRESSES


def turn_rows(op: Turn, size: ArraySize) -> Longs:
    """Return the row of each word of each place: int64, shape (places, words of a pixel)."""
    deep, tiles = ceil_div(op.groups, size.granules), ceil_div(op.columns, op.planes)
    nest = addresses(op.in_row, [tiles, op.rows, deep], [op.jump0, op.jump1, op.jump2])
    rows = nest.transpose(1, 2, 0)[:, :, None] + np.arange(op.planes)[:, None] * op.stride
    return rows.reshape(op.rows, -1, deep)[:, : op.columns].reshape(-1, deep) % ADDRESSES


def count_jump(pitch: int, groups: int, columns: int, size: ArraySize) -> int:
    """Return what a COUNT adds to the address from the last tile of a map row to the next row."""
    line = ceil_div(groups, size.granules) * pitch
    return line - (ceil_div(columns, size.planes) - 1) * size.planes


def gather_rows(op: Gather) -> Longs:
    """Return the rows that are copied, in order: int64."""
    counts, steps = [op.across, op.words, op.down], [op.jump0, op.jump1, op.jump2]
    return addresses(op.in_row, counts, steps).reshape(-1) % ADDRESSES


def rows_inside(part: Segment, y: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return whether each word is of a row of the map: bool, shape of y and the words.

    y: row of the sum that reads.
    """
    line = part.words * part.across
    tap = np.arange(part.down * line) // line
    pixel = part.top + y[..., None] * part.stride + tap * part.dilation
    inside: NDArray[np.bool_] = (pixel >= 0) & (pixel < part.height)
    return inside
