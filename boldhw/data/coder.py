"""How features become bits: a thermometer code, one comparison a bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from boldhw.errors import ConfigError, DataError
from boldhw.spec.checks import check_range

MAX_LEVELS = 255
BLOCK = 4096  # samples coded at once, so that the picked columns stay small
QUANTILES, EVEN = "quantiles", "even"
CODES = (QUANTILES, EVEN)


@dataclass(frozen=True, eq=False)
class Coder:
    """Codes samples: bit ``i`` is T where feature ``columns[i]`` is above ``edges[i]``.

    Comparisons are all there is, so that the same code can be made in hardware.

    Parameters
    ----------
    features : int
        Features of a sample.
    columns : int64 array, shape (bits,)
        Feature that each bit compares, 0 to features - 1.
    edges : float64 array, shape (bits,)
        What it must exceed; finite.

    Raises DataError for arrays of other shapes, types or values.
    """

    features: int
    columns: np.ndarray
    edges: np.ndarray

    def __post_init__(self):
        columns, edges = self.columns, self.edges
        if columns.dtype != np.int64 or edges.dtype != np.float64 or columns.ndim != 1:
            raise DataError(f"a coder has {columns.dtype} columns and {edges.dtype} edges")
        if columns.shape != edges.shape or not len(columns):
            raise DataError(f"a coder has {columns.shape} columns and {edges.shape} edges")
        if columns.min() < 0 or columns.max() >= self.features or not np.isfinite(edges).all():
            raise DataError(f"a coder of {self.features} features reads others, or has no edges")

    @classmethod
    def of_table(cls, table) -> Coder:
        """Return the coder of edges, shape (levels, features): one level after the other."""
        table = np.asarray(table, np.float64)
        columns = np.tile(np.arange(table.shape[1]), len(table))
        return cls(table.shape[1], columns, table.reshape(-1))

    @classmethod
    def fit(cls, values, code=QUANTILES, levels=8) -> Coder:
        """Return a coder for values such as these, without bits that never change on them.

        Parameters
        ----------
        values : real array, shape (samples, features)
        code : str
            ``quantiles``: about as many values are between two edges. A feature of at most
            ``levels + 1`` different values has an edge between any two of them. ``even``: edges
            divide the range into equal parts.
        levels : int
            Edges of a feature, 1 to 255.

        Raises ConfigError for other parameters, DataError when no feature varies.
        """
        check_range("levels", levels, 1, MAX_LEVELS)
        if code not in CODES:
            raise ConfigError(f"code={code!r} is no code; use {' or '.join(CODES)}")
        if code == EVEN:
            return cls.of_table(even_table(values, levels)).telling(values)
        return cls._of_lists([_quantiles(column, levels) for column in values.T])

    @classmethod
    def given(cls, values, lists) -> Coder:
        """Return the coder of a list of edges for each feature. Raises DataError.

        Edges outside the range of the values are left out: their bits would never change.
        """
        return cls._of_lists([sorted(set(edges)) for edges in lists]).telling(values)

    @classmethod
    def _of_lists(cls, lists) -> Coder:
        """Return the coder of a list of edges for each feature, level by level."""
        pairs = sorted(
            (level, column, edge)
            for column, edges in enumerate(lists)
            for level, edge in enumerate(edges)
        )
        if not pairs:
            raise DataError("every feature is constant, so nothing can be learnt; give others")
        _, columns, edges = zip(*pairs, strict=True)
        return cls(len(lists), np.array(columns, np.int64), np.array(edges, np.float64))

    def telling(self, values) -> Coder:
        """Return the coder of those bits that are T for some of the values and F for others.

        Raises DataError when there are none.
        """
        low, high = values.min(axis=0)[self.columns], values.max(axis=0)[self.columns]
        kept = (low <= self.edges) & (self.edges < high)
        if not kept.any():
            raise DataError(
                f"every feature is constant, or on one side of its edges: values are from "
                f"{values.min():g} to {values.max():g}; give other data or other edges"
            )
        pairs = np.stack([self.columns[kept], self.edges[kept]])
        first = np.sort(np.unique(pairs, axis=1, return_index=True)[1])
        return Coder(self.features, self.columns[kept][first], self.edges[kept][first])

    def __call__(self, values) -> np.ndarray:
        """Return bits, bool, shape (samples, bits). values: real, shape (samples, features).

        Raises DataError for samples of another number of features.
        """
        if values.ndim != 2 or values.shape[1] != self.features:
            raise DataError(
                f"samples have shape {values.shape[1:]}, their code is for {self.features} "
                f"features; give data of the same features"
            )
        bits = np.empty((len(values), len(self.columns)), np.bool_)
        for start in range(0, len(values), BLOCK):
            block = slice(start, start + BLOCK)
            np.greater(values[block][:, self.columns], self.edges, out=bits[block])
        return bits

    @property
    def unread(self) -> np.ndarray:
        """Indices of features that no bit compares: they are constant."""
        return np.setdiff1d(np.arange(self.features), self.columns)


def even_table(values, levels) -> np.ndarray:
    """Return edges that divide the range of each feature, shape (levels, features)."""
    steps = np.arange(1, levels + 1)[:, None] / (levels + 1)
    return values.min(axis=0) * (1 - steps) + values.max(axis=0) * steps


def _quantiles(column, levels) -> np.ndarray:
    """Return at most ``levels`` edges of one feature, each between two of its values."""
    found = np.unique(column).astype(np.float64)
    if len(found) <= levels + 1:
        lower = np.arange(len(found) - 1)
    else:
        shares = np.arange(1, levels + 1) / (levels + 1)
        cuts = np.quantile(column.astype(np.float64), shares, method="lower")
        # Never the greatest value: nothing is above it.
        lower = np.unique(np.minimum(np.searchsorted(found, cuts), len(found) - 2))
    # Halves before the sum: it cannot overflow. The lower value where no float is in between.
    return np.clip(found[lower] / 2 + found[lower + 1] / 2, found[lower], _below(found[lower + 1]))


def _below(values) -> np.ndarray:
    return np.nextafter(values, -np.inf)
