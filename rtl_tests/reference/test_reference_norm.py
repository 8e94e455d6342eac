"""Batch norm: moments, gradients, running averages."""

import numpy as np
import pytest
from support.numeric import in_doubles, numerical

from boldhw.reference.norm import BatchNorm

SHAPES = [(12, 3), (4, 3, 2, 5)]


def sample(shape):
    return np.random.default_rng(7).normal(2, 3, shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_features_get_mean_zero_and_variance_one(shape):
    y = BatchNorm(3).forward(sample(shape), training=True)
    axes = (0, *range(2, len(shape)))
    assert y.mean(axes) == pytest.approx(0, abs=1e-6)
    assert y.var(axes) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients(shape):
    layer, x = in_doubles(BatchNorm(3)), sample(shape)
    layer.gain.value[:] = 0.5, -1, 2
    z = np.random.default_rng(8).normal(size=shape)

    def loss(_):
        return (layer.forward(x, training=True) * z).sum()

    layer.forward(x, training=True)
    signals, votes = layer.backward(z), [each.votes for each in layer.parameters]
    assert signals == pytest.approx(numerical(loss, x), abs=1e-6)
    for parameter, vote in zip(layer.parameters, votes, strict=True):
        assert vote == pytest.approx(numerical(loss, parameter.value), abs=1e-6)


def test_inference_uses_the_running_averages():
    layer, x = BatchNorm(3), sample((500, 3))
    for _ in range(100):
        layer.forward(x, training=True)
    one = layer.forward(x[:1])
    assert one == pytest.approx((x[:1] - x.mean(0)) / x.std(0), abs=1e-3)
