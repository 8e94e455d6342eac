"""Scales as numbers; that they keep variance is test_reference_variance.py's."""

import math

import numpy as np
import pytest

from boldhw.reference import scale


def test_formulas():
    assert scale.alpha(12) == pytest.approx(math.pi / 12)
    assert scale.linear(50) == pytest.approx(0.2)
    assert scale.conv(8, 5, 1) == pytest.approx(0.1)
    assert scale.conv(8, 5, 2) == pytest.approx(0.2)
    assert scale.pooled_conv(8, 5, 2) == pytest.approx(0.4)


def test_alpha_passes_half_of_the_power():
    """E[tanh'(alpha s)^2] = 1/2 for normal sums of the variance that alpha is made for."""
    s = np.random.default_rng(1).normal(0, math.sqrt(300), 1_000_000)
    assert np.mean((1 - np.tanh(scale.alpha(300) * s) ** 2) ** 2) == pytest.approx(0.5, abs=0.002)
