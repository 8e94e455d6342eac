"""Training of a graph by epochs, with governors; a run is reproducible to the bit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.data.datasets import Origin
from boldhw.data.schema import Schema
from boldhw.errors import ConfigError
from boldhw.golden.diagnosis import LayerState
from boldhw.golden.draws import order_of
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.governors import Governors
from boldhw.golden.graph.heads.head import Targets
from boldhw.golden.graph.kernel import Map
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.trainer import Confusion, EpochStats, Progress, confusion
from boldhw.spec.order import Order
from boldhw.spec.stats import TrainStats

Samples = NDArray[Any]  # as they are coded
BLOCK = 1024  # samples that are coded together
ORDER, CHANGE = 1, 2  # what a seed is spawned for


def as_they_are(samples: Samples) -> Samples:
    """Return samples that are bits already; a function of a module, so that runs can be pickled."""
    return samples


class GraphTrainer:
    """Trains ``graph`` on ``samples`` samples an epoch, for ``epochs`` epochs.

    Parameters
    ----------
    graph : GraphNetwork
        With settings of :func:`boldhw.golden.graph.start.start`.
    constants : Constants
    epochs, samples, seed : int
        Every order of samples and every change of them is derived from the seed and the epoch.
    code : callable
        ``code(samples)`` returns samples as GraphNetwork takes them, shape (count, inputs).
    change : callable, optional
        ``change(samples, generator)`` returns what to train on in an epoch, same shape.
    stored : bool
        Train in the order of a store of samples, :class:`boldhw.spec.order.Order`, on any backend;
        one that has a store must hold the training samples. Not together with ``change``, for which
        ConfigError is raised.

    Attributes
    ----------
    epoch : int
        Epochs done; with ``governors`` all the state of a run besides the graph's.
    governors : Governors
        What moves thresholds, windows, thetas and the margin.
    origin : Origin or None
        Which samples it trains on, for whoever resumes it.
    """

    def __init__(
        self,
        graph: GraphNetwork,
        constants: Constants,
        epochs: int,
        samples: int,
        seed: int = 0,
        code: Any = as_they_are,
        change: Callable[..., Samples] | None = None,
        stored: bool = False,
    ) -> None:
        if stored and change:
            raise ConfigError(
                "stored samples cannot change from epoch to epoch; leave out change or stored"
            )
        self.graph, self.constants, self.epochs, self.seed = graph, constants, epochs, seed
        self.code, self.change, self.stored = code, change, stored
        self.governors = Governors(graph, constants, epochs * samples)
        self.epoch = 0
        self.origin: Origin | None = None
        self.schema: Schema | None = None

    def run(
        self,
        samples: Samples,
        targets: Targets,
        test: Samples,
        test_targets: Targets,
        progress: Progress | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> Iterator[EpochStats]:
        """Train the epochs that are left; yield EpochStats after each.

        samples, test: as ``code`` takes them, first index the sample.  targets, test_targets: as
        the head of the graph takes them.  ``progress(epoch, samples)`` is called as the samples of
        an epoch go by.  weights: of training samples, see :func:`boldhw.golden.draws.order_of`.
        Raises DataError like GraphNetwork.train.
        """
        while self.epoch < self.epochs:
            begin = time.perf_counter()
            total = self._train_epoch(samples, targets, progress, weights)
            seconds = time.perf_counter() - begin
            self.epoch += 1
            accuracy, counts = self._tested(test, test_targets)
            yield EpochStats(
                epoch=self.epoch, test_accuracy=accuracy, seconds=seconds, confusion=counts,
                **vars(total),
            )  # fmt: skip

    def accuracy(self, samples: Samples, targets: Targets) -> float:
        """Return the share of targets that the scores meet: of samples, or of pixels."""
        return self._tested(samples, targets)[0]

    def confusion(self, samples: Samples, labels: Targets) -> Confusion | None:
        """Return how many samples of each label have their best score in each class.

        None if samples have more targets than a label.
        """
        return self._tested(samples, labels)[1]

    def layer_states(self) -> list[LayerState]:
        """Return the state of each layer after an epoch."""
        return [
            LayerState(
                layer.spec.name, layer.counts, layer.settings.theta, layer.accumulators, layer.bits
            )
            for layer in self.graph.layers
        ]

    def _tested(self, samples: Samples, targets: Targets) -> tuple[float, Confusion | None]:
        """Return :meth:`accuracy` and :meth:`confusion`."""
        head, hits = self.graph.head, 0
        answers = [np.empty(0, np.intp)]
        for start in range(0, len(targets), BLOCK):
            block = slice(start, start + BLOCK)
            scores = self.graph.infer(self.code(samples[block]))
            hits += head.hits(scores, targets[block])
            if targets.ndim == 1:
                answers.append(scores.argmax(axis=1))
        counts = None
        if targets.ndim == 1:
            counts = confusion(targets, np.concatenate(answers), self.graph.classes)
        return hits / max(1, head.judged(targets)), counts

    def _train_epoch(
        self,
        samples: Samples,
        targets: Targets,
        progress: Progress | None,
        weights: NDArray[np.float64] | None,
    ) -> TrainStats:
        samples, targets = self._changed(samples, targets)
        order = self._order(len(targets), weights)
        for layer in self.graph.layers:
            layer.counts.restart()
        total = self.graph.flush()
        for start in range(0, len(order), BLOCK):
            block = order[start : start + BLOCK]
            total += self._train_block(self.code(samples[block]), targets[block])
            if progress:
                progress(self.epoch, total.samples)
        stats = self.graph.flush()
        self.governors.after(stats)
        return total + stats

    def _order(self, count: int, weights: NDArray[np.float64] | None) -> NDArray[np.int64]:
        """Return the indices of the samples in the order of this epoch: shuffled anew."""
        if not self.stored:
            return order_of(count, self._generator(ORDER), weights)
        if weights is not None:
            raise ConfigError("stored samples come once an epoch each; leave out weights or stored")
        order = Order(count, self._spawn(ORDER))
        self.graph.start_order(order)
        return order.take(count)

    def _changed(self, samples: Samples, targets: Targets) -> tuple[Samples, Targets]:
        """Return what to train on in an epoch; a kind of trainer may change the targets too."""
        if self.change:
            samples = self.change(samples, self._generator(CHANGE))
        return samples, targets

    def _train_block(self, bits: Map, targets: Targets) -> TrainStats:
        """Train on samples in order; governors act wherever they are due."""
        total, done = self.graph.train(bits[:0], targets[:0]), 0
        while done < len(targets):
            part = slice(done, done + self.governors.samples_left)
            stats = self.graph.train(bits[part], targets[part], stop_at_update=True)
            self.governors.after(stats)
            total += stats
            done += stats.samples
        return total

    def _generator(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng(self._spawn(purpose))

    def _spawn(self, purpose: int) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.seed, spawn_key=(purpose, self.epoch))
