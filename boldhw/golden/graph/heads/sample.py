"""What heads share that tell one class of each sample."""

from __future__ import annotations

import numpy as np

from boldhw.golden import rule
from boldhw.golden.graph.heads.head import Head, Targets
from boldhw.golden.graph.settings import GraphSettings
from boldhw.spec.arrays import Sums
from boldhw.spec.packing import check_labels


class SampleHead(Head):
    """The best score is the class of a sample.

    targets: integers, shape (k,), 0 to c - 1.  scores: int32, shape (k, c).
    """

    def check(self, targets: Targets, count: int, settings: GraphSettings) -> None:
        check_labels(targets, count, self._classes(settings))

    def hits(self, scores: Sums, targets: Targets) -> int:
        return int(np.count_nonzero(rule.predict(scores) == targets))

    def judged(self, targets: Targets) -> int:
        return len(targets)
