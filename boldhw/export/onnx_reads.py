"""What products and convolutions of an ONNX graph read: sources, offsets and signs of weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from boldhw.errors import ConfigError
from boldhw.export.onnx_values import OUTSIDE, Bits, Sums, Tap
from boldhw.spec.maps import Shape


def dense_taps(
    walk: Any, bits: Bits, weights: np.ndarray, name: str
) -> tuple[tuple[Tap, ...], np.ndarray, bool]:
    """Return (taps, scale, zero_true) of a product. weights: real, shape (n, m).

    The bits are those of some sources, all of each, in any order. Raises ConfigError.
    """
    index = bits.index
    if index.ndim != 1 or weights.shape[1:] != index.shape:
        raise ConfigError(
            f"node {name} multiplies bits of shape {index.shape} by weights of {weights.shape}"
        )
    trues, scale, zero_true = _signs(bits, weights, name)
    order = np.argsort(index, kind="stable")
    sources = [source for source, first in walk.firsts.items() if first in index]
    firsts = {source: walk.firsts[source] for source in sources}
    whole = [firsts[source] + np.arange(walk.shapes[source].bits) for source in sources]
    if not sources or not np.array_equal(index[order], np.concatenate(whole)):
        raise ConfigError(f"node {name} does not read each bit of its sources once")
    trues, first, taps = trues[:, order], 0, []
    for source in sources:
        size = walk.shapes[source].bits
        taps.append(Tap(trues[:, first : first + size], source))
        first += size
    return tuple(taps), scale, zero_true


def convolution_taps(
    walk: Any, bits: Bits, weights: np.ndarray, about: dict[str, Any], name: str
) -> Sums:
    """Return the sums of a convolution. weights: real, shape (n, planes, side, side).

    about: the attributes of Conv. Raises ConfigError.
    """
    index, side = bits.index, weights.shape[-1]
    strides, dilations = (about.get(key, [1, 1]) for key in ("strides", "dilations"))
    plain = len(set(strides)) == len(set(dilations)) == 1 and weights.shape[-2] == side
    if not plain or about.get("group", 1) != 1 or about.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise ConfigError(
            f"node {name} is no convolution with a square kernel, one stride, one dilation, one "
            f"group and padding in numbers"
        )
    if index.ndim != 3 or index.shape[0] != weights.shape[1]:
        raise ConfigError(
            f"node {name} reads bits of shape {index.shape} with weights of {weights.shape}"
        )
    trues, scale, zero_true = _signs(bits, weights, name)
    top, left, bottom, right = about.get("pads", [0] * 4)
    index = np.pad(index, ((0, 0), (top, bottom), (left, right)), constant_values=OUTSIDE)
    span = dilations[0] * (side - 1) + 1
    rows, columns = ((size - span) // strides[0] + 1 for size in index.shape[1:])
    taps, first = [], 0
    while first < len(index):
        tap, planes = _tap(walk, index[first:], name)
        part = trues[:, first : first + planes].transpose(0, 2, 3, 1)
        taps.append(Tap(part, tap[0], tap[1], tap[2]))
        first += planes
    return Sums(
        tuple(taps), scale, np.zeros(len(scale)), zero_true, rows, columns, strides[0], dilations[0]
    )


def _tap(walk: Any, index: np.ndarray, name: str) -> tuple[tuple[str, int, int], int]:
    """Return ((source, zeros above, zeros left), planes) of what begins a map.

    index: int64, shape (planes, rows, columns), with the zeros around.
    """
    inside = np.argwhere(index[0] != OUTSIDE)
    if len(inside):
        y, x = inside[0]
        bit = index[0, y, x]
        source = max((s for s, f in walk.firsts.items() if f <= bit), key=walk.firsts.get)
        first, shape = walk.firsts[source], walk.shapes[source]
        sy, sx = divmod((bit - first) // shape.planes, shape.width)
        top, left = int(y - sy), int(x - sx)
        expected = _window(first, shape, top, left, index.shape[1:])
        if np.array_equal(index[: shape.planes], expected):
            return (source, top, left), shape.planes
    raise ConfigError(f"node {name} does not read whole maps, their planes in order")


def _window(first: int, shape: Shape, top: int, left: int, size: tuple[int, ...]) -> np.ndarray:
    """Return the index of a source at a place of a map, OUTSIDE around it."""
    y, x = np.arange(size[0]) - top, np.arange(size[1]) - left
    found = (y[:, None] * shape.width + x) * shape.planes + first
    within = (0 <= y) & (y < shape.height)
    beside = (0 <= x) & (x < shape.width)
    planes = np.arange(shape.planes)[:, None, None]
    return np.where(within[:, None] & beside, found + planes, OUTSIDE)


def _signs(bits: Bits, weights: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return (signs, scale, zero_true): the sums are ``scale`` times those of boldhw.

    Raises ConfigError unless weights are of one size for each output, and bits 0 and c, or -c, c.
    """
    size = np.abs(weights.reshape(len(weights), -1).astype(np.float64))
    if not (size == size[:, :1]).all() or not size.all():
        raise ConfigError(
            f"node {name} has weights of more than one size for an output; weights of a Boolean "
            f"network are -c and c"
        )
    zero_true = bits.low == 0
    if bits.high == 0 or (not zero_true and bits.low != -bits.high):
        raise ConfigError(
            f"node {name} reads bits that are {bits.low:g} and {bits.high:g}; they must be 0 and "
            f"c, or -c and c"
        )
    return weights > 0, size[:, 0] * bits.high, zero_true
