"""The layer of a graph whose places add up values of places that they choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from boldhw.golden.graph.attention import NumpyAttention, Roles
from boldhw.golden.graph.counts import PairCounts
from boldhw.golden.graph.kernel import Map
from boldhw.golden.graph.layer import Going, GraphLayer, Seen
from boldhw.golden.graph.settings import PairSettings
from boldhw.spec.arrays import Bits, Sums
from boldhw.spec.layer import Layer
from boldhw.spec.maps import Shape


class AttentionLayer(GraphLayer):
    """An attention at work: it has thresholds and windows like any layer, and no weights.

    Parameters are those of GraphLayer, and ``attend``, a :class:`NumpyAttention` or its equal.
    ``pairs`` counts pairs of places. Of Seen, ``maps`` are the four roles joined plane by plane,
    and ``where`` says how many pairs each head chose, int32, shape (k, heads).
    """

    def __init__(
        self,
        spec: Layer,
        sources: Mapping[str, Shape],
        weights: Bits,
        kernel: Any,
        bits: int,
        attend: NumpyAttention,
    ) -> None:
        super().__init__(spec, sources, weights, kernel, bits)
        self.attend = attend
        shapes = [sources[tap.source] for tap in spec.taps]
        self._cuts = np.cumsum([shape.planes for shape in shapes[:-1]]).tolist()
        self.pairs = PairCounts(attend.spec.heads)

    @property
    def own(self) -> PairSettings:
        """Settings of the scores."""
        found = self.settings.pairs
        assert found is not None
        return found

    def load(self) -> None:
        """Do nothing: there are no weights."""

    def forward(self, maps: Mapping[str, Map], valid: Bits | None = None) -> Seen:
        """Return what the layer makes of its sources. Parameters are those of GraphLayer."""
        joined = np.concatenate([maps[tap.source] > 0 for tap in self.spec.taps], axis=-1)
        sums, chosen = self.attend.context(self._roles(joined), _flat(joined, valid), self.own.tau)
        sums = sums.reshape(*joined.shape[:3], -1)
        return Seen(joined, sums, chosen, self._fired(sums, valid), valid)

    def count(self, seen: Seen, used: int) -> None:
        """Count T's, and pairs that were chosen, of the first ``used`` samples."""
        super().count(seen, used)
        places = np.count_nonzero(_flat(seen.maps, seen.valid)[:used], axis=1)
        self.pairs.pairs += int(np.square(places).sum())
        self.pairs.chosen += seen.where[:used].sum(axis=0)

    def backward(self, seen: Seen, signals: Going) -> dict[str, Sums]:
        """Return g of each source, int32, shape (k, h, w, c), by name. signals: int8."""
        own, shape = self.own, seen.maps.shape[:3]
        flat = signals.reshape(len(signals), -1, signals.shape[-1]).astype(np.int8)
        back = self.attend.back(
            self._roles(seen.maps), _flat(seen.maps, seen.valid), own.tau, flat, own.window,
            own.dead,
        )  # fmt: skip
        self.pairs.near += back.gated
        self.pairs.size += back.size
        found: dict[str, Sums] = {}
        for tap, part in zip(self.spec.taps, back[:4], strict=True):
            deltas: Any = part.reshape(*shape, -1) << tap.gain
            found[tap.source] = found[tap.source] + deltas if tap.source in found else deltas
        return found

    def vote(self, seen: Seen, signals: Going, first: int) -> None:
        """Do nothing: there are no weights."""

    def _roles(self, joined: Bits) -> Roles:
        k, height, width, planes = joined.shape
        flat = joined.reshape(k, height * width, planes)
        return Roles(*np.split(flat, self._cuts, axis=-1))


def _flat(maps: Bits, valid: Bits | None) -> Bits:
    """Return which places samples have, bool, shape (k, n)."""
    if valid is None:
        return np.ones((len(maps), maps.shape[1] * maps.shape[2]), np.bool_)
    return valid.reshape(len(valid), -1)
