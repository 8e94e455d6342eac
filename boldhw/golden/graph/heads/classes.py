"""A class of each sample, by margin."""

from __future__ import annotations

from boldhw.golden import rule
from boldhw.golden.graph.heads.head import Draws, Targets
from boldhw.golden.graph.heads.sample import SampleHead
from boldhw.golden.graph.settings import GraphSettings
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums


class ClassesHead(SampleHead):
    """The best score is the class of a sample; the loss is that of the first edition.

    targets: integers, shape (k,), 0 to c - 1.  scores: int32, shape (k, c).
    """

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
