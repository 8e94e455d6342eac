"""The learning rule of a convolution: the functions of :mod:`boldhw.golden.rule` at each position.

A first look, in NumPy only; there is no hardware for it. Integers and booleans, exact as there.
Images have their channels last. A weight has one output, and the inputs of its kernel in the order
row, column, channel; outside of an image there is 0, which contributes nothing (Def 3.1).

Shapes: k samples, h x w pixels, c channels in, n channels out, kernel d x d, d odd.
"""

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import DataError
from boldhw.golden import rule
from boldhw.golden.rule import Reals
from boldhw.spec.arrays import Bits, Signals, Sums

SQUARE = 2  # side of the squares that are pooled


def patches(values: Reals, side: int) -> Reals:
    """Return the inputs of a kernel at each position: float32, (k, h, w, side * side * c).

    values: float32 that hold -1, 0 and 1, shape (k, h, w, c).  side: of the kernel, odd.
    """
    k, h, w, c = values.shape
    edge = side // 2
    padded = np.pad(values, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    found = np.empty((k, h, w, side, side, c), np.float32)
    for y in range(side):
        for x in range(side):
            found[:, :, :, y, x] = padded[:, y : y + h, x : x + w]
    return found.reshape(k, h, w, -1)


def gather(parts: Sums, side: int, channels: int) -> Sums:
    """Add up what each pixel gets from the kernels that cover it: int32, shape (k, h, w, channels).

    It is :func:`patches` backward. parts: int32, shape (k, h, w, side * side * channels).
    """
    k, h, w, _ = parts.shape
    edge = side // 2
    parts = parts.reshape(k, h, w, side, side, channels)
    total = np.zeros((k, h + 2 * edge, w + 2 * edge, channels), np.int32)
    for y in range(side):
        for x in range(side):
            total[:, y : y + h, x : x + w] += parts[:, :, :, y, x]
    return total[:, edge : edge + h, edge : edge + w]


def forward(inputs: Reals, weights: Bits) -> Sums:
    """Sum XNORs at each position (eq. 1): int32, shape (k, h, w, n).

    inputs: :func:`patches`, shape (k, h, w, m).  weights: bool, shape (n, m).
    """
    k, h, w, m = inputs.shape
    sums = rule.product(inputs.reshape(-1, m), rule.embed(weights).T)
    return sums.reshape(k, h, w, -1)


def pool(sums: Sums) -> tuple[Sums, NDArray[np.int8]]:
    """Return the largest of each 2 x 2 sums, int32, and which it was, 0..3, the first on ties.

    sums: int32, shape (k, h, w, n), h and w even, else DataError.  Returns two arrays of shape
    (k, h / 2, w / 2, n).
    """
    k, h, w, n = sums.shape
    if h % SQUARE or w % SQUARE:
        raise DataError(f"{h} x {w} sums cannot be pooled 2 x 2; make both sizes even")
    squares = sums.reshape(k, h // 2, 2, w // 2, 2, n)
    corners = [squares[:, :, y, :, x] for y in range(SQUARE) for x in range(SQUARE)]
    best, where = corners[0].copy(), np.zeros(corners[0].shape, np.int8)
    for index, corner in enumerate(corners[1:], 1):
        where[corner > best] = index
        np.maximum(best, corner, out=best)
    return best, where


def unpool(signals: Signals, where: NDArray[np.int8]) -> Signals:
    """Return the signals at the positions they come from, 0 elsewhere: int8, shape (k, h, w, n).

    signals: int8, shape (k, h / 2, w / 2, n).  where: of :func:`pool`.
    """
    k, h, w, n = signals.shape
    squares = np.zeros((k, h, SQUARE, w, SQUARE, n), np.int8)
    for index in range(SQUARE * SQUARE):
        y, x = divmod(index, SQUARE)
        squares[:, :, y, :, x] = signals * (where == index)
    return squares.reshape(k, SQUARE * h, SQUARE * w, n)


def backward(signals: Signals, weights: Bits, side: int) -> Sums:
    """Sum signals times weights over outputs and positions (eq. 8): int32, shape (k, h, w, c).

    signals: int8, shape (k, h, w, n).  weights: bool, shape (n, side * side * c).
    """
    k, h, w, n = signals.shape
    parts = rule.backward(signals.reshape(-1, n), weights)
    channels = weights.shape[1] // (side * side)
    return gather(parts.reshape(k, h, w, -1), side, channels)


def vote(signals: Signals, inputs: Reals) -> Sums:
    """Sum signals times inputs over samples and positions (eq. 7): int32, shape (n, m).

    signals: int8, shape (k, h, w, n).  inputs: :func:`patches`, shape (k, h, w, m).
    """
    rows = signals.reshape(-1, signals.shape[-1]).T.astype(np.float32)
    columns = inputs.reshape(-1, inputs.shape[-1])
    votes = np.zeros((len(rows), columns.shape[1]), np.int32)
    for start in range(0, len(columns), rule.MAX_TERMS):
        part = slice(start, start + rule.MAX_TERMS)
        votes += rule.product(rows[:, part], columns[part])
    return votes
