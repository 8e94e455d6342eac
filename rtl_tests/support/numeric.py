"""Numerical derivatives, to compare backward passes with."""

import numpy as np


def numerical(function, x, step=1e-5):
    """Return the gradient of a scalar function of an array, by central differences."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + step
        above = function(x)
        x[index] = kept - step
        gradient[index] = (above - function(x)) / (2 * step)
        x[index] = kept
    return gradient


def in_doubles(layer):
    """Return the layer with its parameters in float64, in which differences are exact enough."""
    for each in layer.parameters:
        each.value = each.value.astype(np.float64)
    return layer
