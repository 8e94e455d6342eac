"""Losses against their definitions and against differences."""

import math

import numpy as np
import pytest
from support.numeric import numerical

from boldhw.reference.loss import pixel_cross_entropy, softmax_cross_entropy, squared_error

SCORES = np.random.default_rng(13).normal(size=(5, 4))
LABELS = np.array([0, 3, 1, 1, 2])


def test_loss_is_the_mean_of_the_logarithms():
    expected = 0
    for scores, label in zip(SCORES.tolist(), LABELS, strict=True):
        powers = [math.exp(score) for score in scores]
        expected -= math.log(powers[label] / sum(powers)) / 5
    assert softmax_cross_entropy(SCORES, LABELS)[0] == pytest.approx(expected)


def test_signals_are_the_gradient():
    gradient = numerical(lambda scores: softmax_cross_entropy(scores, LABELS)[0], SCORES)
    assert softmax_cross_entropy(SCORES, LABELS)[1] == pytest.approx(gradient, abs=1e-8)


def test_large_scores_do_not_overflow():
    loss, signals = softmax_cross_entropy(np.array([[1e4, 0.0]]), np.array([1]))
    assert loss == pytest.approx(1e4)
    assert signals.tolist() == [[1, -1]]


VOID = 9
MAPS = np.random.default_rng(14).normal(size=(2, 3, 2, 4))  # 2 images of 3 x 2 pixels, 4 classes
CLASSES = np.array([[[0, 3], [VOID, 1], [2, 2]], [[VOID, 0], [1, 1], [3, VOID]]])


def test_pixels_without_a_class_count_nothing():
    """The loss is that of the other pixels, as so many samples."""
    counted = CLASSES != VOID
    loss, signals = pixel_cross_entropy(MAPS, CLASSES, VOID)
    expected, own = softmax_cross_entropy(MAPS[counted], CLASSES[counted])
    assert loss == pytest.approx(expected)
    assert signals[counted] == pytest.approx(own)
    assert not signals[~counted].any()


def test_weights_of_classes_are_repetitions():
    """A class of weight 3 counts as if each of its pixels came three times."""
    counted = CLASSES != VOID
    times = np.array([1, 3, 1, 1])[CLASSES[counted]]
    loss, _ = pixel_cross_entropy(MAPS, CLASSES, VOID, np.array([1.0, 3.0, 1.0, 1.0]))
    repeated = (each[counted].repeat(times, axis=0) for each in (MAPS, CLASSES))
    assert loss == pytest.approx(softmax_cross_entropy(*repeated)[0])


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.25, 0.5, 0.0])])
def test_signals_of_pixels_are_the_gradient(weights):
    gradient = numerical(lambda x: pixel_cross_entropy(x, CLASSES, VOID, weights)[0], MAPS)
    signals = pixel_cross_entropy(MAPS, CLASSES, VOID, weights)[1]
    assert signals == pytest.approx(gradient, abs=1e-8)


def test_images_of_no_class_give_no_signals():
    loss, signals = pixel_cross_entropy(MAPS, np.full_like(CLASSES, VOID), VOID)
    assert loss == 0
    assert not signals.any()


def test_squared_error_is_the_mean_of_what_counts():
    scores = np.array([[1.0, 2.0], [3.0, 4.0]])
    loss, signals = squared_error(scores, np.array([[0.0, np.nan], [5.0, 4.0]]))
    assert loss == pytest.approx((1 + 4 + 0) / 3)
    assert signals == pytest.approx(np.array([[2 / 3, 0], [-4 / 3, 0]]))


def test_signals_of_numbers_are_the_gradient():
    targets = np.random.default_rng(15).normal(size=MAPS.shape)
    targets[0, 1] = np.nan
    gradient = numerical(lambda x: squared_error(x, targets)[0], MAPS)
    assert squared_error(MAPS, targets)[1] == pytest.approx(gradient, abs=1e-8)


def test_no_targets_give_no_signals():
    loss, signals = squared_error(MAPS, np.full(MAPS.shape, np.nan))
    assert loss == 0
    assert not signals.any()


def test_losses_keep_the_type_of_the_scores():
    maps = MAPS.astype(np.float32)
    targets = np.zeros(MAPS.shape, np.float32)
    assert pixel_cross_entropy(maps, CLASSES, VOID, np.ones(4))[1].dtype == np.float32
    assert squared_error(maps, targets)[1].dtype == np.float32
