"""What a layer counts as samples go by: all that governors need of a device, and diagnosis.

Governors set counters to 0 as they read them. What was counted since :meth:`Counts.restart` is kept
besides, so that an epoch has its sums whatever the governors do.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.spec.arrays import Bits

Longs = NDArray[np.int64]
MOST = 255  # bits that a byte can count


class Counts:
    """Counters of a layer of ``outputs`` units at ``places`` places of a sample.

    samples   samples that went forward; their words, if these are places, and ``places`` is 1 then
    fires     int64, shape (outputs,): T's of each unit in them, all places added up; of a
              three-valued unit what is not 0
    active    samples, or words, that went backward
    gated     int64, shape (outputs,): units within their windows in these
    near      all of these
    size      sum of their |g|
    nonzero   signals other than 0 that they got; None if a device counts, which does not know
    updates   updates
    flips     weights flipped in them

    ``fires``, ``gated`` and ``near`` are None, too, of a device that does not count them.
    """

    NAMES = ("samples", "fires", "active", "gated", "near", "size", "nonzero", "updates", "flips")

    def __init__(self, outputs: int, places: int):
        self.outputs, self.places = outputs, places
        self.samples = self.active = self.size = 0
        self.near: Any = 0
        self.nonzero: Any = 0
        self.updates = self.flips = 0
        self.fires: Any = np.zeros(outputs, np.int64)
        self.gated: Any = np.zeros(outputs, np.int64)
        self.restart()

    def restart(self) -> None:
        """Begin what :meth:`since` returns; the counters themselves stay as they are."""
        found = {name: getattr(self, name) for name in self.NAMES}
        self._before = {name: -value for name, value in found.items() if value is not None}

    def since(self, name: str) -> Any:
        """Return what a counter has counted since :meth:`restart`: an int, or int64 of its shape.

        None if it is not counted. The product of ``places`` and ``samples`` or ``active`` is what
        fires, gates and signals are a share of.
        """
        value = getattr(self, name)
        return None if value is None else self._before[name] + value

    def clear_fires(self) -> None:
        """Set what the threshold governor reads to 0."""
        self._clear("samples", "fires")

    def clear_gates(self) -> None:
        """Set what the window governor reads to 0."""
        self._clear("active", "gated")

    def clear_sizes(self) -> None:
        """Set what the governor of dead zones reads to 0."""
        self._clear("near", "size")

    def clear_flips(self) -> None:
        """Set what the theta governor reads to 0."""
        self._clear("updates", "flips")

    def _clear(self, *names: str) -> None:
        for name in names:
            self._before[name] = self.since(name)
            setattr(self, name, 0 * getattr(self, name))


class PairCounts:
    """Counters of an attention of ``heads`` heads; a pair is a place and one that it may choose.

    pairs    of samples that went forward
    chosen   int64, shape (heads,): pairs that a head chose
    near     pairs of all heads, of samples that went backward, with scores near their thresholds
             and D other than 0
    size     sum of their |D|
    """

    def __init__(self, heads: int):
        self.pairs = self.near = self.size = 0
        self.chosen = np.zeros(heads, np.int64)

    def clear_chosen(self) -> None:
        """Set what the governor of scores reads to 0."""
        self.pairs = 0
        self.chosen[:] = 0

    def clear_sizes(self) -> None:
        """Set what the governor of dead zones reads to 0."""
        self.near = self.size = 0


def ones(bits: Bits) -> Longs:
    """Return how often each column is T: int64, shape (n,). bits: bool, shape (k, n).

    Bytes are added up as bytes; of many rows those far apart first, in few and long sums. This
    takes a fifth of the time of a sum of integers.
    """
    values = bits.view(np.uint8)
    if len(values) <= MOST:
        few: Longs = np.add.reduce(values, axis=0, dtype=np.uint8).astype(np.int64)
        return few
    rows = min(MOST, isqrt(len(values)))
    whole = len(values) // rows * rows
    sums = np.add.reduce(values[:whole].reshape(rows, -1), axis=0, dtype=np.uint8)
    found: Longs = np.add.reduce(sums.reshape(-1, values.shape[1]), axis=0, dtype=np.int64)
    found += np.add.reduce(values[whole:], axis=0, dtype=np.int64)
    return found
