"""A layer of a graph: its weights, accumulators and settings, and a kernel that computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boldhw.golden import rule as places_alone
from boldhw.golden.graph import rule
from boldhw.golden.graph.counts import Counts
from boldhw.golden.graph.kernel import Map
from boldhw.golden.graph.settings import GraphLayerSettings
from boldhw.golden.graph.widths import SUM_BITS
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums
from boldhw.spec.layer import CONV, Layer
from boldhw.spec.maps import Shape

Going = NDArray[np.signedinteger[Any]]  # what goes back: signals, int8; of an embedding g itself


class Seen(NamedTuple):
    """What a layer keeps of samples until they went backward; first index: the sample.

    maps    its sources joined: bool, or int8 if one is three-valued
    sums    int16, of its outputs
    where   int8, which sum of a square was the largest
    bits    its outputs: bool, or int8 if they are three-valued
    valid   bool, shape (k, h, w), places that a sample has; None: all of them
    """

    maps: np.ndarray
    sums: np.ndarray
    where: np.ndarray
    bits: np.ndarray
    valid: np.ndarray | None = None

    def take(self, chosen: np.ndarray) -> Seen:
        """Return what goes back of some of the samples, ``chosen`` by rising index: no outputs."""
        if len(chosen) == len(self.sums):
            return self
        first, last = (int(chosen[0]), int(chosen[-1]) + 1) if len(chosen) else (0, 0)
        part = slice(first, last) if last - first == len(chosen) else chosen  # no copy of a run
        valid = None if self.valid is None else self.valid[part]
        maps, sums, where = (kept[part] for kept in self[:3])
        return Seen(maps, sums, where, self.bits[:0], valid)


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

    def forward(self, maps: Mapping[str, Map], valid: Bits | None = None) -> Seen:
        """Return what the layer makes of its sources.

        maps: bool or int8, shape (k, h, w, c), by name.  valid: bool, shape (k, h, w), places that
        samples have; the outputs of others are F or 0. None: all of them.
        """
        joined = self._joined([maps[name] for name in self.sources])
        sums, where = self.kernel.forward(joined, self.settings.zero_true)
        return Seen(joined, sums, where, self._fired(sums, valid), valid)

    def count(self, seen: Seen, used: int) -> None:
        """Count the T's of the first ``used`` samples; of three-valued outputs the F's too."""
        valid = seen.valid
        self.counts.samples += used if valid is None else int(np.count_nonzero(valid[:used]))
        self.counts.fires += self.kernel.count(seen.bits[:used])

    def signals(self, seen: Seen, deltas: Sums) -> Going:
        """Return the signals of the outputs, int8, and count gates. deltas: int32, g of eq. 8."""
        if (valid := seen.valid) is None:
            return self._signals(deltas, seen.sums)
        signals = np.zeros(deltas.shape, np.int8)
        rows = deltas[valid][:, None, None], seen.sums[valid][:, None, None]
        signals[valid] = self._signals(*rows)[:, 0, 0]
        return signals

    def backward(self, seen: Seen, signals: Going) -> dict[str, Sums]:
        """Return g of each source, int32, shape (k, h, w, c), by name. signals: int8."""
        deltas = self.kernel.backward(signals, seen.where)
        found, first = {}, 0
        for name, shape in self.sources.items():
            size = shape.planes if self.spec.kind == CONV else shape.bits
            part = deltas[..., first : first + size]
            part = part.reshape(-1, shape.height, shape.width, shape.planes)
            gain = self.spec.gains[name]
            found[name] = part << gain if gain else part
            first += size
        return found

    def vote(self, seen: Seen, signals: Going, first: int) -> None:
        """Add the votes of samples. first: active samples of this batch that voted before."""
        settings, target, bits = self.settings, self.pending, SUM_BITS
        if target is None:
            target, bits = self.accumulators, self.bits
        self.kernel.vote(
            target, seen.maps, signals, seen.where, settings.zero_true, settings.rounding, first,
            bits,
        )  # fmt: skip
        if settings.means is not None:
            self.balance += self.kernel.total(signals)

    def update(self) -> int:
        """End a batch: decay, add what is pending, flip. Return the number of flips.

        The kernel has the old weights until :meth:`load`.
        """
        settings = self.settings
        if settings.decay:
            self.accumulators[...] = places_alone.decay(self.accumulators, settings.decay)
        if self.pending is not None:
            self.kernel.add(self.accumulators, self.pending.astype(np.int32), self.bits)
            self.pending[...] = 0
        if settings.means is not None:
            common = rule.common(self.balance, settings.means, settings.rounding)
            self.kernel.add(self.accumulators, common, self.bits)
            self.balance[:] = 0
        flips: int = self.kernel.flip(self.weights, self.accumulators, settings.theta)
        self.counts.updates += 1
        self.counts.flips += flips
        return flips

    def _fired(self, sums: Shorts, valid: Bits | None) -> Map:
        bits: Map = self.kernel.fire(sums, self.settings.tau, self.spec.is_ternary)
        return bits if valid is None else bits * valid[..., None]

    def _signals(self, deltas: Sums, sums: Shorts) -> Signals:
        """Return the signals of outputs, shape (k, p, q, n), and count gates.

        Of samples that do not have all places, k is the number of places that they have.
        """
        settings, counts = self.settings, self.counts
        signals: Signals
        signals, gated, size = self.kernel.signals(
            deltas, sums, settings.tau, settings.window, settings.dead, self.spec.is_ternary
        )
        counts.active += len(signals)
        counts.gated += gated
        counts.near += int(gated.sum())
        counts.size += size
        if counts.nonzero is not None:
            counts.nonzero += int(np.count_nonzero(signals != 0))  # bools are counted faster
        return signals

    def _joined(self, maps: list[Map]) -> Map:
        """Return the sources as one map; beside a three-valued one, F of a bool map is coded."""
        if any(bits.dtype == np.int8 for bits in maps):
            maps = [_values(bits, self.settings.zero_true) for bits in maps]
        if self.spec.kind != CONV:
            maps = [bits.reshape(len(bits), 1, 1, -1) for bits in maps]
        return maps[0] if len(maps) == 1 else np.concatenate(maps, axis=-1)  # type: ignore[return-value]


def _values(bits: Map, zero_true: bool) -> Signals:
    """Return what a map counts in a sum, int8. bits: bool, or int8 already."""
    values: Signals = bits.view(np.int8)
    return values if bits.dtype == np.int8 or zero_true else 2 * values - 1
