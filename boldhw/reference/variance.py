"""Measure the variance of signals from layer to layer, which the scales should keep (appendix C).

Inputs are fair coins and so are the weights; signals start as normal noise. Each function returns
variance below / variance above, at the pixels that no border is near.
"""

import numpy as np

from boldhw.reference import scale
from boldhw.reference.conv import boolean_conv
from boldhw.reference.linear import BooleanLinear
from boldhw.reference.shape import MaxPool2
from boldhw.reference.threshold import Threshold

SAMPLES, IMAGES = 2000, 24
CHANNELS = 16, 24  # into, out of a convolution
BORDER = 4  # pixels that fewer positions see than others


def linear(widths, seed=0, logic="xnor"):
    """Return the ratio at every layer of a network, first layer first."""
    generator = np.random.default_rng(seed)
    shapes = list(zip(widths[:-1], widths[1:], strict=True))
    layers = [(BooleanLinear(m, n, generator, logic), Threshold(m)) for m, n in shapes]
    x = _coins(generator, (SAMPLES, widths[0]))
    for layer, threshold in layers:
        x = threshold.forward(layer.forward(x))
    z = generator.normal(size=x.shape)
    ratios: list[float] = []
    for layer, threshold in reversed(layers):
        below = layer.backward(threshold.backward(z))
        ratios.insert(0, float(below.var() / z.var()))
        z = below
    return ratios


def conv(kernel, stride, seed=0):
    """Return the ratio of a convolution and the threshold behind it."""
    generator = np.random.default_rng(seed)
    layer = boolean_conv(*CHANNELS, kernel, generator, stride=stride, padding=1)
    threshold = Threshold(CHANNELS[0] * kernel**2)
    y = threshold.forward(layer.forward(_images(generator)))
    z = generator.normal(size=y.shape)
    return _ratio(layer.backward(threshold.backward(z)), z)


def pooled_conv(kernel, tau, seed=0):
    """Return (ratio, share of the power that the threshold passes) with 2x2 max-pooling.

    ``tau`` of the threshold behind the pooling is in standard deviations of the sums; the maximum
    of four has its mean at 1.03.
    """
    generator = np.random.default_rng(seed)
    layer = boolean_conv(*CHANNELS, kernel, generator, padding=kernel // 2, pooled=True)
    fan_in = CHANNELS[0] * kernel**2
    pool, threshold = MaxPool2(), Threshold(fan_in, tau * np.sqrt(fan_in))
    y = threshold.forward(pool.forward(layer.forward(_images(generator))))
    z = generator.normal(size=y.shape)
    passed = threshold.backward(z)
    return _ratio(layer.backward(pool.backward(passed)), z), float(passed.var() / z.var())


def published_stride(kernel, stride, seed=0):
    """Return the ratio of a convolution with v = stride in its scale, as the paper has it."""
    published = np.sqrt(2 * stride / (CHANNELS[1] * kernel**2))
    return conv(kernel, stride, seed) * (published / scale.conv(CHANNELS[1], kernel, stride)) ** 2


def _coins(generator, shape):
    return np.where(generator.random(shape) < 0.5, -1, 1).astype(np.float32)


def _images(generator):
    return _coins(generator, (IMAGES, CHANNELS[0], 28, 28))


def _ratio(below, above):
    inner = below[:, :, BORDER:-BORDER, BORDER:-BORDER]
    return float(inner.var() / above.var())
