"""Networks in the two forms that are compared with the integer rule."""

import math

import numpy as np

from boldhw.errors import ConfigError
from boldhw.reference.layer import Layer
from boldhw.reference.linear import BooleanLinear, RealLinear
from boldhw.reference.model import Model
from boldhw.reference.norm import BatchNorm
from boldhw.reference.threshold import Threshold

ENDS = ("real", "boolean")


def mlp(widths, seed=0, ends="real", batch_norm=False):
    """Return a Model of fully connected layers of these ``widths``, thresholds in between.

    ``ends`` is the kind of the first and the last layer: ``real`` as published, or ``boolean``.
    All others are Boolean. Scores of a Boolean last layer are divided by the root of its fan-in,
    so that its softmax starts with sums of variance 1. Raises ConfigError.
    """
    if ends not in ENDS:
        raise ConfigError(f"ends={ends!r} is no kind of layer; use {' or '.join(ENDS)}")
    generator = np.random.default_rng(seed)
    shapes = list(zip(widths[:-1], widths[1:], strict=True))
    layers: list[Layer] = []
    for index, (m, n) in enumerate(shapes):
        last = index == len(shapes) - 1
        real = ends == "real" and (index == 0 or last)
        layers.append((RealLinear if real else BooleanLinear)(m, n, generator))
        if not last:
            layers += [BatchNorm(n)] if batch_norm else []
            layers.append(Threshold(1 if real or batch_norm else m))
    return Model(layers, 1.0 if ends == "real" else 1 / math.sqrt(shapes[-1][0]))
