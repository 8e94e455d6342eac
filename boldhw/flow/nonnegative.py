"""Least squares whose coefficients are not negative."""

import numpy as np
from numpy.typing import NDArray

TINY = 1e-12


def nonnegative(features: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coefficients, none below 0, that bring features nearest to values.

    The active-set method of Lawson and Hanson: coefficients become positive one after the other,
    the one that helps most first, and those that would fall below 0 go back to 0.

    Parameters
    ----------
    features : array of shape (samples, features)
    values : array of shape (samples,)

    Returns
    -------
    array of shape (features,)
    """
    count = features.shape[1]
    found, free = np.zeros(count), np.zeros(count, bool)
    for _ in range(3 * count):
        gain = np.where(free, -np.inf, features.T @ (values - features @ found))
        if gain.max() <= TINY:
            break
        free[gain.argmax()] = True
        best = _solved(features, values, free)
        while (best[free] <= 0).any():
            low = free & (best <= 0)
            step = (found[low] / (found[low] - best[low])).min()
            found = found + step * (best - found)
            free &= found > TINY
            best = _solved(features, values, free)
        found = best
    return found


def _solved(
    features: NDArray[np.float64], values: NDArray[np.float64], free: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the least squares of the free coefficients, 0 for others."""
    found = np.zeros(features.shape[1])
    found[free] = np.linalg.lstsq(features[:, free], values, rcond=None)[0]
    return found
