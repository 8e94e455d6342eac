"""FLIP: weights turn over where their accumulators are against them, in both planes."""

from __future__ import annotations

import numpy as np

from boldhw.golden.ops.memories import Memories
from boldhw.spec.arrays import Sums
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.kinds import Flip, Segment, Turned, Window
from boldhw.spec.ops.reads import back_words, kernel_words
from boldhw.spec.ops.words import Words

HALF = 128  # of the fixed point of means
Place = tuple[np.ndarray, np.ndarray, np.ndarray]  # row, element and lane


def run(memories: Memories, op: Flip, part: Segment | Window) -> None:
    """Decay, take out means, flip; count the flips and clear the accumulators of flipped weights.

    Axes of arrays: input group, output, lane of the input.
    """
    words = kernel_words(part, memories.size)
    p, inputs = memories.size.elements, len(words.used)
    shape = inputs, op.outputs, p
    values = memories.accumulators(op.acc_row, inputs * op.outputs).astype(np.int64).reshape(shape)
    values = values - (values * op.decay >> 16)
    if op.balanced:
        half = 1 << memories.size.accumulator_bits - 1
        values = np.clip(values + _common(memories, op, inputs), -half, half - 1)
    # Blocks are written as a whole: weights of outputs that are not there go over as they are.
    groups = ceil_div(op.outputs, p)
    where = _place(words, groups * p, p, part.weight_row)
    weights = memories.weights[where]
    flips, own = np.zeros(weights.shape, np.bool_), weights[:, : op.outputs]
    flips[:, : op.outputs] = np.where(own, values <= -op.theta, values >= op.theta)
    memories.weights[where] = weights ^ flips
    if op.turned:
        assert isinstance(part, Segment)
        place = _turned(memories, op, part, words, groups * p)
        memories.weights[place] = weights ^ flips
    values = np.where(flips[:, : op.outputs], 0, values)
    memories.write_accumulators(op.acc_row, values.reshape(-1, p))
    memories.counters[op.counter_row, 1] += np.count_nonzero(flips)
    if op.clears:
        memories.counters[op.balance_row : op.balance_row + groups] = 0


def _common(memories: Memories, op: Flip, inputs: int) -> Sums:
    """Return what the mean of the inputs adds to the accumulators."""
    groups = ceil_div(op.outputs, memories.size.elements)
    balance = memories.counters[op.balance_row : op.balance_row + groups].reshape(-1)
    means = memories.units[op.mean_row : op.mean_row + inputs, :, 0]
    product = balance[: op.outputs, None] * means[:, None, :].astype(np.int64)
    found: Sums = product + (HALF << op.rounding) >> 8 + op.rounding
    return found


def _place(words: Words, outputs: int, p: int, row: int) -> Place:
    """Return row, element and lane of each weight in the weight plane."""
    used = np.array([(each.word, each.granule) for each in words.used])[:, :, None, None]
    output, lane = np.arange(outputs)[:, None], np.arange(p)
    rows = row + output // p * words.count + used[:, 0]
    return _spread(rows, output % p, used[:, 1] * p + lane)


def _turned(memories: Memories, op: Flip, part: Segment, words: Words, outputs: int) -> Place:
    """Return row, element and lane of each weight in the transposed plane."""
    p, back = memories.size.elements, back_words(op, part, memories.size)
    used = np.array([each[2:] for each in words.used])  # kernel row, kernel column, group
    if op.turned == Turned.PLACES:
        fold = op.turned_fold
        places = used[:, 0] * ceil_div(words.columns, fold) + used[:, 1] // fold
        first = (places * part.groups + used[:, 2]) * back.count
        table = back.table[0, used[:, 1] % fold]
    else:
        first = used[:, 2] * back.count
        table = back.table[words.rows - 1 - used[:, 0], words.columns - 1 - used[:, 1]]
    output, lane = np.arange(outputs), np.arange(p)
    place = table[:, output // p]  # word and granule, by input group and output
    rows = op.turned_row + first[:, None] + place[..., 0]
    lanes = place[..., 1] * p + output % p
    return _spread(rows[..., None], lane, lanes[..., None])


def _spread(row: np.ndarray, element: np.ndarray, lane: np.ndarray) -> Place:
    found = np.broadcast_arrays(row, element, lane)
    return found[0], found[1], found[2]
