"""What a layer counts as samples go by: all that governors need of a device."""

from __future__ import annotations

import numpy as np


class Counts:
    """Counters of a layer of ``outputs`` units at ``places`` places of a sample.

    samples   samples that went forward; their words, if these are places, and ``places`` is 1 then
    fires     int64, shape (outputs,): T's of each unit in them, all places added up; of a
              three-valued unit what is not 0
    active    samples, or words, that went backward
    gated     int64, shape (outputs,): units within their windows in these
    near      all of these
    size      sum of their |g|
    updates   updates
    flips     weights flipped in them
    """

    def __init__(self, outputs: int, places: int):
        self.places = places
        self.samples = self.active = self.near = self.size = self.updates = self.flips = 0
        self.fires = np.zeros(outputs, np.int64)
        self.gated = np.zeros(outputs, np.int64)

    def clear_fires(self) -> None:
        """Set what the threshold governor reads to 0."""
        self.samples = 0
        self.fires[:] = 0

    def clear_gates(self) -> None:
        """Set what the window governor reads to 0."""
        self.active = 0
        self.gated[:] = 0

    def clear_sizes(self) -> None:
        """Set what the governor of dead zones reads to 0."""
        self.near = self.size = 0

    def clear_flips(self) -> None:
        """Set what the theta governor reads to 0."""
        self.updates = self.flips = 0


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
