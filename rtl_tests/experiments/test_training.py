"""Runs and tables of experiments."""

import sys

import numpy as np

from boldhw import data
from boldhw.experiments import training
from boldhw.golden.fastest import fastest_kind
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer

DIGITS = data.load("digits", 300, 100)


def test_train_is_the_trainer(monkeypatch):
    """The result is that of Trainer on the NumPy network, whether compiled or not."""
    settings = training.settings("64-20-10", 2, 7, theta=5)
    results = [training.train(settings, DIGITS)]
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "boldhw.golden.compiled")
    assert fastest_kind() is Network
    results.append(training.train(settings, DIGITS))
    bits, test = data.booleanise(DIGITS.x_train), data.booleanise(DIGITS.x_test)
    trainer = Trainer(Network("64-20-10", seed=7), Hyper(theta=5), 2, 7)
    epochs = list(trainer.run(bits, DIGITS.y_train, test, DIGITS.y_test))
    for result in results:
        assert result["accuracy"] == [epoch.test_accuracy for epoch in epochs]
        assert result["active"] == [epoch.active / 300 for epoch in epochs]
        assert result["flips"] == [epoch.flips for epoch in epochs]
        assert result["updates"] == [epoch.updates for epoch in epochs]


def test_every_setting_changes_the_result():
    """A crop of a pixel leaves 6 x 6 pixels, two levels double them."""
    changes = (
        {"network": "128-12-10", "levels": (60, 180)},
        {"network": "36-12-10", "crop": 1},
        {"bits": 3},
        {"shift": True},
        {"theta": 3},
        {},
    )
    plain = {"network": "64-12-10", "epochs": 1, "seed": 0}
    results = [training.train(training.settings(**plain | c), DIGITS) for c in changes]
    assert all(results.count(result) == 1 for result in results)


def test_crop_keeps_the_middle():
    images = np.arange(32, dtype=np.uint8).reshape(2, 16)
    assert training.cropped(images, 1).tolist() == [[5, 6, 9, 10], [21, 22, 25, 26]]
    assert np.array_equal(training.cropped(images, 0), images)


def record(label, seed, *accuracy):
    return {
        "settings": training.settings("4-3-2", len(accuracy), seed, label),
        "result": {"accuracy": accuracy, "active": [0.5] * len(accuracy)},
    }


RECORDS = [record("a", 1, 0.5, 0.9), record("b", 1, 0.7, 0.8), record("a", 2, 0.6, 0.92)]


def test_table_has_a_row_per_label():
    assert training.table(RECORDS).splitlines()[2:] == [
        "| a | 2 | 2 | 91.00 +- 1.41 (90.00) | 50.0 |",
        "| b | 2 | 1 | 80.00 | 50.0 |",
    ]


def test_curve_is_the_mean_of_the_seeds():
    groups = training.by_label(RECORDS)
    epochs, accuracy = np.transpose(training.curve(groups["a"]))
    assert epochs.tolist() == [1, 2]
    assert np.allclose(accuracy, [55, 91])


def test_cost_grows_with_weights_and_epochs():
    small, large = training.settings("4-3-2", 5, 0), training.settings("784-1024-10", 5, 0)
    assert training.weights(small) == 12 + 6
    assert training.cost(small) == 5 * training.cost(training.settings("4-3-2", 1, 0))
    assert training.cost(large) > 3 * training.cost(small)
