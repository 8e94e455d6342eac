"""Pooling, orders of images and additions against differences."""

import numpy as np
import pytest
from support.numeric import in_doubles, numerical

from boldhw.errors import DataError
from boldhw.reference.linear import RealLinear
from boldhw.reference.shape import (
    ChannelsLast,
    Flatten,
    Grouped,
    Images,
    MaxPool2,
    Residual,
)

GENERATOR = np.random.default_rng(6)
X = GENERATOR.normal(size=(2, 3, 4, 6))


def check_signals(layer, x):
    """The backward pass gives the gradient of sum(z y)."""
    z = GENERATOR.normal(size=layer.forward(x).shape)
    signals = layer.backward(z)
    gradient = numerical(lambda values: (layer.forward(values) * z).sum(), x)
    assert signals == pytest.approx(gradient, abs=1e-7)


@pytest.mark.parametrize("layer", [MaxPool2(), Flatten(), ChannelsLast(), Grouped(2)])
def test_signals(layer):
    check_signals(layer, X)


def test_signals_of_images():
    check_signals(Images((4, 6, 3)), GENERATOR.normal(size=(2, 72)))


def test_a_row_has_the_channels_of_a_pixel_beside_each_other():
    """Channels first inside, channels last at both ends."""
    maps = np.arange(2 * 4 * 6 * 3).reshape(2, 4, 6, 3)
    images = Images((4, 6, 3)).forward(maps.reshape(2, -1))
    assert images.shape == (2, 3, 4, 6)
    assert images[1, 2, 3, 5] == maps[1, 3, 5, 2]
    assert np.array_equal(ChannelsLast().forward(images), maps)


def test_neighbours_are_added_up():
    assert Grouped(3).forward(np.arange(12).reshape(2, 6)).tolist() == [[3, 12], [21, 30]]


def test_pooling_takes_the_largest():
    pooled = MaxPool2().forward(X)
    for k, c, y, x in np.ndindex(pooled.shape):
        assert pooled[k, c, y, x] == X[k, c, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].max()


def test_signal_goes_to_the_first_of_equal_pixels():
    layer = MaxPool2()
    layer.forward(np.ones((1, 1, 2, 2)))
    assert layer.backward(np.full((1, 1, 1, 1), 3.0)).ravel().tolist() == [3, 0, 0, 0]


def test_odd_images_are_not_pooled():
    with pytest.raises(DataError, match="5 x 4 pixels cannot be pooled"):
        MaxPool2().forward(np.zeros((1, 1, 5, 4)))


def test_residual_adds_values_and_signals():
    layer = Residual(
        *(in_doubles(RealLinear(5, 5, np.random.default_rng(seed))) for seed in (1, 2))
    )
    x = GENERATOR.normal(size=(3, 5))
    inner = layer.layers[1].forward(layer.layers[0].forward(x))
    assert np.array_equal(layer.forward(x), x + inner)
    assert len(layer.parameters) == 4
    check_signals(layer, x)
