"""The threshold and the weight of signals behind it."""

import math

import numpy as np
import pytest

from boldhw.reference.threshold import Threshold

S = np.array([[-30.0, -1, 0, 1, 2, 30]])


def test_fires_at_tau_and_above():
    assert Threshold(9).forward(S).tolist() == [[-1, -1, 1, 1, 1, 1]]
    assert Threshold(9, tau=1).forward(S).tolist() == [[-1, -1, -1, 1, 1, 1]]


def test_signals_are_weighted_by_the_slope_of_tanh():
    layer, z = Threshold(12, tau=1), np.full(S.shape, -2.0)
    layer.forward(S)
    alpha = math.pi / (2 * math.sqrt(3 * 12))
    steps = (np.tanh(alpha * (S - 1) + 1e-6) - np.tanh(alpha * (S - 1) - 1e-6)) / 2e-6
    assert layer.backward(z) == pytest.approx(-2 * steps, abs=1e-6)


def test_without_reweighting_signals_pass():
    layer = Threshold(12, reweight=False)
    layer.forward(S)
    assert layer.backward(S) is S
