"""Which samples an epoch trains on when some count more than others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import DataError


def order_of(
    samples: int, generator: np.random.Generator, weights: NDArray[np.float64] | None
) -> NDArray[np.int64]:
    """Return as many indices as there are samples, in the order of an epoch.

    Without weights each comes once. With them a sample comes ``samples * weight / sum of weights``
    times, rounded down or up at random, by systematic sampling.  weights: float64, shape
    (samples,). Raises DataError for weights that are negative, not finite, or all 0.
    """
    if weights is None:
        return generator.permutation(samples)
    if weights.shape != (samples,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise DataError(
            f"weights of samples have shape {weights.shape}; give {samples} finite numbers from 0"
        )
    if not weights.any():
        raise DataError("all samples have weight 0, so none can be drawn; give some a greater one")
    ends = np.cumsum(weights / weights.max())
    points = (np.arange(samples) + generator.random()) * (ends[-1] / samples)
    drawn = np.searchsorted(ends, points, side="right")
    # A point can be rounded up to the very end.
    return generator.permutation(np.minimum(drawn, np.flatnonzero(weights)[-1]))
