"""Operand words of a segment: which lanes count, and as what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boldhw.golden.ops.memories import Longs, Memories
from boldhw.spec.arrays import Bits
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Segment, Window
from boldhw.spec.ops.reads import kernel_words, rows_inside
from boldhw.spec.ops.words import Words

Values = NDArray[np.int8]  # -1, 0 and 1


def lane_masks(part: Segment | Window, size: ArraySize) -> Bits:
    """Return the lanes that hold inputs: bool, shape (words of the kernel, S)."""
    words, p = kernel_words(part, size), size.elements
    found = np.zeros((words.count, size.granules, p), np.bool_)
    for each in words.used:
        lanes = part.lanes if each.group == part.groups - 1 else p
        found[each.word, each.granule, :lanes] = True
    return found.reshape(words.count, size.lanes)


def read(
    memories: Memories, part: Segment, rows: Longs, y: NDArray[np.intp], x: NDArray[np.intp]
) -> Values:
    """Return what words hold in the array: int8, shape (..., words, S).

    rows: address of each word, shape (..., words); the words are those of the kernel, in order.
    y, x: row and column of the sum that reads it, shape (...) or what becomes that.
    """
    size, words = memories.size, kernel_words(part, memories.size)
    shape = rows.shape[:-1]
    inside = rows_inside(part, np.broadcast_to(y, shape))
    first, second = memories.pairs(np.where(inside, rows, 0))
    mask = lane_masks(part, size) & inside[..., None]
    if part.border:
        mask = mask & _columns_inside(part, words, size, np.broadcast_to(x, shape))
    if part.deltas:
        return np.where(second & mask, np.where(first, np.int8(1), np.int8(-1)), np.int8(0))
    return coded(first, mask, bool(part.zero_true))


def patches(memories: Memories, part: Window, rows: int, columns: int) -> Values:
    """Return the words that the window unit makes: int8, shape (rows, columns, words, S)."""
    size, words = memories.size, kernel_words(part, memories.size)
    shape = part.height, part.planes, part.width
    image = memories.data[part.in_row : part.in_row + part.height * part.planes, : part.width]
    bits = image.reshape(shape).transpose(0, 2, 1)
    kernel = np.arange(part.side)
    y = part.top + part.stride * np.arange(rows)[:, None] + kernel
    x = part.left + part.stride * np.arange(columns)[:, None] + kernel
    inside_y, inside_x = (y >= 0) & (y < part.height), (x >= 0) & (x < part.width)
    seen = bits[np.where(inside_y, y, 0)[:, None, :, None], np.where(inside_x, x, 0)[:, None, :]]
    inside = inside_y[:, None, :, None] & inside_x[:, None, :]
    values = coded(seen, inside[..., None], bool(part.zero_true)).reshape(rows, columns, -1)
    padded = np.zeros((rows, columns, part.groups * size.elements), np.int8)
    padded[..., : values.shape[2]] = values
    found = np.zeros((rows, columns, words.count, size.granules, size.elements), np.int8)
    place = words.table[0, 0]
    found[:, :, place[:, 0], place[:, 1]] = padded.reshape(rows, columns, part.groups, -1)
    return found.reshape(rows, columns, words.count, size.lanes)


def coded(bits: Bits, mask: Bits, zero_true: bool) -> Values:
    """Return bits in {0,T} or {F,T} coding, 0 where the mask is not set: int8."""
    low = np.int8(0 if zero_true else -1)
    return np.where(mask, np.where(bits, np.int8(1), low), np.int8(0))


def _columns_inside(
    part: Segment, words: Words, size: ArraySize, x: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Return which lanes hold pixels of the map: bool, shape (..., words, S)."""
    tap = np.zeros((words.count, size.granules), np.int64)
    for each in words.used:
        tap[each.word, each.granule] = each.kx
    pixel = part.left + x[..., None, None] * part.stride + tap * part.dilation
    inside = (pixel >= 0) & (pixel < part.width)
    return np.repeat(inside, size.elements, axis=-1)
