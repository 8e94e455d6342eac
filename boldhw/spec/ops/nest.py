"""Loop nests whose addresses one adder makes: a step adds the jump of the level that moves.

Level 0 is the innermost one. The level that moves is the outermost one that a step changes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]


def jumps(counts: Sequence[int], strides: Sequence[int]) -> list[int]:
    """Return the jump of each level: its stride, less what the levels below have moved."""
    below, found = 0, []
    for count, stride in zip(counts, strides, strict=True):
        found.append(stride - below if count > 1 else 0)
        below += (count - 1) * stride
    return found


def addresses(base: int, counts: Sequence[int], steps: Sequence[int]) -> Longs:
    """Return the address of each step, int64; the first axis is the outermost level.

    steps: jumps. Address n is ``base`` plus the jumps of the n steps before it.
    """
    place = np.indices(tuple(reversed(counts)), np.int64)[::-1]
    total, above = np.full(tuple(reversed(counts)), base, np.int64), np.int64(0)
    for level in reversed(range(len(counts))):
        moved = place[level] + (counts[level] - 1) * above
        total += steps[level] * moved
        above = place[level] + counts[level] * above
    return total
