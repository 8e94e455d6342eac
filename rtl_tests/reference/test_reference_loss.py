"""Softmax cross entropy against its definition and against differences."""

import math

import numpy as np
import pytest
from support.numeric import numerical

from boldhw.reference.loss import softmax_cross_entropy

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
