"""A number in fixed point for each place and sub-pixel: what is to be added to a base."""

from __future__ import annotations

import numpy as np

from boldhw.errors import DataError
from boldhw.golden.graph.heads.head import Draws, Head, Targets
from boldhw.golden.graph.settings import GraphSettings
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums
from boldhw.spec.network import Network

NONE = -(1 << 15)  # target of a sub-pixel that teaches and counts nothing


class ResidualsHead(Head):
    """The score of a sub-pixel is the sum of its outputs ``>> shift``, with ``fraction`` bits.

    targets: int16, shape (k, p, q, c), what the scores should be, or NONE.  scores: int32, same
    shape. With ``e = score - target``, a sub-pixel sends ``sign(e)`` back if
    ``|e| > margin + (u & noise)``; u is a random number of 16 bits, one for each sub-pixel, row by
    row, at a place sub-pixel by sub-pixel, whether it counts or not.
    """

    by_margin = False

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.places = self.makes.height * self.makes.width

    def draws(self, settings: GraphSettings) -> int:
        return self.places * self._classes(settings)

    def check(self, targets: Targets, count: int, settings: GraphSettings) -> None:
        shape = count, self.makes.height, self.makes.width, self._classes(settings)
        self._check_shape(targets, shape, "a residual for each place and sub-pixel")
        if targets.dtype != np.int16:
            raise DataError(f"residuals have type {targets.dtype}; convert them to int16")

    def scores(self, sums: Shorts, settings: GraphSettings, valid: Bits | None = None) -> Sums:
        return self._added(sums, settings) >> self.spec.shift

    def loss(
        self,
        scores: Sums,
        targets: Targets,
        settings: GraphSettings,
        draws: Draws | None = None,
        valid: Bits | None = None,
    ) -> tuple[Bits, Signals]:
        errors = scores - targets
        least = np.full(errors.shape, settings.margin, np.int32)
        if settings.noise and draws is not None:
            least += draws.reshape(errors.shape) & np.uint16(settings.noise)
        passes = (np.abs(errors) > least) & (targets != NONE)
        if valid is not None:
            passes &= valid[..., None]
        signals = (np.sign(errors) * passes).astype(np.int8)
        some: Bits = signals.any(axis=(1, 2, 3))
        return some, np.repeat(signals, settings.outputs_per_class, axis=-1)

    def hits(self, scores: Sums, targets: Targets) -> int:
        """Return how many residuals are right to half of a unit."""
        near = 2 * np.abs(scores - targets) <= 1 << self.spec.fraction
        return int(np.count_nonzero(near & (targets != NONE)))

    def judged(self, targets: Targets) -> int:
        return int(np.count_nonzero(targets != NONE))


def shuffled(values: Sums, scale: int) -> Sums:
    """Return sub-pixels at their places ("pixel shuffle"): shape (k, p * scale, q * scale).

    values: shape (k, p, q, scale * scale); sub-pixel i is in row ``i // scale`` of its place, and
    column ``i % scale``.
    """
    k, p, q, _ = values.shape
    parts = values.reshape(k, p, q, scale, scale).transpose(0, 1, 3, 2, 4)
    return parts.reshape(k, p * scale, q * scale)


def unshuffled(picture: Sums, scale: int) -> Sums:
    """Return the sub-pixels of each place, the inverse of :func:`shuffled`."""
    k, height, width = picture.shape
    parts = picture.reshape(k, height // scale, scale, width // scale, scale)
    return parts.transpose(0, 1, 3, 2, 4).reshape(k, height // scale, width // scale, scale**2)
