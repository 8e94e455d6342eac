"""The classifier: what it promises to scikit-learn."""

import warnings

import numpy as np

from boldhw.classifier import parameters
from boldhw.classifier.probability import softmax
from boldhw.classifier.run import Run, opened
from boldhw.data.majority import no_better
from boldhw.errors import ConfigError, NothingLearnedWarning, missing_package
from boldhw.golden.draws import order_of

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state
    from sklearn.utils.class_weight import compute_sample_weight
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as error:
    raise missing_package("BoldClassifier", "scikit-learn", "sklearn") from error

ADVICE = "try more levels, more epochs, or wider hidden layers"


class BoldClassifier(ClassifierMixin, BaseEstimator):
    """Boolean network behind ``fit``, ``partial_fit``, ``predict`` and ``predict_proba``.

    Real-valued features become bits by a thermometer code, see ``code``. The golden model trains,
    compiled where numba is installed. Its settings are moved by governors (docs/rule.md), which
    need no tuning, unless a hyper-parameter, an engine or a device is given: then the network is a
    chain that engines can run, with hyper-parameters that are the same in a whole epoch.

    Parameters
    ----------
    hidden : tuple of int or None
        Widths of the hidden layers; None: (256,) with governors, (64,) without.
    epochs : int or None
        Passes over the samples that ``fit`` makes; None: with governors enough for 10,000 samples
        and at least 20, without them 40.
    levels : int or None
        Edges of a feature at most, 1 to 255; None: 16 with governors, 8 without, fewer if the
        network would have too many inputs.
    code : str
        ``quantiles``: about as many training samples are between two edges. ``even``: equal
        distances from the least to the greatest value.
    governors : bool or None
        None: whenever they are possible.
    hyper : Hyper or None
        Hyper-parameters of a chain; None: :data:`boldhw.golden.hyper.FEATURES`.
    margin, window, theta, theta_scale, safe_scale, last_theta_factor, grow : number or None
        Single hyper-parameters, see :class:`boldhw.golden.hyper.Hyper`; None: that of ``hyper``.
    batch, rounding, dead, noise, decay, outputs_per_class, zero_true : number or None
        Others, likewise.
    backend : str
        ``golden``, ``sim`` (simulated board), a serial port, ``auto`` or ``socket://HOST:PORT``.
        Opened for each call; with the same engine all give the same bits.
    config : EngineConfig or None
        Engine of ``golden`` and ``sim``, or the one a board must have. None for any.
    class_weight : dict, 'balanced' or None
        Weights of classes, as elsewhere in scikit-learn. Weights, those of samples too, say how
        often a sample is drawn: an epoch has as many draws as there are samples.
    early_stopping : bool
        Hold a share of the samples back, stop when the network gets no better on them, and keep
        the best one. Schedules go on to ``epochs``, so a run that stops has not cooled down.
    validation_fraction : float
        The share that is held back.
    n_iter_no_change : int
        Epochs without a better result after which training stops.
    callbacks : list of callable or None
        ``callback(model, record)`` is called after each epoch with the newest of ``history_``;
        training stops when one returns True.
    verbose : int
        1: one line per epoch.
    random_state : int, RandomState or None
        Initial weights, order of the samples, noise, and what is held back.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    n_features_in_ : int
    coder_ : Coder
        Makes bits of features.
    network_ : GraphNetwork or Network
        Golden network in the trained state, the former with governors.
    history_ : list of dict
        Of each epoch: epoch, train_accuracy (of samples as they were trained on), held_accuracy
        (None if none are held back), active (share), updates, flips (per layer), seconds.
    temperature_ : float
        Divides scores in ``predict_proba``.
    """

    def __init__(
        self,
        hidden=None,
        *,
        epochs=None,
        levels=None,
        code="quantiles",
        governors=None,
        hyper=None,
        margin=None,
        window=None,
        theta=None,
        theta_scale=None,
        safe_scale=None,
        last_theta_factor=None,
        grow=None,
        batch=None,
        rounding=None,
        dead=None,
        noise=None,
        decay=None,
        outputs_per_class=None,
        zero_true=None,
        backend="golden",
        config=None,
        class_weight=None,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        callbacks=None,
        verbose=0,
        random_state=0,
    ):
        self.hidden = hidden
        self.epochs = epochs
        self.levels = levels
        self.code = code
        self.governors = governors
        self.hyper = hyper
        self.margin = margin
        self.window = window
        self.theta = theta
        self.theta_scale = theta_scale
        self.safe_scale = safe_scale
        self.last_theta_factor = last_theta_factor
        self.grow = grow
        self.batch = batch
        self.rounding = rounding
        self.dead = dead
        self.noise = noise
        self.decay = decay
        self.outputs_per_class = outputs_per_class
        self.zero_true = zero_true
        self.backend = backend
        self.config = config
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        """Train a new network. X: real, shape (samples, features); y: labels. Return self.

        sample_weight: numbers from 0, shape (samples,), or None. Raises ValueError for unusable
        samples, ConfigError for parameters or a network that cannot work. Warns with
        NothingLearnedWarning when the network is no better on these samples than always answering
        the most frequent class.
        """
        parameters.check(self)
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        weights, seed = self._weights(X, y, sample_weight), self._seed()
        trained, held = self._held_back(y, seed)
        part = None if weights is None else weights[trained]
        with opened(self) as device:
            self._take(Run.begin(self, X[trained], y[trained], np.unique(y), seed, device))
            self._run.train(self, X[trained], y[trained], part, (X[held], y[held]), device)
        self.temperature_ = self._run.temperature
        self._warn(X, y, weights)
        return self

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train one more epoch on these samples; return self.

        ``classes``, all labels there will ever be, is needed in the first call. Schedules stay
        where they are in the first epoch or, after ``fit``, in its last one. Nothing is held back.
        Raises like :meth:`fit`.
        """
        first = not hasattr(self, "network_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        parameters.check(self)
        X, y = validate_data(self, X, y, reset=first)
        check_classification_targets(y)
        known = np.unique(classes) if first else self.classes_
        _check_labels(y, classes, known)
        weights = self._weights(X, y, sample_weight)
        with opened(self) as device:
            if first:
                self._take(Run.begin(self, X, y, known, self._seed(), device, endless=True))
            self._run.train_once(self, X, y, weights, device)
        return self

    def decision_function(self, X):
        """Return the scores, shape (samples, classes).

        Of two classes: score of the second less that of the first, shape (samples,).
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_proba(self, X):
        """Return the softmax of ``scores / temperature_``, shape (samples, classes).

        ``temperature_`` is the one with the least log loss on the samples that are held back with
        ``early_stopping``; without them it is twice the root of the last layer's fan-in.
        """
        scores = self._scores(X)
        return softmax(scores / self.temperature_)

    def predict(self, X):
        """Return the class with the best score of each sample, the first one on ties."""
        best = self._scores(X).argmax(axis=1)
        return self.classes_[best]

    def _scores(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        with opened(self) as device:
            return self._run.scores(X, device)

    def _take(self, run):
        """Become fitted: all attributes or, where making the run raised, none."""
        self._run, self.history_ = run, []
        self.network_, self.coder_, self.classes_ = run.network, run.coder, run.classes
        self.temperature_ = run.temperature

    def _seed(self):
        """Return the seed of everything random."""
        try:
            return int(check_random_state(self.random_state).randint(1 << 31))
        except ValueError as error:
            raise ConfigError(
                f"random_state={self.random_state!r} must be an integer from 0 to {(1 << 32) - 1}, "
                f"a RandomState or None; try random_state=0"
            ) from error

    def _weights(self, X, y, sample_weight):
        """Return how often samples are to be drawn, or None: each once."""
        if sample_weight is None and self.class_weight is None:
            return None
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if self.class_weight is not None:
            weights = weights * compute_sample_weight(self.class_weight, y)
        if not weights.any():
            raise ValueError("all samples have weight 0; give some of them a greater one")
        return weights

    def _held_back(self, y, seed):
        """Return the indices of samples to train on, and of those held back."""
        every = np.arange(len(y))
        if not self.early_stopping:
            return every, every[:0]
        try:
            return train_test_split(
                every, test_size=self.validation_fraction, random_state=seed, stratify=y
            )
        except ValueError as error:
            raise ValueError(
                f"no share of {len(y)} samples can be held back: {error}; give more samples or "
                f"early_stopping=False"
            ) from error

    def _warn(self, X, y, weights):
        """Warn if samples, as they were drawn, show nothing but the most frequent class."""
        drawn = order_of(len(y), np.random.default_rng(0), weights)
        labels = np.searchsorted(self.classes_, y[drawn])
        right = self.network_.infer(self.coder_(X[drawn])).argmax(axis=1) == labels
        if reason := no_better(right.mean(), labels):
            warnings.warn(f"{reason}; {ADVICE}", NothingLearnedWarning, stacklevel=3)


def _check_labels(y, classes, known):
    """Raise ValueError unless ``classes``, if given, and all labels are the known ones."""
    if classes is not None and not np.array_equal(np.unique(classes), known):
        raise ValueError(f"classes={classes!r} is not the {known} of the first call")
    unknown = np.setdiff1d(y, known)
    if len(unknown):
        raise ValueError(f"y has the label {unknown[0]}, the classes are {known}")
