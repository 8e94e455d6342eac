"""Layers without weights that move values about: max-pooling, orders of images, additions."""

import numpy as np

from boldhw.errors import DataError
from boldhw.reference.layer import Layer


class MaxPool2(Layer):
    """Largest of each 2 x 2 pixels; the signal goes to the first of them, row by row."""

    def forward(self, x, training=False):
        """x: numbers, shape (k, channels, h, w), h and w even, else DataError."""
        k, channels, h, w = x.shape
        if h % 2 or w % 2:
            raise DataError(
                f"images of {h} x {w} pixels cannot be pooled 2 x 2; make both sizes even"
            )
        squares = x.reshape(k, channels, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5)
        squares = squares.reshape(k, channels, h // 2, w // 2, 4)
        self._first = squares.argmax(axis=-1)[..., None]
        return np.take_along_axis(squares, self._first, -1)[..., 0]

    def backward(self, z):
        """z: numbers, shape (k, channels, h / 2, w / 2)."""
        k, channels, h, w = z.shape
        squares = np.zeros((*z.shape, 4), z.dtype)
        np.put_along_axis(squares, self._first, z[..., None], -1)
        squares = squares.reshape(k, channels, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        return squares.reshape(k, channels, 2 * h, 2 * w)


class Flatten(Layer):
    """One row per sample."""

    def forward(self, x, training=False):
        """x: any shape, samples first. Returns shape (k, values of a sample)."""
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, z):
        """z: shape (k, values of a sample)."""
        return z.reshape(self._shape)


class Images(Layer):
    """Rows of values, planes last as the golden model has them, become images, channels first.

    ``shape``: height, width and channels.
    """

    def __init__(self, shape):
        self.shape = shape

    def forward(self, x, training=False):
        """x: shape (k, h * w * channels). Returns shape (k, channels, h, w)."""
        return x.reshape(-1, *self.shape).transpose(0, 3, 1, 2)

    def backward(self, z):
        """z: shape (k, channels, h, w)."""
        return z.transpose(0, 2, 3, 1).reshape(len(z), -1)


class ChannelsLast(Layer):
    """Images become maps of scores: the scores of a pixel are neighbours."""

    def forward(self, x, training=False):
        """x: shape (k, channels, h, w). Returns shape (k, h, w, channels)."""
        return x.transpose(0, 2, 3, 1)

    def backward(self, z):
        """z: shape (k, h, w, channels)."""
        return z.transpose(0, 3, 1, 2)


class Grouped(Layer):
    """Each ``size`` neighbours along the last axis are added up."""

    def __init__(self, size):
        self.size = size

    def forward(self, x, training=False):
        """x: shape (..., n * size). Returns shape (..., n)."""
        return x.reshape(*x.shape[:-1], -1, self.size).sum(axis=-1)

    def backward(self, z):
        """z: shape (..., n)."""
        return z.repeat(self.size, axis=-1)


class Residual(Layer):
    """x + f(x), with f the ``layers`` one after the other; the signals of both ways are added."""

    def __init__(self, *layers):
        self.layers = layers
        self.parameters = tuple(each for layer in layers for each in layer.parameters)

    def forward(self, x, training=False):
        """x: numbers of any shape that the layers keep."""
        y = x
        for layer in self.layers:
            y = layer.forward(y, training)
        return x + y

    def backward(self, z):
        """z: numbers, the shape of x."""
        signals = z
        for layer in reversed(self.layers):
            signals = layer.backward(signals)
        return z + signals
