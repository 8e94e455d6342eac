"""How the inputs of a kernel are placed in operand words: rows of maps, and of weights.

A row of a map holds a pixel in its last granules and, where it fits, the pixels left of it in the
granules before. A kernel row then takes few words: the last one ends at the last tap, each one
before it ends ``taps`` taps earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from boldhw.spec.numbers import ceil_div


def pixels(groups: int, granules: int) -> int:
    """Return how many pixels of a row of a map one word holds."""
    return granules // groups if granules % groups == 0 else 1


class Granule(NamedTuple):
    """A granule of an operand word that holds inputs.

    word, granule   where: word of the kernel, granule of the word
    ky, kx          tap
    group           group of P planes of the tap's pixel
    """

    word: int
    granule: int
    ky: int
    kx: int
    group: int


@dataclass(frozen=True)
class Words:
    """Operand words of a kernel.

    granules      of a word, S / P
    groups        groups of P planes of a pixel
    rows, columns of the kernel
    dilation      pixels from one tap to the next
    """

    granules: int
    groups: int
    rows: int = 1
    columns: int = 1
    dilation: int = 1

    @property
    def taps(self) -> int:
        """Taps that a word holds."""
        return pixels(self.groups, self.granules) if self.dilation == 1 else 1

    @property
    def deep(self) -> int:
        """Words of one pixel."""
        return ceil_div(self.groups, self.granules)

    @property
    def across(self) -> int:
        """Words of one kernel row, or of one kernel row and word of a pixel."""
        return ceil_div(self.columns, self.taps)

    @property
    def skip(self) -> int:
        """Taps that the first word of a kernel row lacks."""
        return self.across * self.taps - self.columns

    @property
    def count(self) -> int:
        """Words of the kernel, in the order kernel row, word of a pixel, word of a kernel row."""
        return self.rows * self.deep * self.across

    @cached_property
    def used(self) -> list[Granule]:
        """Granules that hold inputs, word by word: the order of accumulators."""
        found = (
            self._place(ky, kx, group)
            for ky in range(self.rows)
            for kx in range(self.columns)
            for group in range(self.groups)
        )
        return sorted(found)

    @cached_property
    def table(self) -> np.ndarray:
        """Return (word, granule) of each input group: int, shape (rows, columns, groups, 2)."""
        found = np.zeros((self.rows, self.columns, self.groups, 2), np.int64)
        for word, granule, ky, kx, group in self.used:
            found[ky, kx, group] = word, granule
        return found

    def _place(self, ky: int, kx: int, group: int) -> Granule:
        deep, within = divmod(group, self.granules)
        held = min(self.groups - deep * self.granules, self.granules) * self.taps
        word, tap = divmod(kx + self.skip, self.taps)
        granule = self.granules - held + tap * self.groups + within
        return Granule((ky * self.deep + deep) * self.across + word, granule, ky, kx, group)
