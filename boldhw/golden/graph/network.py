"""The golden model of a graph: what hardware must compute, bit for bit.

Samples between two updates do not influence each other, so some are computed together; everything
that has an order is done in the order of one sample at a time.
"""

from __future__ import annotations

from copy import deepcopy
from math import ceil
from typing import Any

import numpy as np

from boldhw.errors import ConfigError, DataError
from boldhw.golden.graph.heads import head_of
from boldhw.golden.graph.heads.draws import Draws
from boldhw.golden.graph.heads.head import Targets
from boldhw.golden.graph.kernel import Map, NumpyKernel
from boldhw.golden.graph.layer import Seen
from boldhw.golden.graph.layers import layer_of
from boldhw.golden.graph.settings import GraphSettings
from boldhw.golden.graph.widths import check_widths
from boldhw.golden.graph.words import check_words, signed, valid_places
from boldhw.spec.arrays import Seed, Signals, Sums
from boldhw.spec.layer import INPUT
from boldhw.spec.network import Network
from boldhw.spec.order import Order
from boldhw.spec.stats import TrainStats

CHUNK = 32  # most samples computed together


class GraphNetwork:
    """A Boolean network of any graph, and all state that training changes.

    Parameters
    ----------
    spec : Network or str
        The graph; a text is its shorthand.
    settings : GraphSettings
    seed : int or sequence of int
        Of the initial weights, fair coins.
    bits : int
        Of an accumulator, 2 to 16.
    kernel : callable
        ``kernel(places)`` computes for a layer: NumpyKernel, or one that equals it.

    Attributes
    ----------
    layers : list of GraphLayer
        Their ``weights`` (bool) and ``accumulators`` (int16), shape (outputs, fan-in), may be
        changed between calls.

    Raises
    ------
    ConfigError
        Naming the layer, for sums that can overflow and for settings that do not fit.
    """

    def __init__(
        self,
        spec: Network | str,
        settings: GraphSettings,
        seed: Seed = 0,
        bits: int = 16,
        kernel: type[NumpyKernel] = NumpyKernel,
    ) -> None:
        self.spec = Network.parse(spec) if isinstance(spec, str) else spec
        check_widths(self.spec)
        self.head = head_of(self.spec)
        if not 2 <= bits <= 16:
            raise ConfigError(f"bits={bits} of an accumulator must be an integer from 2 to 16")
        self.bits = bits
        generator = np.random.default_rng(seed)
        self.layers = [
            layer_of(self.spec, layer, generator.random(layer.shape) < 0.5, kernel, bits, seed)
            for layer in self.spec.layers
        ]
        self.draws = Draws(seed)
        self.waiting = 0  # active samples that wait for the next update
        self._active_rate = 1.0
        self.configure(settings)

    def configure(self, settings: GraphSettings) -> None:
        """Take new settings. Raises ConfigError if they do not fit."""
        settings.check(self.spec)
        self.settings = settings
        for layer, own in zip(self.layers, settings.layers, strict=True):
            layer.settings = own

    def start_order(self, order: Order) -> None:
        """Do nothing: a golden graph has no store, it is given its samples in order."""

    @property
    def classes(self) -> int:
        """Classes that the scores tell apart."""
        return self.spec.output.outputs // self.settings.outputs_per_class

    def train(self, bits: Map, targets: Targets, stop_at_update: bool = False) -> TrainStats:
        """Train on samples in order; update whenever ``batch`` active ones have voted.

        bits: bool, or int8 (-1, 0, 1) if samples are three-valued; shape (samples, inputs).
        targets: integers, first index the sample; labels of shape (samples,) if the head is one of
        classes (:mod:`boldhw.golden.graph.heads`).
        With ``stop_at_update`` it returns right after the first update; ``samples`` of the
        returned TrainStats says how many were consumed, ``hits`` how many targets were met. Raises
        DataError for bad samples; then nothing is changed.
        """
        self.check_bits(bits)
        self.head.check(targets, len(bits), self.settings)
        self._load()
        total = self._stats()
        while total.samples < len(bits):
            chunk = slice(total.samples, total.samples + self._chunk())
            stats = self._train_chunk(bits[chunk], targets[chunk])
            total += stats
            if stats.updates:
                if stop_at_update:
                    break
                self._load()
        return total

    def flush(self) -> TrainStats:
        """Update with the votes given so far, if any; return its TrainStats."""
        if not self.waiting:
            return self._stats()
        self._load()
        return self._stats(updates=1, flips=self._update())

    def infer(self, bits: Map) -> Sums:
        """Return the scores of the head, int32, first index the sample.

        Those of a head of classes have shape (samples, classes).  bits: as for :meth:`train`.
        """
        self.check_bits(bits)
        self._load()
        starts = range(0, max(len(bits), 1), CHUNK)
        return np.concatenate(
            [self._scores(self._forward(bits[start : start + CHUNK])) for start in starts]
        )

    def copy(self) -> GraphNetwork:
        """Return an independent network in the same state."""
        return deepcopy(self)

    def check_bits(self, bits: Any) -> None:
        """Raise DataError unless ``bits`` are samples that this network takes."""
        if self.spec.words:
            return check_words(bits, self.spec.words)
        shape: Any = getattr(bits, "shape", ())
        dtype = getattr(bits, "dtype", type(bits).__name__)
        wanted: Any = np.dtype(np.int8 if self.spec.ternary else np.bool_)
        if dtype != wanted or len(shape) != 2 or shape[1] != self.spec.inputs:
            raise DataError(
                f"samples have shape {shape} and type {dtype}; network {self.spec.label} "
                f"takes {wanted} of shape (samples, {self.spec.inputs}), of maps row by "
                f"row, planes last"
            )
        if self.spec.ternary and len(bits) and not -1 <= bits.min() <= bits.max() <= 1:
            raise DataError(
                f"samples hold {bits.min()} to {bits.max()}; three-valued ones hold -1, 0 and 1"
            )

    def _load(self) -> None:
        for layer in self.layers:
            layer.load()

    def _stats(
        self,
        samples: int = 0,
        hits: int = 0,
        active: int = 0,
        updates: int = 0,
        flips: tuple[int, ...] | None = None,
    ) -> TrainStats:
        return TrainStats(samples, hits, active, updates, flips or (0,) * len(self.layers))

    def _chunk(self) -> int:
        """Guess how many samples the next update takes; it affects speed only."""
        expected = (self.settings.batch - self.waiting) / max(self._active_rate, 1e-3)
        spare = (1 - self._active_rate) * (0.1 * expected + 1)  # none where all are active
        return min(CHUNK, ceil(expected + spare))

    def _train_chunk(self, bits: Map, targets: Targets) -> TrainStats:
        """Train on the chunk up to the first update, at most; return its TrainStats."""
        settings, head = self.settings, self.head
        each = head.draws(settings)
        seen = self._forward(bits)
        scores = self._scores(seen)
        draws = self.draws.ahead(len(bits), each) if each else None
        active, signals = head.loss(scores, targets, settings, draws, seen[-1].valid)
        self._active_rate += 0.2 * (active.mean() - self._active_rate)
        chosen = np.flatnonzero(active)[: settings.batch - self.waiting]
        full = self.waiting + len(chosen) == settings.batch
        used = int(chosen[-1]) + 1 if full else len(bits)
        if each:
            self.draws.take(used, each)
        for layer, kept in zip(self.layers[:-1], seen, strict=False):
            layer.count(kept, used)
        if len(chosen):
            self._backward([kept.take(chosen) for kept in seen], signals[chosen])
        flips = self._update() if full else None
        hits = head.hits(scores[:used], targets[:used])
        return self._stats(used, hits, len(chosen), int(full), flips)

    def _forward(self, bits: Map) -> list[Seen]:
        """Return what each layer keeps of the samples."""
        sample = self.spec.sample
        maps: dict[str, Any] = {INPUT: bits.reshape(-1, sample.height, sample.width, sample.planes)}
        valid = valid_places(maps[INPUT]) if self.spec.words else None
        seen = []
        for layer in self.layers:
            seen.append(layer.forward(maps, valid))
            bits = seen[-1].bits
            maps[layer.spec.name] = bits if valid is None else signed(bits, valid)
        return seen

    def _scores(self, seen: list[Seen]) -> Sums:
        return self.head.scores(seen[-1].sums, self.settings, seen[-1].valid)

    def _backward(self, seen: list[Seen], signals: Signals) -> None:
        """Send signals of the last layer down the graph, and vote. int8, shape (k, p, q, n)."""
        deltas: dict[str, Sums] = {}
        for layer, kept in zip(reversed(self.layers), reversed(seen), strict=True):
            name = layer.spec.name
            if layer.spec.place.is_output:
                own = signals
            else:
                own = layer.signals(kept, deltas.pop(name))
            if set(layer.sources) != {INPUT}:
                for source, part in layer.backward(kept, own).items():
                    deltas[source] = deltas[source] + part if source in deltas else part
            if layer.spec.learns:
                layer.vote(kept, own, self.waiting)
        self.waiting += len(signals)

    def _update(self) -> tuple[int, ...]:
        self.waiting = 0
        return tuple(layer.update() if layer.spec.learns else 0 for layer in self.layers)
