"""How labels of pixels were answered: counts, and the shares that are made of them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Confusion:
    """``counts[label, answer]`` of pixels, int64, shape (classes, classes)."""

    counts: np.ndarray

    @classmethod
    def of(cls, labels, answers, classes):
        """Count pixels; labels from ``classes`` on are left out. Both: integers of one shape."""
        counted = labels < classes
        pairs = labels[counted].astype(np.int64) * classes + answers[counted]
        return cls(np.bincount(pairs, minlength=classes**2).reshape(classes, classes))

    @classmethod
    def majority(cls, training, labels, classes):
        """Return the confusion of the class that most training pixels have, answered always."""
        best = np.bincount(training[training < classes], minlength=classes).argmax()
        return cls.of(labels, np.full(labels.shape, best), classes)

    @property
    def pixels(self):
        """Share of the pixels that are answered right."""
        return float(np.trace(self.counts) / max(1, self.counts.sum()))

    @property
    def ious(self):
        """Pixels of a class that are answered so, over those that are one or the other.

        float64, shape (classes,); NaN where there is none.
        """
        right = np.diagonal(self.counts)
        either = self.counts.sum(axis=0) + self.counts.sum(axis=1) - right
        return np.where(either > 0, right / np.maximum(either, 1), np.nan)

    @property
    def mean_iou(self):
        """Mean of :attr:`ious` over the classes that labels have."""
        there = self.counts.sum(axis=1) > 0
        return float(self.ious[there].mean()) if there.any() else 0.0
