"""A classifier with the manners of scikit-learn, trained by flipping weights."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np

from boldhw.config import MAX_TERMS, REFERENCE, check_range
from boldhw.errors import ConfigError, missing_package
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer
from boldhw.hyper import LIMIT, Hyper

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise missing_package("BoldClassifier", "scikit-learn", "sklearn") from error

# Inputs of a thermometer code are F about as often as T, and few samples make small batches better.
DEFAULT = Hyper(zero_true=False, batch=16)
MAX_LEVELS = 255


class BoldClassifier(ClassifierMixin, BaseEstimator):
    """Boolean network behind ``fit``, ``partial_fit``, ``predict`` and ``decision_function``.

    Real-valued features become bits by a thermometer code: ``levels`` thresholds per feature,
    evenly spaced between the least and the greatest value that the first call of ``fit`` or
    ``partial_fit`` sees; bit ``t * n_features + f`` is ``X[:, f] > thresholds_[t, f]``. So with
    ``levels=1`` Boolean features stay what they are. Features with outliers should be scaled
    before, for example by scikit-learn's QuantileTransformer.

    Parameters
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    epochs : int
        Passes over the samples that ``fit`` makes.
    levels : int
        Thresholds per feature, 1 to 255.
    hyper : Hyper or None
        Hyper-parameters; None for those tuned to this coding of the inputs.
    backend : str
        ``golden`` (NumPy), ``sim`` (simulated board), a serial port, ``auto`` or
        ``socket://HOST:PORT``. Opened for each call; with the same engine all give the same bits.
    engine : EngineConfig or None
        Engine of ``golden`` and ``sim``, or the one a board must have. None for any.
    random_state : int, RandomState or None
        Initial weights, order of the samples, noise.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    n_features_in_ : int
    thresholds_ : float array, shape (levels, n_features)
    network_ : Network
        Golden network in the trained state.
    """

    def __init__(
        self,
        hidden=(64,),
        *,
        epochs=40,
        levels=8,
        hyper=None,
        backend="golden",
        engine=None,
        random_state=0,
    ):
        self.hidden = hidden
        self.epochs = epochs
        self.levels = levels
        self.hyper = hyper
        self.backend = backend
        self.engine = engine
        self.random_state = random_state

    def fit(self, X, y):
        """Train a new network. X: real, shape (samples, features); y: labels. Return self.

        Raises ValueError for unusable samples, ConfigError for a network that cannot work.
        """
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        with self._open() as device:
            self._begin(X, np.unique(y), device, self.epochs)
            self._train(X, y, device, self.epochs)
        return self

    def partial_fit(self, X, y, classes=None):
        """Train one more epoch on these samples; return self.

        ``classes``, all labels there will ever be, is needed in the first call. theta stays what
        it is in the first epoch or, after ``fit``, in its last one. Raises like :meth:`fit`.
        """
        first = not hasattr(self, "network_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        X, y = validate_data(self, X, y, reset=first)
        check_classification_targets(y)
        known = np.unique(classes) if first else self.classes_
        _check_labels(y, classes, known)
        with self._open() as device:
            if first:
                self._begin(X, known, device, LIMIT, grow=1.0)
            trainer = self._trainer
            trainer.epochs = max(trainer.epochs, trainer.epoch + 1)
            self._train(X, y, device, trainer.epoch + 1)
        return self

    def decision_function(self, X):
        """Return the scores, shape (samples, classes).

        Of two classes: score of the second less that of the first, shape (samples,).
        """
        check_is_fitted(self)
        bits = self._bits(validate_data(self, X, reset=False))
        with self._open() as device:
            if device:
                device.load(self.network_)
            scores = (device or self.network_).infer(bits).astype(float)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X):
        """Return the class with the best score of each sample, the first one on ties."""
        scores = self.decision_function(X)
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return self.classes_[best]

    def _open(self):
        """Return a context manager of the device, of None for the golden model."""
        if self.backend == "golden":
            return nullcontext()
        # Imported here: the golden model goes without the driver.
        from boldhost import Device

        return Device.open(self.backend, self.engine)

    def _begin(self, X, classes, device, epochs, **changes):
        """Make a new network, thresholds for its inputs and the trainer of both."""
        check_range("levels", self.levels, 1, MAX_LEVELS)
        _check_inputs(X.shape[1], self.levels)
        if len(classes) < 2:
            raise ValueError(f"the labels have one class, {classes[0]}; at least two are needed")
        steps = np.arange(1, self.levels + 1)[:, None] / (self.levels + 1)
        low, high = X.min(axis=0), X.max(axis=0)
        self.thresholds_ = low * (1 - steps) + high * steps
        self.classes_ = classes
        engine = device.engine if device else self.engine or REFERENCE
        hyper = replace(self.hyper or DEFAULT, **changes).fitting(engine)
        outputs = len(classes) * hyper.outputs_per_class
        widths = (self.thresholds_.size, *self.hidden, outputs)
        seed = int(check_random_state(self.random_state).randint(1 << 31))
        self.network_ = Network(widths, engine, seed)
        self._trainer = Trainer(self.network_, hyper, epochs, seed)

    def _train(self, X, y, device, epochs):
        """Train until ``epochs`` epochs are done in all."""
        bits, labels = self._bits(X), np.searchsorted(self.classes_, y)
        trainer = self._trainer
        if device:
            device.load(self.network_)
        trainer.backend = device or self.network_
        try:
            for _ in trainer.run(bits, labels, bits[:1], labels[:1]):
                if trainer.epoch == epochs:
                    break
            if device:
                device.store(self.network_)
        finally:
            trainer.backend = self.network_  # a device cannot be copied or saved

    def _bits(self, X):
        return np.concatenate([X > row for row in self.thresholds_], axis=1)


def _check_inputs(features, levels):
    """Raise ConfigError when so many levels of so many features are too many inputs."""
    if features * levels > MAX_TERMS:
        works = MAX_TERMS // features
        advice = f"use levels={works}" if works else f"give at most {MAX_TERMS} features"
        raise ConfigError(
            f"{levels} levels of {features} features are {features * levels} inputs, a network "
            f"takes at most {MAX_TERMS}; {advice}"
        )


def _check_labels(y, classes, known):
    """Raise ValueError unless ``classes``, if given, and all labels are the known ones."""
    if classes is not None and not np.array_equal(np.unique(classes), known):
        raise ValueError(f"classes={classes!r} is not the {known} of the first call")
    unknown = np.setdiff1d(y, known)
    if len(unknown):
        raise ValueError(f"y has the label {unknown[0]}, the classes are {known}")
