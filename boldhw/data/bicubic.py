"""Pictures made smaller and larger by cubic convolution, in integers: the same on any machine.

The weights are those of Keys' cubic with a = -1/2 (R. Keys, "Cubic convolution interpolation for
digital image processing", 1981), rounded to 14 bits behind the point; a picture that gets smaller
is smoothed by a kernel that is as much wider, as programs for pictures do it.
"""

from __future__ import annotations

from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

POINT = 14  # bits behind the point of a weight
FRACTION = 4  # bits behind the point of :func:`enlarged`
SUPPORT = 2  # pixels on either side that count


def reduced(picture: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    """Return a grey picture, uint8, ``scale`` times as small; its sides are multiples of it."""
    height, width = picture.shape
    found = _resized(picture, height // scale, width // scale, 0)
    return np.clip(found, 0, 255).astype(np.uint8)


def enlarged(picture: NDArray[np.uint8], scale: int) -> NDArray[np.int16]:
    """Return a grey picture ``scale`` times as large, int16, in 1/16."""
    height, width = picture.shape
    found = _resized(picture, height * scale, width * scale, FRACTION)
    return np.clip(found, 0, 255 << FRACTION).astype(np.int16)


def _resized(
    picture: NDArray[np.uint8], height: int, width: int, fraction: int
) -> NDArray[np.int64]:
    """Return a picture of another size, rounded to ``fraction`` bits behind the point."""
    rows, columns = weights(picture.shape[0], height), weights(picture.shape[1], width)
    drop = 2 * POINT - fraction
    total: NDArray[np.int64] = rows @ picture.astype(np.int64) @ columns.T
    return (total + (1 << drop - 1)) >> drop


def weights(before: int, after: int) -> NDArray[np.int64]:
    """Return what each pixel of a line counts in each of the new one, int64, (after, before).

    A row adds up to ``1 << POINT``: what rounding leaves is added to its largest weight.
    """
    found, step = np.zeros((after, before), np.int64), before / after
    wide = max(step, 1)
    for row, place in zip(found, range(after), strict=True):
        centre = (place + 0.5) * step
        first = max(0, floor(centre - SUPPORT * wide + 0.5))
        last = min(before, floor(centre + SUPPORT * wide + 0.5))
        parts = cubic((np.arange(first, last) - centre + 0.5) / wide)
        row[first:last] = np.rint(parts / parts.sum() * (1 << POINT))
        row[row.argmax()] += (1 << POINT) - row.sum()
    return found


def cubic(x: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return Keys' cubic with a = -1/2 at a distance in pixels."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < SUPPORT, far, 0.0))
