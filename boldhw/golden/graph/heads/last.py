"""A class of each sample, from the scores of its last place."""

from __future__ import annotations

import numpy as np

from boldhw.golden import rule
from boldhw.golden.graph.heads.head import Draws, Targets
from boldhw.golden.graph.heads.sample import SampleHead
from boldhw.golden.graph.settings import GraphSettings
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums


class LastHead(SampleHead):
    """The best score of the last place that a sample has is its class.

    targets: integers, shape (k,), 0 to c - 1.  scores: int32, shape (k, c). Places are in order
    row by row. An active sample has signals at its last place only.
    """

    def scores(self, sums: Shorts, settings: GraphSettings, valid: Bits | None = None) -> Sums:
        scores = self._added(sums, settings)
        k, _, _, classes = scores.shape
        rows = np.arange(k)
        found: Sums = scores.reshape(k, -1, classes)[rows, self._last(k, valid)]
        return found

    def loss(
        self,
        scores: Sums,
        targets: Targets,
        settings: GraphSettings,
        draws: Draws | None = None,
        valid: Bits | None = None,
    ) -> tuple[Bits, Signals]:
        active, signals = rule.margin_loss(
            scores, targets, settings.margin, settings.outputs_per_class
        )
        makes, rows = self.makes, np.arange(len(scores))
        found = np.zeros((len(scores), makes.height * makes.width, makes.planes), np.int8)
        found[rows, self._last(len(scores), valid)] = signals
        return active, found.reshape(-1, makes.height, makes.width, makes.planes)

    def _last(self, k: int, valid: Bits | None) -> np.ndarray:
        """Return the number of the last place of each sample, shape (k,)."""
        places = self.makes.height * self.makes.width
        if valid is None:
            return np.full(k, places - 1)
        last: np.ndarray = places - 1 - valid.reshape(k, places)[:, ::-1].argmax(axis=1)
        return last
