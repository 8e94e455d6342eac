"""Convolution against loops over its positions, and against differences."""

import numpy as np
import pytest
from support.numeric import in_doubles, numerical

from boldhw.errors import DataError
from boldhw.reference.conv import boolean_conv, real_conv
from boldhw.reference.logic import TERMS, neuron

GENERATOR = np.random.default_rng(5)
X = np.where(GENERATOR.random((2, 3, 7, 6)) < 0.5, -1.0, 1.0)
SHAPES = [(1, 0), (1, 1), (2, 1), (3, 2)]  # stride, padding


@pytest.mark.parametrize(("stride", "padding"), SHAPES)
@pytest.mark.parametrize("logic", TERMS)
def test_every_position_is_a_neuron(stride, padding, logic):
    """Padding contributes 0, so a position at the border sums over the pixels that exist."""
    layer = boolean_conv(
        3, 4, 3, np.random.default_rng(1), stride=stride, padding=padding, logic=logic
    )
    sums = layer.forward(X)
    weights = layer.core.weights.value.reshape(4, 3, 3, 3)
    for y, x in np.ndindex(sums.shape[2:]):
        top, left = y * stride - padding, x * stride - padding
        rows = [r for r in range(3) if 0 <= top + r < 7]
        columns = [c for c in range(3) if 0 <= left + c < 6]
        seen = X[:, :, [top + r for r in rows]][..., [left + c for c in columns]]
        kernel = weights[:, :, rows][..., columns]
        expected = neuron(seen.reshape(2, -1), kernel.reshape(4, -1), logic)
        assert np.array_equal(sums[:, :, y, x], expected)


@pytest.mark.parametrize(("stride", "padding"), SHAPES)
@pytest.mark.parametrize("make", [boolean_conv, real_conv])
def test_gradients_of_the_embedding(make, stride, padding):
    layer = in_doubles(make(3, 4, 3, np.random.default_rng(1), stride=stride, padding=padding))
    layer.core.outgoing = 1
    z = GENERATOR.normal(size=layer.forward(X).shape)

    def loss(_):
        return (layer.forward(X) * z).sum()

    signals = layer.backward(z)
    votes = [each.votes for each in layer.parameters]
    assert signals == pytest.approx(numerical(loss, X), abs=1e-7)
    for parameter, vote in zip(layer.parameters, votes, strict=True):
        assert vote == pytest.approx(numerical(loss, parameter.value), abs=1e-7)


def test_image_smaller_than_the_kernel_is_refused():
    layer = boolean_conv(3, 4, 9, np.random.default_rng(1))
    with pytest.raises(DataError, match=r"7 x 6 pixels.*smaller than the kernel of 9; pad .* 2"):
        layer.forward(X)
