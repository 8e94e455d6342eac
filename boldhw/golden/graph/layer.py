"""A layer of a graph: its weights, accumulators and settings, and a kernel that computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from boldhw.golden import rule as places_alone
from boldhw.golden.graph import rule
from boldhw.golden.graph.counts import Counts
from boldhw.golden.graph.settings import GraphLayerSettings
from boldhw.golden.graph.widths import SUM_BITS
from boldhw.spec.arrays import Bits, Signals, Sums
from boldhw.spec.layer import CONV, Layer
from boldhw.spec.maps import Shape


class Seen(NamedTuple):
    """What a layer keeps of samples until they went backward; first index: the sample.

    maps    bool, its sources joined
    sums    int16, of its outputs
    where   int8, which sum of a square was the largest
    bits    bool, its outputs
    """

    maps: np.ndarray
    sums: np.ndarray
    where: np.ndarray
    bits: np.ndarray

    def take(self, chosen: np.ndarray) -> Seen:
        """Return what is kept of some of the samples."""
        return Seen(*(kept[chosen] for kept in self))


class GraphLayer:
    """A layer at work.

    Parameters
    ----------
    spec : Layer
    sources : mapping
        Shape of each source, by name.
    weights : ndarray
        bool, shape (n, m), n outputs and m bits that one of them reads.
    kernel : object
        A :class:`boldhw.golden.graph.kernel.NumpyKernel` or its equal.
    bits : int
        Of an accumulator.

    A convolution adds the votes of a sample to its accumulators when the sample went backward. A
    dense layer adds up those of a batch first, in ``pending``.
    """

    def __init__(
        self, spec: Layer, sources: Mapping[str, Shape], weights: Bits, kernel: Any, bits: int
    ) -> None:
        self.spec, self.sources, self.kernel, self.bits = spec, sources, kernel, bits
        self.weights = weights
        self.accumulators = np.zeros(weights.shape, np.int16)
        self.pending = None if spec.kind == CONV else np.zeros(weights.shape, np.int16)
        self.balance = np.zeros(spec.outputs, np.int32)
        self.counts = Counts(spec.outputs, spec.makes.height * spec.makes.width)
        self.settings: GraphLayerSettings

    def load(self) -> None:
        """Give the kernel the weights, which may have been changed."""
        self.kernel.load(self.weights)

    def forward(self, maps: Mapping[str, Bits]) -> Seen:
        """Return what the layer makes of its sources. maps: bool, shape (k, h, w, c), by name."""
        joined = self._joined([maps[name] for name in self.sources])
        sums, where = self.kernel.forward(joined, self.settings.zero_true)
        return Seen(joined, sums, where, self.kernel.fire(sums, self.settings.tau))

    def count(self, seen: Seen, used: int) -> None:
        """Count the T's of the first ``used`` samples."""
        self.counts.samples += used
        self.counts.fires += self.kernel.count(seen.bits[:used])

    def signals(self, seen: Seen, deltas: Sums) -> Signals:
        """Return the signals of the outputs, int8, and count gates. deltas: int32, g of eq. 8."""
        settings, counts = self.settings, self.counts
        signals: Signals
        signals, gated, size = self.kernel.signals(
            deltas, seen.sums, settings.tau, settings.window, settings.dead
        )
        counts.active += len(signals)
        counts.gated += gated
        counts.near += int(gated.sum())
        counts.size += size
        counts.nonzero += int(np.count_nonzero(signals))
        return signals

    def backward(self, seen: Seen, signals: Signals) -> dict[str, Sums]:
        """Return g of each source, int32, shape (k, h, w, c), by name. signals: int8."""
        deltas = self.kernel.backward(signals, seen.where)
        found, first = {}, 0
        for name, shape in self.sources.items():
            size = shape.planes if self.spec.kind == CONV else shape.bits
            part = deltas[..., first : first + size]
            found[name] = part.reshape(-1, shape.height, shape.width, shape.planes)
            first += size
        return found

    def vote(self, seen: Seen, signals: Signals, first: int) -> None:
        """Add the votes of samples. first: active samples of this batch that voted before."""
        settings, target, bits = self.settings, self.pending, SUM_BITS
        if target is None:
            target, bits = self.accumulators, self.bits
        self.kernel.vote(
            target, seen.maps, signals, seen.where, settings.zero_true, settings.rounding, first,
            bits,
        )  # fmt: skip
        if settings.means is not None:
            self.balance += signals.sum(axis=(0, 1, 2), dtype=np.int32)

    def update(self) -> int:
        """End a batch: decay, add what is pending, flip. Return the number of flips."""
        settings = self.settings
        if settings.decay:
            self.accumulators[...] = places_alone.decay(self.accumulators, settings.decay)
        if self.pending is not None:
            self._add(self.pending.astype(np.int32))
            self.pending[...] = 0
        if settings.means is not None:
            self._add(rule.common(self.balance, settings.means, settings.rounding))
            self.balance[:] = 0
        flips: int = self.kernel.flip(self.weights, self.accumulators, settings.theta)
        if flips:
            self.load()
        self.counts.updates += 1
        self.counts.flips += flips
        return flips

    def _add(self, steps: Sums) -> None:
        self.accumulators[...] = places_alone.accumulate(self.accumulators, steps, self.bits)

    def _joined(self, maps: list[Bits]) -> Bits:
        if self.spec.kind != CONV:
            maps = [bits.reshape(len(bits), 1, 1, -1) for bits in maps]
        return maps[0] if len(maps) == 1 else np.concatenate(maps, axis=-1)
