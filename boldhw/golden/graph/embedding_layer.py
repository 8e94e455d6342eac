"""The layer of a graph that turns words into rows of bits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from boldhw.golden.graph.embedding import NumpyEmbedding, Rows
from boldhw.golden.graph.kernel import Map
from boldhw.golden.graph.layer import Going, GraphLayer, Seen
from boldhw.spec.arrays import Bits, Seed, Sums
from boldhw.spec.layer import INPUT, Layer
from boldhw.spec.maps import Shape
from boldhw.spec.noise import NoiseStream

SPAWN = 3  # of the seed of a network, for the noise of its embeddings


class EmbeddingLayer(GraphLayer):
    """An embedding at work.

    Parameters are those of GraphLayer, with a :class:`NumpyEmbedding` or its equal for a kernel,
    and the seed of its noise. ``weights`` and ``accumulators`` have the shape (words, outputs).

    ``noise`` is a NoiseStream with a lane for each output. It is drawn once for each word of each
    active sample, in the order of samples and words, and at an update once for each row that was
    visited, in the order of rows. ``visited``, bool, shape (words,), says which these are.
    """

    kernel: NumpyEmbedding

    def __init__(
        self,
        spec: Layer,
        sources: Mapping[str, Shape],
        weights: Bits,
        kernel: NumpyEmbedding,
        bits: int,
        seed: Seed,
    ) -> None:
        super().__init__(spec, sources, weights, kernel, bits)
        self.noise = NoiseStream(spec.outputs, seed)
        self.visited = np.zeros(len(weights), np.bool_)

    def load(self) -> None:
        """Do nothing: rows are read where they are."""

    def forward(self, maps: Mapping[str, Map], valid: Bits | None = None) -> Seen:
        """Return the rows of words. maps: int32, shape (k, 1, n, 1), at INPUT."""
        words = maps[INPUT]
        rows: Rows = words[..., 0].astype(np.int32)
        k, height, places = rows.shape
        bits = self.kernel.read(self.weights, rows.reshape(k, -1))
        none = np.zeros((k, 0), np.int16)  # there are no sums
        return Seen(words, none, none, bits.reshape(k, height, places, -1), valid)

    def count(self, seen: Seen, used: int) -> None:
        """Count nothing: there are no thresholds."""

    def signals(self, seen: Seen, deltas: Sums) -> Going:
        """Return g as it is: it becomes signals when it votes, which takes random numbers."""
        return deltas

    def vote(self, seen: Seen, signals: Going, first: int) -> None:
        """Subtract the signals of words from their rows. signals: int32, g."""
        words = seen.maps[..., 0]
        valid = words >= 0
        rows, deltas = words[valid], signals[valid].astype(np.int32)
        settings, counts = self.settings, self.counts
        self.visited[rows] = True
        counts.near += deltas.size
        counts.size += self.kernel.vote(
            self.accumulators, rows, deltas, self.noise.draw(len(rows)), settings.dead,
            settings.noise, self.bits,
        )  # fmt: skip

    def update(self) -> int:
        """Flip weights of rows that were visited; return how many."""
        rows = np.flatnonzero(self.visited).astype(np.int32)
        self.visited[:] = False
        flips = self.kernel.flip(
            self.weights, self.accumulators, rows, self.noise.draw(len(rows)),
            self.settings.theta, self.settings.chance,
        )  # fmt: skip
        self.counts.updates += 1
        self.counts.flips += flips
        return flips
