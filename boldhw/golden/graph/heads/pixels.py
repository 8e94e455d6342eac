"""A class of each place, by margin, with rare classes taught more often."""

from __future__ import annotations

import numpy as np

from boldhw.errors import DataError
from boldhw.golden import rule
from boldhw.golden.graph.heads.head import Draws, Head, Targets
from boldhw.golden.graph.settings import GraphSettings
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums
from boldhw.spec.network import Network


class PixelsHead(Head):
    """The best score of a place is its class; the loss is that of classes at each place.

    targets: integers, shape (k, p, q), 0 to c - 1, or ``void``.  scores: int32, shape
    (k, p, q, c). A place teaches if its 16-bit random number is below ``settings.keep`` of its
    label; one number is taken for each place, row by row, void or not.
    """

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.places = self.makes.height * self.makes.width

    def draws(self, settings: GraphSettings) -> int:
        return self.places

    def check(self, targets: Targets, count: int, settings: GraphSettings) -> None:
        shape, classes = (count, self.makes.height, self.makes.width), self._classes(settings)
        self._check_shape(targets, shape, "a label for each place")
        labels = targets[self._counted(targets, None)]
        if labels.size and not 0 <= labels.min() <= labels.max() < classes:
            void = "" if self.spec.void is None else f", and {self.spec.void} for void"
            raise DataError(
                f"labels run from {labels.min()} to {labels.max()}; the network has classes 0 to "
                f"{classes - 1}{void}: give it a class for every label, or other samples"
            )

    def scores(self, sums: Shorts, settings: GraphSettings, valid: Bits | None = None) -> Sums:
        return self._added(sums, settings)

    def loss(
        self,
        scores: Sums,
        targets: Targets,
        settings: GraphSettings,
        draws: Draws | None = None,
        valid: Bits | None = None,
    ) -> tuple[Bits, Signals]:
        taught = self._counted(targets, valid)
        labels = np.where(taught, targets, 0).astype(np.intp)
        if settings.keep is not None and draws is not None:
            taught &= draws.reshape(targets.shape) < settings.keep[labels]
        active, signals = rule.margin_loss(
            scores[taught], labels[taught], settings.margin, settings.outputs_per_class
        )
        found = np.zeros((*targets.shape, self.makes.planes), np.int8)
        found[taught] = signals * active[:, None]
        some: Bits = np.asarray(found.any(axis=(1, 2, 3)))
        return some, found

    def hits(self, scores: Sums, targets: Targets) -> int:
        met = (scores.argmax(axis=-1) == targets) & self._counted(targets, None)
        return int(np.count_nonzero(met))

    def judged(self, targets: Targets) -> int:
        return int(np.count_nonzero(self._counted(targets, None)))

    def _counted(self, targets: Targets, valid: Bits | None) -> Bits:
        """Return which places have a label, bool, shape (k, p, q)."""
        counted = np.ones(targets.shape, np.bool_)
        if self.spec.void is not None:
            counted &= targets != self.spec.void
        return counted if valid is None else counted & valid
