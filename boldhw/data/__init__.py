"""Data sets: read, checked, made Boolean."""

from boldhw.data.datasets import (
    NAMED,
    THRESHOLD,
    Dataset,
    Origin,
    booleanise,
    load,
    shifted,
    telling_bits,
)

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
