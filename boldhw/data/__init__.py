"""Data sets: read, checked, made Boolean."""

from boldhw.data.datasets import (
    NAMED,
    THRESHOLD,
    Dataset,
    Origin,
    booleanise,
    shifted,
    telling_bits,
)
from boldhw.data.sources import load

__all__ = [
    "NAMED",
    "THRESHOLD",
    "Dataset",
    "Origin",
    "booleanise",
    "load",
    "shifted",
    "telling_bits",
]
