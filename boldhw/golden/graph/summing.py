"""Loops of :mod:`boldhw.golden.graph.sums`. Shapes are those of the kernel.

A sign and a mask of inputs sum up to ``popcount(mask) - 2 * popcount((sign ^ weight) & mask)``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.golden.compiled import kept, popcount
from boldhw.golden.graph.kernel import Longs
from boldhw.golden.graph.squares import (
    LANES,
    absent_four,
    absent_one,
    masked_four,
    masked_one,
    unlike_four,
    unlike_one,
)
from boldhw.golden.graph.vectors import FEW, MANY, address, differ_few, differ_many
from boldhw.golden.words64 import Words
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Signals, Sums

Halves = NDArray[np.uint32]
ONES = np.uint64((1 << 64) - 1)
SIGN, ZERO, TERNARY = range(3)  # a map holds T, and F that counts -1; T, and F that counts 0; all


@kept
def patches(found: Words, strings: Words, runs: Longs, step: tuple[int, int]) -> None:
    """Copy what each sum reads into 64-bit words.

    found: uint64, shape (r, s, words).  strings: uint64, of one sample.  runs: of ``bit_runs``.
    step: strings, and planes, from one sum to the next.
    """
    found[:] = 0
    for y in range(found.shape[0]):
        for run in range(len(runs)):
            string = strings[y * step[0] + runs[run, 0]]
            word, shift = runs[run, 3] >> 6, np.uint64(runs[run, 3] & 63)
            mask = ONES >> np.uint64(64 - runs[run, 2])
            bit = runs[run, 1]
            for x in range(found.shape[1]):
                at, low = bit >> 6, np.uint64(bit & 63)
                high = (string[at + 1] << np.uint64(1)) << (np.uint64(63) - low)
                found[y, x, word] |= (((string[at] >> low) | high) & mask) << shift
                bit += step[1]


@kept
def forward_short(
    sums: Shorts, where: Signals, strings: Words, runs: Longs, step: tuple[int, int],
    inside: Words, counts: Sums, inputs: int, patch: Words, lanes: Halves, totals: Sums, pool: int,
    zero_true: bool,
) -> None:  # fmt: skip
    """Sum few inputs, and keep the largest of each square.

    inside: uint64, shape (r, s, words), masks of what is inside of the map, and patch, room for
    what sums read.  counts: int32, shape (r, s), ones of ``inside``, ``inputs`` where all of them
    are.  lanes: uint32, shape (units, padded n), weights.  totals: int32, room, one a place.
    """
    row, right = 8 * patch.shape[1] * patch.shape[2], 8 * patch.shape[2]
    units, pitch = lanes.shape[0], 4 * lanes.shape[1]
    for k in range(len(sums)):
        patches(patch, strings[k], runs, step)
        for y in range(sums.shape[1]):
            for x in range(sums.shape[2]):
                least, largest = np.int32(inputs), np.int32(0)
                for q in range(pool * pool):
                    r, s = y * pool + q // pool, x * pool + q % pool
                    total = _ones(patch[r, s]) if zero_true else counts[r, s]
                    totals[q] = total
                    least, largest = min(least, total), max(largest, total)
                if largest == 0:  # a dark place
                    sums[k, y, x] = 0
                    continue
                at = y * pool * row + x * pool * right
                signs, masks = address(patch) + at, address(inside) + at
                is_masked = bool(not zero_true and least < inputs)
                for j in range(0, sums.shape[3], LANES):
                    best, which = address(sums[k, y, x]) + 2 * j, address(where[k, y, x]) + j
                    left, weights = sums.shape[3] - j, address(lanes) + 4 * j
                    _square(
                        best, which, left, signs, masks, right, row, address(totals), weights,
                        pitch, units, pool, zero_true, is_masked,
                    )  # fmt: skip


@kept
def _ones(words: Words) -> Any:
    """Return the ones of four words at most; a loop would be made for many."""
    total = popcount(words[0])
    if len(words) > 1:
        total += popcount(words[1])
    if len(words) > 2:
        total += popcount(words[2])
    if len(words) > 3:
        total += popcount(words[3])
    return np.int32(total)


@kept
def _square(
    best: int, which: int, left: int, signs: int, masks: int, right: int, down: int, totals: int,
    weights: int, pitch: int, units: int, pool: int, zero_true: bool, is_masked: bool,
) -> None:  # fmt: skip
    """Sum one place, or a square, for LANES outputs."""
    if pool == 2:
        if zero_true:
            absent_four(best, which, left, signs, masks, right, down, totals, weights, pitch, units)
        elif is_masked:
            masked_four(best, which, left, signs, masks, right, down, totals, weights, pitch, units)
        else:
            unlike_four(best, which, left, signs, masks, right, down, totals, weights, pitch, units)
    elif zero_true:
        absent_one(best, which, left, signs, masks, right, down, totals, weights, pitch, units)
    elif is_masked:
        masked_one(best, which, left, signs, masks, right, down, totals, weights, pitch, units)
    else:
        unlike_one(best, which, left, signs, masks, right, down, totals, weights, pitch, units)


@kept
def forward(
    sums: Shorts, where: Signals, strings: Words, others: Words, runs: Longs,
    step: tuple[int, int], masks: Words, patch: Words, mask: Words, at: Longs,
    jumps: tuple[int, int], planes: Words, wrong: Shorts, full: Words, found: Words,
    listed: Longs, coding: int,
) -> None:  # fmt: skip
    """Sum, and keep the largest of each square.

    strings: uint64, of all samples, set where the map is T.  others: likewise, where a three-valued
    one is not 0.  masks: uint64, what is inside of the map, laid out as what is read.  patch, mask:
    uint64, shape (r, s, words), room for what sums read, or with no rows when it is read where it
    is.  at: int64, words that a sum at (0, 0) reads; jumps: words from one sum to the next, down
    and right.  planes: uint64, shape (words, padded n).  wrong: int16, room for counts of each sum
    of a square.  full: uint64, shape (words,), all ones.  found, listed: shape (2, words) and
    (words,), room for what a sum reads.  coding: SIGN, ZERO or TERNARY.

    Words whose mask is 0 count nothing and are left out: they are most of a dark picture.
    """
    totals, pool = np.empty(len(wrong), np.int16), 2 if len(wrong) > 1 else 1
    pitch = planes.shape[1]
    for k in range(len(sums)):
        signs = strings[k].reshape(-1)
        if len(patch):
            patches(patch, strings[k], runs, step)
            signs = patch.reshape(-1)
        if coding == TERNARY:
            masks = others[k].reshape(-1)
            if len(patch):
                patches(mask, others[k], runs, step)
                masks = mask.reshape(-1)
        for y in range(sums.shape[1]):
            for x in range(sums.shape[2]):
                for q in range(len(wrong)):
                    r, s = y * pool + q // pool, x * pool + q % pool
                    start = r * jumps[0] + s * jumps[1]
                    if coding == ZERO:
                        count, totals[q] = _list_true(listed, found, signs, at, start)
                        first = address(full)
                    else:
                        count, totals[q] = list_words(listed, found, signs, masks, at, start)
                        first = address(found)
                    second = address(found) + 8 * found.shape[1]
                    target = address(wrong) + 2 * pitch * q
                    differ(target, first, second, planes, listed, count)
                largest(sums[k, y, x], where[k, y, x], totals, wrong)


@kept
def list_words(
    listed: Longs, found: Words, signs: Words, masks: Words, at: Longs, start: int
) -> tuple[int, int]:
    """List the words that a sum reads whose mask is not 0.

    Return how many there are, and the ones of the masks.
    """
    count: Any = 0
    total: Any = 0
    for word in range(len(at)):
        mask = masks[start + at[word]]
        listed[count], found[0, count], found[1, count] = word, signs[start + at[word]], mask
        count += np.int64(mask != 0)
        total += np.int64(popcount(mask))
    return count, total


@kept
def _list_true(listed: Longs, found: Words, signs: Words, at: Longs, start: int) -> tuple[int, int]:
    """List the words that a sum reads that are not 0, as masks, like :func:`list_words`."""
    count: Any = 0
    total: Any = 0
    for word in range(len(at)):
        mask = signs[start + at[word]]
        listed[count], found[1, count] = word, mask
        count += np.int64(mask != 0)
        total += np.int64(popcount(mask))
    return count, total


@kept
def differ(found: int, signs: int, masks: int, planes: Words, listed: Longs, count: int) -> None:
    """Count where signs and weights differ under the mask, for all outputs."""
    first, pitch = 0, planes.shape[1]
    while first < pitch:
        many = pitch - first >= MANY
        at, weights = found + 2 * first, address(planes) + 8 * first
        if many:
            differ_many(at, signs, masks, weights, pitch, address(listed), count)
        else:
            differ_few(at, signs, masks, weights, pitch, address(listed), count)
        first += MANY if many else FEW


@kept
def largest(best: Shorts, which: Signals, totals: Shorts, wrong: Shorts) -> None:
    """Keep the largest sum of a square, the first on ties, and which it is."""
    for j in range(len(best)):
        best[j] = totals[0] - 2 * wrong[0, j]
    for q in range(1, len(wrong)):
        for j in range(len(best)):
            value = np.int16(totals[q] - 2 * wrong[q, j])
            which[j] = q if value > best[j] else which[j]
            best[j] = max(best[j], value)
