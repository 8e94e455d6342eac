"""The loops of :mod:`boldhw.golden.graph.compiled`. Shapes are those of the kernel.

A sign and a mask of 64 inputs sum up to ``popcount(mask) - 2 * popcount((sign ^ weight) & mask)``.
Inner loops run over neighbours in memory, which a compiler makes vectors of.
"""

from typing import Any

import numpy as np

from boldhw.golden.compiled import kept, popcount
from boldhw.golden.graph.kernel import Longs
from boldhw.golden.graph.vectors import (
    FEW,
    MANY,
    SHORTS,
    address,
    differ_few,
    differ_many,
    sum_rows,
    take_votes,
)
from boldhw.golden.words64 import Words
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums

ONES = np.uint64((1 << 64) - 1)
MOST = 127  # additions of -1, 0 or 1 that a byte holds


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
def forward(
    sums: Shorts, where: Signals, strings: Words, runs: Longs, step: tuple[int, int],
    inside: Words, patch: Words, planes: Words, wrong: Shorts, full: Words, listed: Longs,
    zero_true: bool,
) -> None:  # fmt: skip
    """Sum, and keep the largest of each square.

    inside: uint64, shape (r, s, words), masks of what is inside of the map.  patch: likewise, room
    for what sums read.  planes: uint64, shape (words, padded n).  wrong: int16, room for counts of
    each sum of a square.  full: uint64, shape (words,), all ones.  listed: int64, shape (words,).

    Words whose mask is 0 count nothing and are left out: they are most of a dark picture.
    """
    totals, pool = np.empty(len(wrong), np.int16), 2 if len(wrong) > 1 else 1
    words, pitch = planes.shape
    masks = patch if zero_true else inside
    for k in range(len(sums)):
        patches(patch, strings[k], runs, step)
        for y in range(sums.shape[1]):
            for x in range(sums.shape[2]):
                for q in range(len(wrong)):
                    r, s = y * pool + q // pool, x * pool + q % pool
                    count, totals[q] = _list(listed, masks, r, s)
                    at = 8 * words * (r * patch.shape[1] + s)
                    signs = address(full) if zero_true else address(patch) + at
                    found = address(wrong) + 2 * pitch * q
                    differ(found, signs, address(masks) + at, planes, listed, count)
                largest(sums[k, y, x], where[k, y, x], totals, wrong)


@kept
def _list(listed: Longs, masks: Words, r: int, s: int) -> tuple[int, int]:
    """List the words of a mask that are not 0; return how many there are, and the mask's ones."""
    count: Any = 0
    total: Any = 0
    for word in range(masks.shape[2]):
        mask = masks[r, s, word]
        listed[count] = word
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


@kept
def fire(bits: Bits, sums: Shorts, tau: Shorts) -> None:
    """Set bits where sums reach tau, int16."""
    for row in range(len(sums)):
        for j in range(sums.shape[1]):
            bits[row, j] = sums[row, j] >= tau[j]


@kept
def count(found: Sums, values: Signals) -> None:
    """Count what is not 0 in each column."""
    for row in range(len(values)):
        for j in range(values.shape[1]):
            found[j] += values[row, j] & 1


@kept
def signals(
    found: Signals, gated: Sums, deltas: Sums, sums: Shorts, tau: Sums, window: Sums, dead: Any
) -> Any:
    """Make signals of g where gates are set, and count gates; return the sum of their |g|."""
    size: Any = np.int64(0)
    for row in range(len(deltas)):
        total = np.int32(0)
        for j in range(deltas.shape[1]):
            delta = deltas[row, j]
            gate = abs(np.int32(sums[row, j]) - tau[j]) <= window[j]
            passes = gate & (abs(delta) > dead)
            gated[j] += np.int32(gate)
            total += abs(delta) if gate else np.int32(0)
            found[row, j] = (np.int8(delta > 0) - np.int8(delta < 0)) if passes else np.int8(0)
        size += total
    return size


@kept
def backward(
    deltas: Shorts, signals: Signals, where: Signals, weights: Signals, runs: Longs,
    step: tuple[int, int], pool: int, wide: Shorts, chosen: Longs, counts: Longs,
) -> None:  # fmt: skip
    """Sum signals times weights into strings of g.

    weights: int8, shape (n, padded m).  wide: int16, shape (padded m,).  chosen: int64, shape
    (4, 2, n), and counts, (4, 2): room for lists of outputs.
    """
    for k in range(len(signals)):
        for y in range(signals.shape[1]):
            for x in range(signals.shape[2]):
                _outputs(chosen, counts, signals[k, y, x], where[k, y, x])
                for q in range(pool * pool):
                    plus, minus = counts[q, 0], counts[q, 1]
                    if plus + minus:
                        sum_chosen(wide, weights, chosen[q], plus, minus)
                        r, s = y * pool + q // pool, x * pool + q % pool
                        _spread(deltas[k], wide, runs, r * step[0], s * step[1])


@kept
def _spread(strings: Shorts, wide: Shorts, runs: Longs, row: int, offset: int) -> None:
    """Add what the sum at a place gives back to what it read."""
    for run in range(len(runs)):
        at, first, count = runs[run, 1] + offset, runs[run, 3], runs[run, 2]
        target = strings[row + runs[run, 0], at : at + count]
        part = wide[first : first + count]
        for i in range(len(target)):
            target[i] += part[i]


@kept
def _outputs(chosen: Longs, counts: Longs, signals: Signals, where: Signals) -> None:
    """List outputs by the sum that their signal goes to, and by T and F."""
    counts[:] = 0
    for j in range(len(signals)):
        if signals[j] != 0:
            q, side = where[j], np.int64(signals[j] < 0)
            chosen[q, side, counts[q, side]] = j
            counts[q, side] += 1


@kept
def sum_chosen(wide: Shorts, rows: Signals, chosen: Longs, plus: int, minus: int) -> None:
    """Add up the rows that ``chosen[0]`` lists and take away those of ``chosen[1]``."""
    wide[:] = 0
    for side in range(2):
        count = minus if side else plus
        for start in range(0, count, MOST):
            part = min(MOST, count - start)
            listed = address(chosen) + 8 * (side * chosen.shape[1] + start)
            sum_rows(
                address(wide), address(rows), listed, 0 if side else part, part if side else 0,
                rows.shape[1],
            )  # fmt: skip


@kept
def vote(
    target: Shorts, strings: Signals, signals: Signals, where: Signals, runs: Longs,
    step: tuple[int, int], patch: Signals, columns: int, pool: int, rounding: int, first: int,
    top: int, wide: Shorts, chosen: Longs,
) -> None:  # fmt: skip
    """Add the steps of each sample to ``target``. strings: int8, of all samples.

    patch: int8, shape (r * s, padded m), room for what each sum reads.  chosen: int64, shape
    (2, r * s), for places.
    """
    m = target.shape[1]
    whole = m // SHORTS * SHORTS
    for k in range(len(signals)):
        _read(patch, strings[k], runs, step, columns)
        u = (first + k) & ((1 << rounding) - 1)
        for j in range(len(target)):
            plus, minus = _seen(chosen, signals[k], where[k], j, columns, pool)
            if plus + minus == 0:
                continue
            sum_chosen(wide, patch, chosen, plus, minus)
            take_votes(address(target) + 2 * m * j, address(wide), u, rounding, top, whole)
            for i in range(whole, m):
                value = target[j, i] + ((u - wide[i]) >> rounding)
                target[j, i] = min(max(value, -top), top - 1)


@kept
def _read(
    patch: Signals, strings: Signals, runs: Longs, step: tuple[int, int], columns: int
) -> None:
    """Copy what each sum reads, byte by byte."""
    for place in range(len(patch)):
        y, x = place // columns, place % columns
        for run in range(len(runs)):
            at, first, count = runs[run, 1] + x * step[1], runs[run, 3], runs[run, 2]
            source = strings[y * step[0] + runs[run, 0], at : at + count]
            part = patch[place, first : first + count]
            for i in range(len(part)):
                part[i] = source[i]


@kept
def _seen(
    chosen: Longs, signals: Signals, where: Signals, j: int, columns: int, pool: int
) -> tuple[int, int]:
    """List places that output j has signals for; return how many are T, and F."""
    plus, minus = 0, 0
    for y in range(signals.shape[0]):
        for x in range(signals.shape[1]):
            signal = signals[y, x, j]
            if signal != 0:
                r, s = y * pool + where[y, x, j] // pool, x * pool + where[y, x, j] % pool
                if signal > 0:
                    chosen[0, plus] = r * columns + s
                    plus += 1
                else:
                    chosen[1, minus] = r * columns + s
                    minus += 1
    return plus, minus


@kept
def flip(weights: Bits, accumulators: Shorts, theta: int) -> Any:
    """Flip weights and clear their accumulators; return how many flipped."""
    flips: Any = 0
    for j in range(len(weights)):
        row = np.int32(0)
        for i in range(weights.shape[1]):
            value = np.int32(accumulators[j, i])
            row += np.int32((-value if weights[j, i] else value) >= theta)
        if row:
            for i in range(weights.shape[1]):
                value = np.int32(accumulators[j, i])
                if (-value if weights[j, i] else value) >= theta:
                    weights[j, i] = not weights[j, i]
                    accumulators[j, i] = 0
        flips += row
    return flips
