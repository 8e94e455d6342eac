"""VOTE: inputs become columns in the weight memory, and columns times deltas become steps."""

from __future__ import annotations

from collections import Counter

import numpy as np

from boldhw.golden.ops.memories import Memories
from boldhw.golden.ops.operand import Values, patches, read
from boldhw.spec.arrays import Sums
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.kinds import Segment, Vote, Window
from boldhw.spec.ops.outputs import output_rows
from boldhw.spec.ops.reads import counts_twice, kernel_words, vote_rows


def run(memories: Memories, op: Vote, part: Segment | Window) -> None:
    """Add the votes of one sample, or of the gathered ones, to the accumulators."""
    columns = _columns(memories, op, part)
    together = _together(memories, part)
    _store(memories, op, columns, op.column_row, together)
    if counts_twice(part):  # F's vote on their own
        behind = op.column_row + memories.size.transposers * op.wide
        _store(memories, op, -columns, behind, together)
    votes = _votes(memories, op, columns)
    count = 0 if op.gathered else memories.count
    steps = (count % (1 << op.rounding) - votes) >> op.rounding
    before = memories.accumulators(op.acc_row, len(steps)).astype(np.int64)
    after = before - (before * op.decay >> 16) + steps
    memories.write_accumulators(op.acc_row, after)


def _columns(memories: Memories, op: Vote, part: Segment | Window) -> Values:
    """Return the inputs of all places, by group: int8, shape (input groups, P, wide * S)."""
    size, words = memories.size, kernel_words(part, memories.size)
    if isinstance(part, Window):
        values = patches(memories, part, op.rows, op.columns)
    else:
        values = _values(memories, op, part)
    granules = values.reshape(-1, words.count, size.granules, size.elements)
    used = np.array([(each.word, each.granule) for each in words.used])
    found = np.zeros((len(used), size.elements, op.wide * size.lanes), np.int8)
    found[:, :, : len(granules)] = granules[:, used[:, 0], used[:, 1]].transpose(1, 2, 0)
    return found


def _values(memories: Memories, op: Vote, part: Segment) -> Values:
    """Return the operand words of all places: int8, shape (rows, columns, words, S)."""
    y, x = np.ogrid[: op.rows, : op.columns]
    return read(memories, part, vote_rows(op, part), y, x)


def _together(memories: Memories, part: Segment | Window) -> list[int]:
    """Return how many input groups have columns at the same time: those of a word, or one."""
    words = kernel_words(part, memories.size)
    if memories.size.transposers == 1:
        return [1] * len(words.used)
    return list(Counter(each.word for each in words.used).values())


def _store(memories: Memories, op: Vote, columns: Values, row: int, together: list[int]) -> None:
    """Leave T's of columns in the weight memory; ``together``: input groups at a time.

    Blocks of P places are written; after the last one of them a row keeps what it holds.
    """
    size = memories.size
    rows = (columns > 0).reshape(*columns.shape[:2], op.wide, size.lanes).transpose(0, 2, 1, 3)
    end = ceil_div(op.rows * op.columns, size.elements) * size.elements
    written = (np.arange(op.wide * size.lanes) < end).reshape(op.wide, 1, size.lanes)
    for count, end_of in zip(together, np.cumsum(together), strict=True):
        found = rows[end_of - count : end_of]
        block = memories.weights[row : row + len(found) * op.wide]
        block[...] = np.where(written, found, block.reshape(found.shape)).reshape(block.shape)


def _votes(memories: Memories, op: Vote, columns: Values) -> Sums:
    """Return sums over places: int32, shape (input groups * outputs, P)."""
    rows = output_rows(op.delta_row, op.outputs, op.wide, memories.size.planes)
    signs, masks = memories.deltas[rows].transpose(2, 0, 1, 3)
    signed = np.where(masks, np.where(signs, 1, -1), 0).reshape(op.outputs, -1)
    votes = signed.astype(np.float32) @ columns.astype(np.float32).transpose(0, 2, 1)
    return votes.reshape(-1, columns.shape[1]).astype(np.int32)
