"""Training by epochs, on the golden model or on anything that has its methods."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boldhw.data.datasets import Origin
from boldhw.data.schema import Schema
from boldhw.errors import ConfigError, DataError
from boldhw.golden.diagnosis import LayerState
from boldhw.golden.draws import order_of
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.spec.arrays import Bits, Labels
from boldhw.spec.checks import check_kind, check_range
from boldhw.spec.order import Order
from boldhw.spec.packing import check_labels
from boldhw.spec.settings import LIMIT, Settings
from boldhw.spec.state import Backend
from boldhw.spec.stats import TrainStats

Progress = Callable[[int, int], object]
Confusion = tuple[tuple[int, ...], ...]
BLOCK = 1000  # samples between two calls of the progress callback
NOISE, ORDER, CHANGE = 1, 2, 3  # what a seed is spawned for


@dataclass(frozen=True)
class EpochStats:
    """Outcome of one epoch; ``flips`` has one count per layer, first layer first.

    ``confusion[label][answer]`` counts test samples, :func:`confusion`; None if a sample has more
    targets than a label.
    """

    epoch: int
    test_accuracy: float
    samples: int
    hits: int
    active: int
    updates: int
    flips: tuple[int, ...]
    seconds: float
    confusion: Confusion | None


def confusion(labels: Labels, answers: NDArray[np.intp], classes: int) -> Confusion:
    """Return how many samples of each label (row) got each answer (column). Both: shape (samples,).

    Labels and answers are 0..classes-1.
    """
    counts = np.bincount(np.asarray(labels) * classes + answers, minlength=classes**2)
    return tuple(tuple(row) for row in counts.reshape(classes, classes).tolist())


def share_right(counts: Confusion) -> float:
    """Return the share of the samples in a confusion matrix whose answer is their label."""
    return sum(row[label] for label, row in enumerate(counts)) / sum(map(sum, counts))


class Trainer:
    """Trains ``network`` for ``epochs`` epochs; a run is reproducible to the bit.

    Parameters
    ----------
    network : Network
        Gives widths and engine, and is trained unless there is a backend.
    hyper : Hyper
    epochs : int
        Of the whole run, 1 to 65535; theta grows from the first to the last.
    seed : int
        Every order of samples and every noise seed is derived from it and the epoch.
    change : callable, optional
        ``change(bits, generator)`` returns the bits to train on in an epoch, same shape; such as
        pictures moved by a pixel at random.
    backend : Backend, optional
        What is trained: the network itself, or a device that holds its weights.
    stored : bool
        Train in the order of a store of samples, :class:`boldhw.spec.order.Order`, on any
        backend; one that has a store must hold the training samples. Not together with ``change``.
    frozen : sequence of str
        Names of layers that do not learn: their theta is more than any accumulator can hold, on
        every backend.

    Attributes
    ----------
    epoch : int
        Epochs done; with ``decay`` all the state that a run has besides the network's.
    decay : tuple of int
        Fields from the last update, one per layer.
    origin : Origin or None
        Which samples it trains on, for whoever resumes it.
    schema : Schema or None
        What inputs and classes mean.
    """

    def __init__(
        self,
        network: Network,
        hyper: Hyper | None = None,
        epochs: int = 10,
        seed: int = 0,
        backend: Backend | None = None,
        change: Callable[[Bits, np.random.Generator], Bits] | None = None,
        stored: bool = False,
        frozen: Sequence[str] = (),
    ) -> None:
        if stored and change:
            raise ConfigError(
                "stored samples cannot change from epoch to epoch; leave out change or stored"
            )
        if change is not None and not callable(change):
            raise ConfigError(
                f"change={change!r} cannot be called; give a function of bits and a generator"
            )
        self.network = check_kind("network", network, Network)
        self.hyper = Hyper() if hyper is None else check_kind("hyper", hyper, Hyper)
        self.epochs = check_range("epochs", epochs, 1, LIMIT)
        self.seed = check_range("seed", seed, 0, (1 << 63) - 1)
        self.backend: Backend = backend or network
        self.change = change
        self.stored = stored
        network.graph.frozen(frozen)  # raises for what cannot be
        self.frozen = tuple(frozen)
        self.origin: Origin | None = None
        self.schema: Schema | None = None
        self.epoch = 0
        self.decay: tuple[int, ...] = (0,) * len(network.shapes)
        self._used = self.hyper.settings(network.config, network.graph)

    def run(
        self,
        bits: Bits,
        labels: Labels,
        test_bits: Bits,
        test_labels: Labels,
        progress: Progress | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> Iterator[EpochStats]:
        """Train the epochs that are left; yield EpochStats after each.

        bits: bool, shape (samples, inputs).  labels: integers, shape (samples,).  The test set
        likewise.  ``progress(epoch, samples)`` is called as the samples of an epoch go by.
        weights: of training samples, see :func:`boldhw.golden.draws.order_of`; not if ``stored``.
        Raises ConfigError and DataError like Network.train, the latter also for the test set.
        """
        self.check(bits, labels, test_bits, test_labels)
        if self.stored and weights is not None:
            raise ConfigError("stored samples come once an epoch each; leave out weights or stored")
        popcount = np.count_nonzero(bits) / len(bits)
        while self.epoch < self.epochs:
            start = time.perf_counter()
            total = self._train_epoch(bits, labels, popcount, progress, weights)
            seconds = time.perf_counter() - start
            self.epoch += 1
            counts = self.confusion(test_bits, test_labels)
            yield EpochStats(
                epoch=self.epoch,
                test_accuracy=share_right(counts),
                seconds=seconds,
                confusion=counts,
                **vars(total),
            )

    def check(self, bits: Bits, labels: Labels, test_bits: Bits, test_labels: Labels) -> None:
        """Raise DataError unless the network can be trained and tested on these samples."""
        for name, samples in (("training", bits), ("test", test_bits)):
            if not len(samples):
                raise DataError(f"the {name} set is empty; give at least one sample")
            self.network.check_bits(samples)
        self._check_labels(labels, bits, "training set: labels")
        self._check_labels(test_labels, test_bits, "test set: labels")

    def accuracy(self, bits: Bits, labels: Labels) -> float:
        """Return the share of samples whose best score is their label's, lowest index on ties.

        Raises DataError for a label that no class of the network has.
        """
        return share_right(self.confusion(bits, labels))

    def confusion(self, bits: Bits, labels: Labels) -> Confusion:
        """Return how many samples of each label have their best score in each class.

        Raises DataError like :meth:`accuracy`.
        """
        self._check_labels(labels, bits, "test set: labels")
        answers = self.backend.infer(bits).argmax(axis=1)
        return confusion(labels, answers, self.settings(None).classes)

    def settings(self, popcount: float | None) -> Settings:
        """Return the Settings at the start of the current epoch."""
        network = self.network
        settings = self.hyper.settings(
            network.config, network.graph, self.epoch, self.epochs, popcount
        )
        thetas = [
            LIMIT if layer.name in self.frozen else theta
            for layer, theta in zip(network.graph.layers, settings.column("theta"), strict=True)
        ]
        return settings.changed(decay=self.decay, theta=thetas)

    def layer_states(self) -> list[LayerState]:
        """Return the state of each layer after an epoch; weights are those of ``network``."""
        network = self.network
        bits = network.config.accumulator_bits
        rows = zip(
            network.graph.layers, network.counts, self._used.layers, network.accumulators,
            strict=True,
        )  # fmt: skip
        return [
            LayerState(layer.name, counts, used.theta, accumulators, bits)
            for layer, counts, used, accumulators in rows
        ]

    def _check_labels(self, labels: Labels, bits: Bits, name: str) -> None:
        check_labels(np.asarray(labels), len(bits), self.settings(None).classes, name)

    def _train_epoch(
        self,
        bits: Bits,
        labels: Labels,
        popcount: float,
        progress: Progress | None,
        weights: NDArray[np.float64] | None,
    ) -> TrainStats:
        settings = self._used = self.settings(popcount)
        self.backend.configure(settings)
        self.backend.seed_noise(self._spawn(NOISE))
        if self.change:
            bits = self.change(bits, np.random.default_rng(self._spawn(CHANGE)))
        order = self._order(labels, weights)
        for counts in self.network.counts:
            counts.restart()
        total: TrainStats | None = None
        done = 0
        while done < len(order):
            block = order[done : done + BLOCK]
            stats = self.backend.train(bits[block], labels[block], stop_at_update=self.hyper.decay)
            settings = self._set_decay(settings, stats)
            total = total + stats if total else stats
            done += stats.samples
            if progress:
                progress(self.epoch, done)
        stats = self.backend.flush()
        self._set_decay(settings, stats)
        return total + stats if total else stats

    def _order(
        self, labels: Labels, weights: NDArray[np.float64] | None = None
    ) -> NDArray[np.int64]:
        """Return the indices of the samples in the order of this epoch: shuffled anew."""
        if not self.stored:
            return order_of(len(labels), np.random.default_rng(self._spawn(ORDER)), weights)
        order = Order(len(labels), self._spawn(ORDER))
        self.backend.start_order(order)
        return order.take(len(labels))

    def _set_decay(self, settings: Settings, stats: TrainStats) -> Settings:
        """Set the share of weights that an update flipped as decay of the next one (eq. 9)."""
        if not (self.hyper.decay and stats.updates):
            return settings
        self.decay = tuple(
            min(LIMIT, flips * (LIMIT + 1) // (m * n))
            for flips, (m, n) in zip(stats.flips, self.network.shapes, strict=True)
        )
        settings = settings.changed(decay=self.decay)
        self.backend.configure(settings)
        return settings

    def _spawn(self, purpose: int) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.seed, spawn_key=(purpose, self.epoch))
