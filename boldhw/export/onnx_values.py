"""What a tensor of an ONNX graph means for a Boolean network, while the graph is walked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from boldhw.errors import ConfigError

OUTSIDE = -1  # in Bits.index: zeros around a map


@dataclass(frozen=True, eq=False)
class Bits:
    """Outputs of layers, or bits of a sample, somewhere in a tensor.

    index       int64, shape of the tensor without the batch: number of the bit, counted through all
                sources in the order in which they are made; OUTSIDE for a zero
    low, high   what F and T are
    """

    index: np.ndarray
    low: float = 0.0
    high: float = 1.0

    def at(self, index: np.ndarray) -> Bits:
        """Return the same bits at other places."""
        return replace(self, index=index)


@dataclass(frozen=True, eq=False)
class Tap:
    """Weights of a layer for one source.

    weights   bool: (n, m) of a dense layer, (n, side, side, planes) of a convolution
    source    name of what is read
    top, left   zeros above and left of the source, less than 0 where it is cut off
    """

    weights: np.ndarray
    source: str
    top: int = 0
    left: int = 0


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums of a layer, before a threshold: the tensor is ``scale * s + offset``.

    taps            what the layer reads
    rows, columns   of the sums, before pooling; None of a dense layer
    stride, dilation, pool   of its kernel
    scale, offset   float64, shape (n,)
    zero_true       F of what it reads is 0
    parts           outputs that are added to a score; the tensor is (classes, parts) or (classes,)
    added           whether they are added already
    """

    taps: tuple[Tap, ...]
    scale: np.ndarray
    offset: np.ndarray
    zero_true: bool
    rows: int | None = None
    columns: int | None = None
    stride: int = 1
    dilation: int = 1
    pool: int = 1
    parts: int = 1
    added: bool = False

    @property
    def outputs(self) -> int:
        """Units of the layer."""
        return len(self.scale)

    @property
    def is_map(self) -> bool:
        """Whether it is a convolution."""
        return self.rows is not None

    def changed(self, scale: Any, offset: Any, name: str) -> Sums:
        """Return ``scale`` times the tensor plus ``offset``: numbers, or arrays for each unit."""
        scale, offset = (per_unit(value, self, name) for value in (scale, offset))
        if not (np.isfinite(scale).all() and np.isfinite(offset).all()):
            raise ConfigError(f"node {name} has constants that are not finite, or a bad variance")
        return replace(self, scale=self.scale * scale, offset=self.offset * scale + offset)


def per_unit(value: Any, sums: Sums, name: str) -> np.ndarray:
    """Return a constant as float64, shape (n,). Raises ConfigError if it is none of units."""
    array = np.asarray(value, np.float64)
    if array.size == 1:
        return np.full(sums.outputs, array.reshape(()))
    axis = 3 if sums.is_map else 1  # from the end: planes of a map, or the units of a row
    if array.ndim < axis or array.size != sums.outputs or array.shape[-axis] != sums.outputs:
        raise ConfigError(
            f"node {name} has a constant of shape {array.shape}; a layer of {sums.outputs} outputs "
            f"takes one number, or one for each of them"
        )
    return array.reshape(-1)


def joined(sums: Sums) -> np.ndarray:
    """Return the weights of a layer in the order of boldhw: bool, shape (n, m)."""
    parts = [tap.weights for tap in sums.taps]
    return np.concatenate(parts, axis=-1).reshape(sums.outputs, -1)
