"""Networks in the two forms that are compared with the integer rule."""

import math

import numpy as np

from boldhw.errors import ConfigError
from boldhw.reference.conv import boolean_conv, real_conv
from boldhw.reference.layer import Layer
from boldhw.reference.linear import BooleanLinear, RealLinear
from boldhw.reference.model import Model
from boldhw.reference.norm import BatchNorm
from boldhw.reference.shape import ChannelsLast, Flatten, Grouped, Images, MaxPool2
from boldhw.reference.threshold import Threshold
from boldhw.spec.head import RESIDUALS
from boldhw.spec.layer import CONV, DENSE, INPUT, SCORES, THRESHOLD, Tap
from boldhw.spec.network import Network

ENDS = ("real", "boolean")
AHEAD = 1.03  # standard deviations: the expected largest of four independent sums


def mlp(widths, seed=0, ends="real", batch_norm=False):
    """Return a Model of fully connected layers of these ``widths``; see :func:`chain`."""
    return chain(Network.chain(widths), seed, ends, batch_norm)


def chain(network, seed=0, ends="real", batch_norm=False, outputs_per_score=1):
    """Return a Model of a Network whose layers read each the one before, thresholds in between.

    Samples are rows of numbers and scores have the shape of those of the golden model, classes or
    sub-pixels last; ``outputs_per_score`` outputs of the last layer are added to a score.

    ``ends`` is the kind of the first and the last layer: ``real`` as published, or ``boolean``.
    All others are Boolean. Scores of a Boolean last layer are divided by the root of what is added
    to one, so that its softmax starts with sums of variance 1; with a head of residuals they are
    in its fixed point. Where sums are pooled and there is no batch norm, thresholds are the
    expected largest of four sums. Raises ConfigError for other ends or another network.
    """
    if ends not in ENDS:
        raise ConfigError(f"ends={ends!r} is no kind of layer; use {' or '.join(ENDS)}")
    _check(network)
    generator = np.random.default_rng(seed)
    first, last = network.layers[0], network.output
    layers: list[Layer] = []
    if first.kind == CONV:
        layers.append(Images((first.reads.height, first.reads.width, first.reads.planes)))
    before = first
    for layer in network.layers:
        if layer.kind == DENSE and before.kind == CONV:
            layers.append(Flatten())
        real = ends == "real" and (layer is first or layer is last)
        layers += _sums(layer, real, generator)
        if layer is not last:
            layers += _threshold(layer, real, batch_norm)
        before = layer
    layers += [ChannelsLast()] if last.kind == CONV else []
    layers += [Grouped(outputs_per_score)] if outputs_per_score > 1 else []
    terms = last.inputs * outputs_per_score
    return Model(layers, 1.0 if ends == "real" else _gain(network.head, terms))


def _check(network):
    """Raise ConfigError unless :func:`chain` has what the network needs."""
    before = INPUT
    for layer in network.layers:
        kernel = layer.kernel
        if (
            layer.kind not in (CONV, DENSE)
            or layer.taps != (Tap(before),)
            or layer.activation not in (THRESHOLD, SCORES)
            or (kernel and kernel.dilation != 1)
        ):
            raise ConfigError(
                f"layer {layer.name} is not one of the reference: it has chains of dense layers "
                f"and of convolutions without dilation, with two-valued outputs"
            )
        before = layer.name


def _sums(layer, real, generator):
    """Return the layers that make the sums of one, pooled if it pools."""
    kernel = layer.kernel
    if kernel is None:
        return [(RealLinear if real else BooleanLinear)(layer.inputs, layer.outputs, generator)]
    sizes = layer.reads.planes, layer.outputs, kernel.side, generator
    where = {"stride": kernel.stride, "padding": kernel.padding}
    pooled = kernel.pool > 1
    made = real_conv(*sizes, **where) if real else boolean_conv(*sizes, **where, pooled=pooled)
    return [made, MaxPool2()] if pooled else [made]


def _threshold(layer, real, batch_norm):
    """Return the layers that make bits of sums."""
    if batch_norm:
        return [BatchNorm(layer.outputs), Threshold(1)]
    variance = 1 if real else layer.inputs
    pooled = layer.kernel is not None and layer.kernel.pool > 1
    return [Threshold(variance, AHEAD * math.sqrt(variance) if pooled else 0.0)]


def _gain(head, terms):
    """Return the factor of the scores of a Boolean layer, sums of so many terms."""
    if head.kind == RESIDUALS:
        return 2.0 ** -(head.shift + head.fraction)
    return 1 / math.sqrt(terms)
