"""Arrays for vectors of a processor."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from boldhw.spec.arrays import Scalar

BYTES = 64  # of a vector


def aligned(shape: tuple[int, ...], dtype: type[Scalar]) -> NDArray[Scalar]:
    """Return zeros that begin at a multiple of a vector, so that no load takes two cache lines.

    There is room behind them for the rest of a vector that begins within them; a copy has neither.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + 4 * BYTES, np.uint8)
    first = -room.ctypes.data % BYTES
    return room[first : first + size].view(dtype).reshape(shape)
