"""Counts of pixels, and how scenes become what a network is trained on."""

import numpy as np
import pytest

from boldhw.errors import ConfigError
from boldhw.experiments import segmentation
from boldhw.experiments.confusion import Confusion
from boldhw.experiments.segmentation import VOID, balance, made, network, settings
from boldhw.golden.graph.widths import check_widths


def test_counts_of_pixels():
    labels = np.array([[0, 0, 1], [1, 2, 9]], np.uint8)
    answers = np.array([[0, 1, 1], [1, 0, 0]], np.uint8)
    found = Confusion.of(labels, answers, 3)
    assert found.counts.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]
    assert found.pixels == 3 / 5
    assert found.ious.tolist() == [1 / 3, 2 / 3, 0]
    assert found.mean_iou == pytest.approx(1 / 3)


def test_a_class_that_is_not_there_counts_nothing():
    found = Confusion.of(np.array([0, 0]), np.array([0, 0]), 2)
    assert np.isnan(found.ious[1])
    assert found.mean_iou == 1


def test_majority_is_that_of_training():
    found = Confusion.majority(np.array([1, 1, 0, 9, 9, 9]), np.array([0, 0, 1]), 2)
    assert found.counts.tolist() == [[0, 2], [0, 1]]


def test_rare_classes_are_kept():
    labels = np.repeat(np.arange(11), [400, *[60] * 10]).astype(np.uint8)
    keep = balance(np.append(labels, [VOID] * 5000).astype(np.uint8))
    mean = 1000 / 11
    assert keep.tolist() == [int(65536 * (mean / 400) ** 0.5), *[65536] * 10]
    assert keep.dtype == np.int32


def test_the_network_is_that_of_the_design():
    spec = network(45, 60, 62)
    assert sum(layer.weights for layer in spec.layers) == 206_888
    assert spec.output.inputs == 62 + 6 * 64
    assert [layer.kernel.dilation for layer in spec.layers] == [1, 2, 1, 3, 6, 12, 1]
    assert all(layer.makes.height == 45 for layer in spec.layers)
    check_widths(spec)


def test_pictures_and_labels_are_mirrored_together():
    scenes = made()
    trainer = segmentation._trainer(settings(1, 1, "x", outputs=8), scenes)
    pictures, labels = trainer._changed(scenes.x_train, scenes.y_train)
    mirrored = 0
    for before, after, label, new in zip(
        scenes.x_train, pictures, scenes.y_train, labels, strict=True
    ):
        if np.array_equal(before, after):
            assert np.array_equal(label, new)
        else:
            mirrored += 1
            assert np.array_equal(before[:, ::-1], after)
            assert np.array_equal(label[:, ::-1], new)
    assert 10 < mirrored < 30


def test_data_must_be_given():
    with pytest.raises(ConfigError, match="give --data DIR"):
        segmentation.load(None, False)
