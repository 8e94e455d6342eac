"""A class of each sample, by margin."""

from __future__ import annotations

import numpy as np

from boldhw.golden import rule
from boldhw.golden.graph.heads.head import Draws, Head, Targets
from boldhw.golden.graph.settings import GraphSettings
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums
from boldhw.spec.packing import check_labels


class ClassesHead(Head):
    """The best score is the class of a sample; the loss is that of the first edition.

    targets: integers, shape (k,), 0 to c - 1.  scores: int32, shape (k, c).
    """

    def check(self, targets: Targets, count: int, settings: GraphSettings) -> None:
        check_labels(targets, count, self._classes(settings))

    def scores(self, sums: Shorts, settings: GraphSettings, valid: Bits | None = None) -> Sums:
        return self._added(sums, settings)[:, 0, 0]

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
        return active, signals[:, None, None]

    def hits(self, scores: Sums, targets: Targets) -> int:
        return int(np.count_nonzero(rule.predict(scores) == targets))

    def judged(self, targets: Targets) -> int:
        return len(targets)
