"""A classifier with the manners of scikit-learn, trained by flipping weights."""

import warnings
from contextlib import nullcontext
from dataclasses import replace

import numpy as np

from boldhw.data.coder import MAX_LEVELS, Coder, even_table
from boldhw.data.majority import no_better
from boldhw.errors import ConfigError, NothingLearnedWarning, missing_package
from boldhw.golden.hyper import FEATURES, Hyper
from boldhw.golden.network import REFERENCE, Network
from boldhw.golden.trainer import Trainer
from boldhw.spec.checks import check_kind, check_range
from boldhw.spec.engine import EngineConfig
from boldhw.spec.network import MAX_TERMS
from boldhw.spec.settings import LIMIT, MAX_CLASSES

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise missing_package("BoldClassifier", "scikit-learn", "sklearn") from error

ADVICE = (
    "try levels=16, scikit-learn's QuantileTransformer in front if features have outliers, more "
    "epochs, or another hyper=replace(boldhw.golden.hyper.FEATURES, theta_scale=...)"
)


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
        Hyper-parameters; None for :data:`boldhw.golden.hyper.FEATURES`, tuned to this coding of
        inputs.
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

    _golden = Network  # what network_ is made by

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

        Raises ValueError for unusable samples, ConfigError for parameters or a network that cannot
        work. Warns with NothingLearnedWarning when the network is no better on these samples than
        always answering the most frequent class.
        """
        self._check()
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        with self._open() as device:
            self._begin(X, np.unique(y), device, self.epochs)
            self._train(X, y, device, self.epochs)
        self._warn(X, y)
        return self

    def partial_fit(self, X, y, classes=None):
        """Train one more epoch on these samples; return self.

        ``classes``, all labels there will ever be, is needed in the first call. theta stays what
        it is in the first epoch or, after ``fit``, in its last one. Raises like :meth:`fit`.
        """
        first = not hasattr(self, "network_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        self._check()
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
        if check_kind("backend", self.backend, str) == "golden":
            return nullcontext()
        # Imported here: the golden model goes without the driver.
        from boldhost import Device

        return Device.open(self.backend, self.engine)

    def _check(self):
        """Raise ConfigError for a parameter that cannot work, whatever the samples are."""
        check_range("epochs", self.epochs, 1, LIMIT)
        check_range("levels", self.levels, 1, MAX_LEVELS)
        for name, kind in (("hyper", Hyper), ("engine", EngineConfig)):
            if getattr(self, name) is not None:
                check_kind(name, getattr(self, name), kind)
        if self.hyper:
            check_range("outputs_per_class", self.hyper.outputs_per_class, 1, MAX_CLASSES)
        if isinstance(self.hidden, str) or not np.iterable(self.hidden):
            raise ConfigError(
                f"hidden={self.hidden!r} must be a tuple of layer widths, such as hidden=(64,)"
            )
        for index, width in enumerate(self.hidden, 1):
            check_range(f"width of hidden layer {index}", width, 1, REFERENCE.max_fan_in)

    def _seed(self):
        """Return the seed of everything random."""
        try:
            return int(check_random_state(self.random_state).randint(1 << 31))
        except ValueError as error:
            raise ConfigError(
                f"random_state={self.random_state!r} must be an integer from 0 to {(1 << 32) - 1}, "
                f"a RandomState or None; try random_state=0"
            ) from error

    def _begin(self, X, classes, device, epochs, **changes):
        """Make a new network, thresholds for its inputs and the trainer of both."""
        _check_inputs(X.shape[1], self.levels)
        if len(classes) < 2:
            raise ValueError(f"the labels have one class, {classes[0]}; at least two are needed")
        thresholds = even_table(X, self.levels)
        engine = device.config if device else self.engine or REFERENCE
        hyper = replace(self.hyper or FEATURES, **changes).fitting(engine)
        outputs = len(classes) * hyper.outputs_per_class
        seed = self._seed()
        network = self._golden((thresholds.size, *self.hidden, outputs), engine, seed)
        self._trainer = Trainer(network, hyper, epochs, seed)
        # All or nothing: an object with some of these would look fitted.
        self.network_, self.thresholds_, self.classes_ = network, thresholds, classes

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
                device.read_into(self.network_)
        finally:
            trainer.backend = self.network_  # a device cannot be copied or saved

    def _warn(self, X, y):
        """Warn if the network is no better on its samples than the most frequent class."""
        labels = np.searchsorted(self.classes_, y)
        right = self.network_.infer(self._bits(X)).argmax(axis=1) == labels
        if reason := no_better(right.mean(), labels):
            warnings.warn(f"{reason}; {ADVICE}", NothingLearnedWarning, stacklevel=3)

    def _bits(self, X):
        return Coder.of_table(self.thresholds_)(X)


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
