"""A network of layers, and its training as in section 4 of the paper."""

import math
import time
from dataclasses import dataclass

import numpy as np

from boldhw.reference import schedule
from boldhw.reference.layer import Layer
from boldhw.reference.loss import softmax_cross_entropy
from boldhw.reference.optimizer import Adam, BooleanOptimizer
from boldhw.reference.threshold import Threshold

CHUNK = 1000  # samples inferred together, unless another number is given


class Model(Layer):
    """``layers`` one after the other; the scores are the last one's outputs times ``gain``.

    ``variances``: of the signals that came to each threshold in the last backward pass, first
    layer first.
    """

    def __init__(self, layers, gain=1.0):
        self.layers = list(layers)
        self.gain = gain
        self.variances: tuple[float, ...] = ()
        self.parameters = tuple(each for layer in self.layers for each in layer.parameters)

    def forward(self, x, training=False):
        """Return the scores: shape (k, classes), or what the last layer makes."""
        for layer in self.layers:
            x = layer.forward(x, training)
        return self.gain * x

    def backward(self, z):
        """Send the signals of the scores back; every Parameter gets its votes."""
        variances: list[float] = []
        z = self.gain * z
        for layer in reversed(self.layers):
            if isinstance(layer, Threshold):
                variances.insert(0, float(z.var()))
            z = layer.backward(z)
        self.variances = tuple(variances)
        return z

    def infer(self, x, chunk=CHUNK):
        """Return the scores of any number of samples, ``chunk`` of them at a time."""
        chunks = [x[start : start + chunk] for start in range(0, max(len(x), 1), chunk)]
        return np.concatenate([self.forward(chunk) for chunk in chunks])


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train.

    epochs, batch   the batch is of samples, active or not
    eta             accumulation rate of the Boolean optimizer (eq. 9) at the start
    rate            learning rate of Adam at the start
    schedule        cosine or polynomial, of both, from step to step down to 0
    """

    epochs: int = 10
    batch: int = 100
    eta: float = 12.0
    rate: float = 1e-3
    schedule: str = "cosine"


@dataclass(frozen=True)
class EpochStats:
    """Outcome of an epoch, with what the convergence theorem (3.17) speaks about.

    flips, betas   one entry per Boolean Parameter, first layer first; betas behind the last step
    magnitudes     likewise: shares of the accumulators with |m| below 1/4, 1/2, 3/4, 1, and above
    variances      of the signals that came to each threshold in the last step; their ratio from
                   layer to layer is predicted to be 1
    test_accuracy  None if there are no test samples
    """

    epoch: int
    test_accuracy: float | None
    loss: float
    flips: tuple
    betas: tuple
    magnitudes: tuple
    variances: tuple
    seconds: float


class Trainer:
    """Trains ``model`` by ``recipe``; the order of the samples comes from ``seed`` and the epoch.

    Boolean weights follow the Boolean optimizer, real ones Adam. ``loss(scores, targets)`` is one
    of :mod:`boldhw.reference.loss`, which gives the targets their shape.
    """

    def __init__(self, model, recipe, seed=0, loss=softmax_cross_entropy):
        self.model, self.recipe, self.seed, self.loss = model, recipe, seed, loss
        self.boolean = BooleanOptimizer(each for each in model.parameters if each.boolean)
        self.real = Adam(each for each in model.parameters if not each.boolean)
        self.epoch = 0
        self._step = 0

    def run(self, x, targets, test_x=None, test_labels=None, progress=None):
        """Train the epochs that are left; yield EpochStats after each.

        x: numbers, samples first, as the first layer takes them.  targets: as the loss takes them;
        integers, 0..classes-1, unless another loss is given.  test_x: None: nothing is tested.
        ``progress(epoch, samples)`` is called after every batch.
        """
        while self.epoch < self.recipe.epochs:
            start, before = time.perf_counter(), tuple(self.boolean.flips)
            loss = self._train_epoch(x, targets, progress)
            seconds = time.perf_counter() - start
            self.epoch += 1
            yield EpochStats(
                epoch=self.epoch,
                test_accuracy=None if test_x is None else self.accuracy(test_x, test_labels),
                loss=loss,
                flips=tuple(b - a for a, b in zip(before, self.boolean.flips, strict=True)),
                betas=tuple(self.boolean.betas),
                magnitudes=self.boolean.magnitudes(),
                variances=self.model.variances,
                seconds=seconds,
            )

    def accuracy(self, x, labels):
        """Return the share of samples whose best score is their label's, lowest index on ties."""
        return float(np.mean(self.model.infer(x).argmax(axis=1) == labels))

    def _train_epoch(self, x, targets, progress):
        """Return the mean loss of the batches."""
        recipe, losses = self.recipe, []
        order = np.random.default_rng([self.seed, self.epoch]).permutation(len(x))
        steps = recipe.epochs * math.ceil(len(x) / recipe.batch)
        for start in range(0, len(x), recipe.batch):
            chosen = order[start : start + recipe.batch]
            share = getattr(schedule, recipe.schedule)(1.0, self._step, steps)
            losses.append(self._train_batch(x[chosen], targets[chosen], share))
            self._step += 1
            if progress:
                progress(self.epoch, start + len(chosen))
        return float(np.mean(losses))

    def _train_batch(self, x, targets, share):
        loss, signals = self.loss(self.model.forward(x, training=True), targets)
        self.model.backward(signals)
        self.boolean.step(share * self.recipe.eta)
        self.real.step(share * self.recipe.rate)
        return loss
