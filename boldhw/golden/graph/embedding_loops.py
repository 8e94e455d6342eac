"""An embedding, compiled: the bits of :mod:`boldhw.golden.graph.embedding` in less time.

Needs the package numba; one thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from boldhw.golden.compiled import kept
from boldhw.golden.graph.embedding import NumpyEmbedding, Rows
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Bytes, Sums


class CompiledEmbedding(NumpyEmbedding):
    """A :class:`NumpyEmbedding` whose every step gives the same bits, and takes less time."""

    def vote(
        self, accumulators: Shorts, rows: Rows, deltas: Sums, draws: Bytes, dead: int, noise: int,
        bits: int,
    ) -> int:  # fmt: skip
        return int(vote(accumulators, rows, deltas, draws, dead, noise, 1 << bits - 1))

    def flip(
        self, weights: Bits, accumulators: Shorts, rows: Rows, draws: Bytes, theta: int, chance: int
    ) -> int:
        return int(flip(weights, accumulators, rows, draws, theta, chance))


@kept
def vote(
    accumulators: Shorts, rows: Rows, deltas: Sums, draws: Bytes, dead: int, noise: int, top: int
) -> Any:
    """Vote as NumpyEmbedding does. top: ``2**(A-1)``."""
    size = np.int64(0)
    for word in range(len(rows)):
        row = accumulators[rows[word]]
        for c in range(len(row)):
            delta = deltas[word, c]
            size += abs(delta)
            passes = abs(delta) > dead + (np.int32(draws[word, c]) & noise)
            signal = (np.int32(delta > 0) - np.int32(delta < 0)) * np.int32(passes)
            row[c] = min(max(np.int32(row[c]) - signal, -top), top - 1)
    return size


@kept
def flip(
    weights: Bits, accumulators: Shorts, rows: Rows, draws: Bytes, theta: int, chance: int
) -> Any:
    """Flip as NumpyEmbedding does."""
    flips = np.int64(0)
    for index in range(len(rows)):
        row = rows[index]
        for c in range(weights.shape[1]):
            value = np.int32(accumulators[row, c])
            against = (-value if weights[row, c] else value) >= theta
            if against and draws[index, c] < chance:
                weights[row, c] = not weights[row, c]
                accumulators[row, c] = 0
                flips += 1
    return flips
