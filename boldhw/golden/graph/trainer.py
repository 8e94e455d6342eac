"""Training of a graph by epochs, with governors; a run is reproducible to the bit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.data.datasets import Origin
from boldhw.data.schema import Schema
from boldhw.golden.draws import order_of
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.governors import Governors
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.trainer import EpochStats
from boldhw.spec.arrays import Bits, Labels
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
        ``code(samples)`` returns the bits of samples, bool, shape (count, inputs).
    change : callable, optional
        ``change(samples, generator)`` returns what to train on in an epoch, same shape.

    ``epoch`` (epochs done) and ``governors`` are all the state of a run besides the graph's.
    ``origin`` says which samples it trains on, for whoever resumes it.
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
    ) -> None:
        self.graph, self.constants, self.epochs, self.seed = graph, constants, epochs, seed
        self.code, self.change = code, change
        self.governors = Governors(graph, constants, epochs * samples)
        self.epoch = 0
        self.origin: Origin | None = None
        self.schema: Schema | None = None

    def run(
        self,
        samples: Samples,
        labels: Labels,
        test: Samples,
        test_labels: Labels,
        weights: NDArray[np.float64] | None = None,
    ) -> Iterator[EpochStats]:
        """Train the epochs that are left; yield EpochStats after each.

        samples, test: as ``code`` takes them, first index the sample.  labels, test_labels:
        integers from 0.  weights: of training samples, see :func:`boldhw.golden.draws.order_of`.
        Raises DataError like GraphNetwork.train.
        """
        while self.epoch < self.epochs:
            begin = time.perf_counter()
            total = self._train_epoch(samples, labels, weights)
            seconds = time.perf_counter() - begin
            self.epoch += 1
            accuracy = self.accuracy(test, test_labels)
            yield EpochStats(self.epoch, accuracy, seconds=seconds, **vars(total))

    def accuracy(self, samples: Samples, labels: Labels) -> float:
        """Return the share of samples whose best score is their label's, lowest index on ties."""
        hits = 0
        for start in range(0, len(labels), BLOCK):
            block = slice(start, start + BLOCK)
            best = self.graph.infer(self.code(samples[block])).argmax(axis=1)
            hits += int(np.count_nonzero(best == labels[block]))
        return hits / len(labels)

    def _train_epoch(
        self, samples: Samples, labels: Labels, weights: NDArray[np.float64] | None
    ) -> TrainStats:
        if self.change:
            samples = self.change(samples, self._generator(CHANGE))
        order = order_of(len(labels), self._generator(ORDER), weights)
        total = self.graph.flush()
        for start in range(0, len(order), BLOCK):
            block = order[start : start + BLOCK]
            total += self._train_block(self.code(samples[block]), labels[block])
        stats = self.graph.flush()
        self.governors.after(stats)
        return total + stats

    def _train_block(self, bits: Bits, labels: Labels) -> TrainStats:
        """Train on samples in order; governors act wherever they are due."""
        total, done = self.graph.train(bits[:0], labels[:0]), 0
        while done < len(labels):
            part = slice(done, done + self.governors.samples_left)
            stats = self.graph.train(bits[part], labels[part], stop_at_update=True)
            self.governors.after(stats)
            total += stats
            done += stats.samples
        return total

    def _generator(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng(
            np.random.SeedSequence(self.seed, spawn_key=(purpose, self.epoch))
        )
