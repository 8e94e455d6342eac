"""The loops of :mod:`boldhw.golden.graph.compiled` that see one output at a time.

Shapes are those of the kernel. Inner loops run over neighbours in memory, which a compiler makes
vectors of.
"""

from typing import Any

import numpy as np

from boldhw.golden.compiled import kept
from boldhw.golden.graph.chunks import lowest
from boldhw.golden.graph.kernel import Longs
from boldhw.golden.graph.sparse import ONE, word_of
from boldhw.golden.words64 import WORD
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums


@kept
def fire(bits: Bits, sums: Shorts, tau: Shorts) -> None:
    """Set bits where sums reach tau, int16."""
    for row in range(len(sums)):
        for j in range(sums.shape[1]):
            bits[row, j] = sums[row, j] >= tau[j]


@kept
def fire_ternary(values: Signals, sums: Shorts, tau: Shorts) -> None:
    """Set values to 1 where sums reach tau, int16, to -1 where they reach -tau, to 0 elsewhere."""
    for row in range(len(sums)):
        for j in range(sums.shape[1]):
            one, other = sums[row, j] >= tau[j], sums[row, j] <= -tau[j]
            values[row, j] = np.int8(one) - np.int8(other)


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


@kept
def load(weights: Bits, known: Any, words: Any, bits: int, rows: Signals, slots: Longs) -> None:
    """Take the weights that are other than those known.

    weights: rows without gaps.  known: uint64, shape (n, blocks), weights of WORD inputs each.
    words: unsigned integers of ``2**bits`` bits, shape (words, padded n), in which they are
    inverted.  rows: int8, shape (n, bytes), in which they become -1 or 1; slots: int64, shape (m,),
    where.
    """
    place, one = (1 << bits) - 1, words.dtype.type(1)
    for j in range(len(weights)):
        for block in range(known.shape[1]):
            start = block * WORD
            now = word_of(weights[j], start)
            other = now ^ known[j, block]
            known[j, block] = now
            while other:
                i = start + lowest(other)
                other &= other - ONE
                words[i >> bits, j] ^= one << words.dtype.type(i & place)
                rows[j, slots[i]] = 1 if weights[j, i] else -1


@kept
def total(found: Sums, values: Signals) -> None:
    """Add up each column."""
    for row in range(len(values)):
        for j in range(values.shape[1]):
            found[j] += values[row, j]


@kept
def add(accumulators: Shorts, steps: Sums, top: int) -> None:
    """Add steps to accumulators, clamped to -top and top - 1."""
    low, high = np.int32(-top), np.int32(top - 1)
    for j in range(len(accumulators)):
        for i in range(accumulators.shape[1]):
            value = np.int32(accumulators[j, i]) + steps[j, i]
            accumulators[j, i] = min(max(value, low), high)
