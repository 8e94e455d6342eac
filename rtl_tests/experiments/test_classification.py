"""Runs of networks with governors: what is read, what is held back, what each setting changes."""

from dataclasses import replace

import numpy as np
import pytest

from boldhw import data
from boldhw.errors import DataError
from boldhw.experiments import cifar10, classification
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.network import Network

DIGITS = data.load("digits", 600, 60)
NAME = "8x8x2-5k3p2-6k3p2-10"
PLAIN = {"network": NAME, "seed": 1, "epochs": 1, "label": "plain", "levels": [60, 180],
         "picture": (8, 8, 1)}  # fmt: skip


def settings(**changes):
    return classification.settings(**PLAIN | changes)


def test_a_run_is_that_of_the_definition():
    """The trainer on the NumPy network gives the numbers of a run, whatever kernel that takes."""
    found = classification.run(settings(change="", epochs=2), DIGITS)
    spec = Network.parse(NAME)
    x = [np.stack([part > 60, part > 180], axis=-1).reshape(len(part), -1)
         for part in (DIGITS.x_train, DIGITS.x_test)]  # fmt: skip
    ones = int(256 * np.count_nonzero(x[0]) / x[0].size)
    initial = start(spec, Constants(), ones, zero_true=[True, True, False])
    trainer = GraphTrainer(GraphNetwork(spec, initial, 1), Constants(), 2, 600, 1)
    epochs = list(trainer.run(x[0], DIGITS.y_train, x[1], DIGITS.y_test))
    assert found["accuracy"] == [epoch.test_accuracy for epoch in epochs]
    assert found["flips"] == [epoch.flips for epoch in epochs]
    assert found["theta"] == [layer.settings.theta for layer in trainer.graph.layers]


def test_every_setting_changes_the_result():
    changes = (
        {},
        {"seed": 2},
        {"levels": [120, 200]},
        {"levels": 2},
        {"change": ""},
        {"change": "mirror"},
        {"choose": True},
        {"signed": True},
        {"maps": False},
        {"centred": True},
        {"bits": 5},
        {"rounding": [2, 2, 0]},
        {"kernel": "first"},
        {"rounding": [2, 2, 0], "kernel": "noise"},
        {"batch": 8},
        {"size": 1},
    )
    found = [classification.run(settings(**change), DIGITS) for change in changes]
    assert all(found.count(result) == 1 for result in found)


def test_planes_of_a_place_are_neighbours():
    pictures = np.array([[[[10, 200], [90, 60]]]], np.uint8)  # 1 x 2 places in two colours
    bits = classification.coded(pictures, [[50], [100, 150]])
    assert bits.tolist() == [[False, True, True, True, False, False]]


def test_quantiles_part_each_colour_evenly():
    pictures = np.stack([np.arange(100), 2 * np.arange(100)], axis=-1).astype(np.uint8)
    levels = classification._levels(3, pictures.reshape(10, 2, 5, 2))
    assert levels == [[25, 50, 75], [50, 100, 150]]
    assert classification._levels([7, 9], pictures.reshape(10, 2, 5, 2)) == [[7, 9], [7, 9]]


def test_means_are_those_of_the_planes():
    layer = Network.parse("4x4x2-3k3-10").layers[0]
    bits = np.zeros((5, 16, 2), bool)
    bits[:, :4, 0] = True
    bits = bits.reshape(5, -1)
    assert classification.plane_means(layer, 2, bits, True).tolist() == [64, 0] * 9
    assert classification.plane_means(layer, 2, bits, False).tolist() == [-128, -256] * 9


def test_units_are_alike_that_have_few_weights_on_one_side():
    weights = np.zeros((4, 10), bool)
    weights[1, :3] = weights[2, :9] = weights[3, :2] = True
    assert classification.alike(weights) == 0.75


def test_what_is_held_back_is_not_trained_on():
    """The result does not depend on test samples, nor training on what is held back."""
    other = replace(DIGITS, x_test=DIGITS.x_test[:10], y_test=DIGITS.y_test[:10])
    runs = [classification.run(settings(choose=True), each) for each in (DIGITS, other)]
    assert runs[0] == runs[1]
    assert runs[0]["samples"] == 500
    labels = DIGITS.y_train.copy()
    labels[500:] = (labels[500:] + 1) % 10
    wrong = classification.run(settings(choose=True), replace(DIGITS, y_train=labels))
    assert wrong["flips"] == runs[0]["flips"]
    assert wrong["accuracy"] != runs[0]["accuracy"]


def test_pictures_of_another_size_are_refused():
    with pytest.raises(DataError, match="64 values, the network takes pictures of 28 x 28 x 1"):
        classification.run(settings(picture=(28, 28, 1)), DIGITS)


def test_photographs_have_to_be_given(tmp_path):
    with pytest.raises(DataError, match="give --data an .npz file"):
        cifar10.load(None, False)
    pictures = np.zeros((4, 32, 32, 3), np.uint8)
    labels = np.array([0, 1, 0, 1])
    path = tmp_path / "photos.npz"
    np.savez(path, x_train=pictures, y_train=labels, x_test=pictures, y_test=labels)
    assert cifar10.load(path, False).x_train.shape == (4, 3072)


def test_the_report_has_a_row_for_each_label():
    result = {"accuracy": [0.5, 0.75], "active": [0.5, 0.25], "theta": [40, 9],
              "alike": [0.25, 0.0], "samples": 100}  # fmt: skip
    records = [
        {"settings": settings(seed=seed, choose=choose, label=label), "result": result,
         "seconds": 2.0}
        for label, choose in (("usual", False), ("narrow", True)) for seed in (1, 2)
    ]  # fmt: skip
    text, figures = classification.report(records, "some")
    assert "| usual | 600 | 1 | 2 | 75.00 +- 0.00 (75.00) | 25.0 | 40, 9 | 25, 0 | 50 |" in text
    assert text.index("usual") < text.index("Tested on the training pictures held back")
    assert list(figures) == ["some.svg"]
