"""A class of each sample, from scores that are added up over its places."""

from __future__ import annotations

from math import isqrt

import numpy as np

from boldhw.errors import ConfigError
from boldhw.golden import rule
from boldhw.golden.graph.heads.head import Draws, Targets
from boldhw.golden.graph.heads.sample import SampleHead
from boldhw.golden.graph.settings import MAX_WINDOW, GraphSettings
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums
from boldhw.spec.network import Network

HIGHEST = (1 << 31) - 1  # of a score


class SummedHead(SampleHead):
    """The best sum of scores over all places is the class of a sample.

    targets: integers, shape (k,), 0 to c - 1.  scores: int32, shape (k, c). The margin is
    ``settings.margin`` times the integer root of the places that a sample has, since sums of so
    many scores spread that much more. An active sample has the same signals at each of its places.
    """

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        output, places = network.output, self.makes.height * self.makes.width
        most = output.inputs * output.outputs * places + MAX_WINDOW * isqrt(places)
        if most > HIGHEST:
            raise ConfigError(
                f"scores of layer {output.name} over {places} places reach {most}; there are 32 "
                f"bits: make its map smaller"
            )

    def scores(self, sums: Shorts, settings: GraphSettings, valid: Bits | None = None) -> Sums:
        scores = self._added(sums, settings)
        if valid is not None:
            scores *= valid[..., None]
        total: Sums = scores.sum(axis=(1, 2), dtype=np.int32)
        return total

    def loss(
        self,
        scores: Sums,
        targets: Targets,
        settings: GraphSettings,
        draws: Draws | None = None,
        valid: Bits | None = None,
    ) -> tuple[Bits, Signals]:
        shape = len(scores), self.makes.height, self.makes.width
        has = np.ones(shape, np.bool_) if valid is None else valid
        active, signals = rule.margin_loss(
            scores, targets, settings.margin * _roots(has), settings.outputs_per_class
        )
        return active, signals[:, None, None] * has[..., None]


def _roots(valid: Bits) -> Sums:
    """Return the integer root of the places of each sample, int32, shape (k,)."""
    counts = np.count_nonzero(valid, axis=(1, 2))
    return np.array([isqrt(count) for count in counts.tolist()], np.int32)
