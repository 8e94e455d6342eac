"""What users would take instead of BoldClassifier, and how many bytes each needs to predict."""

import logging
import math

import numpy as np

from boldhw.data.coder import Coder
from boldhw.errors import ToolError, missing_package

REAL = 4  # bytes of a real number and of an index
BOLD, LINEAR, FOREST = "BoldClassifier", "logistic regression", "random forest"
MLP, NEIGHBOURS, TSETLIN = "MLP", "nearest neighbours", "Tsetlin machine"
CLAUSES, TARGET, SPECIFICITY, EPOCHS, LEVELS = 200, 40, 5.0, 20, 8  # of the Tsetlin machine
WORD = 0xFFFFFFFF


def model_of(name, seed):
    """Return an unfitted classifier. Raises ToolError where a package is missing."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from boldhw.classifier import BoldClassifier

    if name == BOLD:
        return BoldClassifier(random_state=seed)
    if name == FOREST:
        return RandomForestClassifier(random_state=seed)
    if name == TSETLIN:
        return Tsetlin(seed)
    scaled = {
        LINEAR: LogisticRegression(max_iter=5000),
        MLP: MLPClassifier((64,), max_iter=500, random_state=seed),
        NEIGHBOURS: KNeighborsClassifier(),
    }
    return make_pipeline(StandardScaler(), scaled[name])


RIVALS = (BOLD, LINEAR, FOREST, MLP, NEIGHBOURS, TSETLIN)


def bytes_of(name, model):
    """Return the bytes that predictions of a fitted classifier need.

    Real numbers and indices are REAL bytes, Boolean weights and literals bits.
    """
    if name == TSETLIN:
        return model.size()
    if name == BOLD:
        layers, coder = model.network_.spec.layers, model.coder_
        weights = sum(math.ceil(layer.weights / 8) for layer in layers)
        thresholds = 2 * sum(layer.outputs for layer in layers[:-1])
        return weights + thresholds + 2 * REAL * len(coder.edges)
    if name == FOREST:
        trees = [estimator.tree_ for estimator in model.estimators_]
        leaves = sum(tree.n_leaves for tree in trees)
        inner = sum(tree.node_count for tree in trees) - leaves
        return REAL * (4 * inner + model.n_classes_ * leaves)  # feature, threshold, two children
    last = model[-1]
    scaler = 2 * model.n_features_in_
    if name == NEIGHBOURS:
        return REAL * (scaler + last.n_samples_fit_ * (model.n_features_in_ + 1))
    arrays = [last.coef_, last.intercept_] if name == LINEAR else last.coefs_ + last.intercepts_
    return REAL * (scaler + sum(array.size for array in arrays))


class Wrapping:
    """NumPy whose uint32 takes ``~0``, as that of NumPy 1 did and tmu 0.8.3 needs."""

    class uint32(np.uint32):
        """A type that as a function wraps around."""

        def __new__(cls, value=0):
            return np.uint32(value & WORD)

    def __getattr__(self, name):
        return getattr(np, name)


class Tsetlin:
    """A multi-class Tsetlin machine of the package tmu on a thermometer code."""

    def __init__(self, seed):
        # It logs a traceback where there is no GPU.
        logging.getLogger("tmu.clause_bank.clause_bank_cuda").setLevel(logging.CRITICAL)
        root, quiet = logging.getLogger(), logging.NullHandler()
        root.addHandler(quiet)  # or the import has everything logged, Numba's steps included
        try:
            from tmu.clause_bank import clause_bank
            from tmu.models.classification.vanilla_classifier import TMClassifier
        except ImportError as error:
            raise missing_package("the Tsetlin machine", "tmu", "compare") from error
        finally:
            root.removeHandler(quiet)
        clause_bank.np = Wrapping()
        self.machine = TMClassifier(CLAUSES, TARGET, SPECIFICITY, platform="CPU", seed=seed)

    def fit(self, X, y):
        """Train. X: real, shape (samples, features).  y: integers from 0. Return self."""
        self.coder = Coder.fit(X, levels=LEVELS)
        self.classes = int(y.max()) + 1
        bits, labels = self._bits(X), y.astype(np.uint32)
        for _ in range(EPOCHS):
            self.machine.fit(bits, labels)
        return self

    def score(self, X, y):
        """Return the share of samples that are classified right."""
        return float(np.mean(self.machine.predict(self._bits(X)) == y))

    def size(self):
        """Return bytes: a bit per clause and literal, and edges with their features."""
        literals = 2 * len(self.coder.edges)
        return self.classes * CLAUSES * literals // 8 + 2 * REAL * len(self.coder.edges)

    def _bits(self, X):
        return self.coder(X).astype(np.uint32)


def available():
    """Return the names of classifiers that can be made here, and why one cannot."""
    try:
        Tsetlin(0)
    except ToolError as error:
        return RIVALS[:-1], str(error)
    return RIVALS, ""
