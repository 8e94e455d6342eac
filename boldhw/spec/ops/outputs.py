"""Rows of the delta memory: deltas of each output, at S places a row.

D outputs next to each other have their words in rows next to each other, so that D planes read and
write them together.
"""

from __future__ import annotations

import numpy as np

from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.nest import Longs


def output_rows(row: int, outputs: int, wide: int, planes: int) -> Longs:
    """Return the rows of the delta memory of each output: int64, shape (outputs, wide).

    row: the first one.
    """
    output, word = np.arange(outputs)[:, None], np.arange(wide)
    rows: Longs = row + (output // planes * wide + word) * planes + output % planes
    return rows


def output_span(outputs: int, wide: int, planes: int) -> int:
    """Return the rows of the delta memory of outputs, those of the last D of them included."""
    return ceil_div(outputs, planes) * planes * wide
