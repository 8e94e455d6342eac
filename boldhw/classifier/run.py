"""A network in training, with what makes its inputs and classes: all that calls of a fit share."""

from contextlib import contextmanager, nullcontext
from math import sqrt

import numpy as np

from boldhw.classifier import parameters
from boldhw.classifier.probability import ROOTS, calibrated
from boldhw.golden.fastest import fastest
from boldhw.golden.graph.dense import dense_run
from boldhw.golden.network import REFERENCE
from boldhw.golden.trainer import Trainer
from boldhw.spec.settings import LIMIT


def opened(model):
    """Return a context manager of the device of a classifier, of None for the golden model."""
    if model.backend == parameters.GOLDEN:
        return nullcontext()
    # Imported here: the golden model goes without the driver.
    from boldhost import Device

    return Device.open(model.backend, model.config)


class Run:
    """A run of a classifier.

    Parameters
    ----------
    trainer : GraphTrainer or Trainer
    network : GraphNetwork or Network
        What the trainer trains.
    output : Layer
        The last one of the network.
    coder : Coder
    classes : ndarray
        Labels in the order of the scores.
    """

    def __init__(self, trainer, network, output, coder, classes):
        self.trainer, self.network, self.coder, self.classes = trainer, network, coder, classes
        self.temperature = ROOTS * output.outputs / len(classes) * sqrt(output.inputs)

    @classmethod
    def begin(cls, model, X, y, classes, seed, device, endless=False):
        """Return a new run. ``endless``: schedules stay at their start, for calls of partial_fit.

        Raises ValueError and ConfigError.
        """
        if len(classes) < 2:
            raise ValueError(f"the labels have one class, {classes[0]}; at least two are needed")
        coder = parameters.coder_of(model, X)
        bits, labels = coder(X), np.searchsorted(classes, y)
        hidden = (bits.shape[1], *parameters.hidden_of(model))
        epochs = LIMIT if endless else parameters.epochs_of(model, len(X))
        if parameters.is_governed(model):
            run = dense_run((*hidden, len(classes)), bits, labels, epochs, seed)
            return cls(run, run.graph, run.graph.spec.output, coder, classes)
        config = device.config if device else model.config or REFERENCE
        hyper = parameters.hyper(model, **({"grow": 1.0} if endless else {})).fitting(config)
        widths = (*hidden, len(classes) * hyper.outputs_per_class)
        settings = hyper.settings(config, widths)
        network = fastest(widths, config, seed, settings, bits, labels)
        trainer = Trainer(network, hyper, epochs, seed)
        return cls(trainer, network, network.graph.output, coder, classes)

    def train(self, model, X, y, weights, held, device, epochs=None):
        """Train up to an epoch, all there are if it is None; append to the model's history.

        held: (samples, labels) that are held back to stop by, maybe none.
        """
        bits, labels = self._coded(X, y)
        judged = self._coded(*held) if len(held[1]) else (bits[:1], labels[:1])
        best = Best(model.n_iter_no_change) if len(held[1]) else None
        with self._on(device):
            for stats in self.trainer.run(bits, labels, *judged, weights=weights):
                record = record_of(stats, best is not None)
                model.history_.append(record)
                stops = tell(model, record, self.trainer.epochs)
                if best:
                    stops |= best.judge(stats.test_accuracy, self.network, device)
                if stops or self.trainer.epoch == epochs:
                    break
        if best:
            best.restore(self.network)
            self.temperature = float(
                calibrated(self.network.infer(judged[0]), judged[1], self.temperature)
            )

    def train_once(self, model, X, y, weights, device):
        """Train one epoch more, with schedules where they are."""
        trainer = self.trainer
        trainer.epochs = max(trainer.epochs, trainer.epoch + 1)
        self.train(model, X, y, weights, (X[:0], y[:0]), device, trainer.epoch + 1)

    def scores(self, X, device):
        """Return the scores, float64, shape (samples, classes)."""
        if device:
            device.load(self.network)
        return (device or self.network).infer(self.coder(X)).astype(float)

    def _coded(self, X, y):
        return self.coder(X), np.searchsorted(self.classes, y)

    @contextmanager
    def _on(self, device):
        """Train on a device, if there is one, and read back what it learned."""
        if not device:
            yield
            return
        device.load(self.network)
        self.trainer.backend = device
        try:
            yield
            device.read_into(self.network)
        finally:
            self.trainer.backend = self.network  # a device cannot be copied or saved


class Best:
    """The best network on samples that are held back, the last one of equals.

    ``patience`` epochs without one as good end the training.
    """

    def __init__(self, patience):
        self.patience, self.waited, self.accuracy, self.network = patience, 0, -1.0, None

    def judge(self, accuracy, network, device):
        """Keep a network if it is the best; return whether to stop."""
        self.waited += 1
        if accuracy > self.accuracy:
            self.waited = 0
        if accuracy >= self.accuracy:
            if device:
                device.read_into(network)
            self.accuracy, self.network = accuracy, network.copy()
        return self.waited >= self.patience

    def restore(self, network):
        """Give a network the state that was kept; what refers to the network goes on with it."""
        vars(network).update(vars(self.network))


def record_of(stats, is_held):
    """Return what a classifier's history has of an epoch."""
    return {
        "epoch": stats.epoch,
        "train_accuracy": stats.hits / stats.samples,
        "held_accuracy": stats.test_accuracy if is_held else None,
        "active": stats.active / stats.samples,
        "updates": stats.updates,
        "flips": stats.flips,
        "seconds": stats.seconds,
    }


def tell(model, record, epochs):
    """Print an epoch if the model is verbose, call its callbacks; return whether one says stop."""
    if model.verbose:
        held = record["held_accuracy"]
        print(
            f"epoch {record['epoch']} of {epochs}: {100 * record['train_accuracy']:.1f} % right, "
            + (f"{100 * held:.1f} % of those held back, " if held is not None else "")
            + f"{100 * record['active']:.1f} % active, {sum(record['flips'])} flips, "
            f"{record['seconds']:.2f} s"
        )
    answers = [call(model, record) for call in model.callbacks or ()]
    return any(answer is True for answer in answers)
