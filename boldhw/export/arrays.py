"""A 1-bit network from plain arrays, as a run that can be saved, tested and trained on.

A batch norm behind the sums of a layer becomes a threshold for each unit:
``gamma * (s - mean) / sqrt(variance + epsilon) + beta >= 0`` is a comparison of ``s`` with an
integer, since sums are whole numbers. Where gamma is negative it is one of ``-s``, the sum of
inverted weights (Umuroglu et al., "FINN", FPGA 2017, section 4.2.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.data.schema import Schema
from boldhw.errors import ConfigError, DataError
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import kernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.golden.graph.widths import sources
from boldhw.spec.arrays import Bits, Sums
from boldhw.spec.layer import DENSE, Layer
from boldhw.spec.network import Network

Reals = NDArray[np.float64]
PLANES_LAST, PLANES_FIRST = "planes_last", "planes_first"
ORDERS = (PLANES_LAST, PLANES_FIRST)


@dataclass(frozen=True, eq=False)
class Norm:
    """A batch norm as it is used after training; arrays have shape (n,)."""

    mean: Any
    variance: Any
    gamma: Any = 1.0
    beta: Any = 0.0
    epsilon: float = 1e-5

    @property
    def affine(self) -> tuple[Reals, Reals]:
        """Return (a, b), float64: the norm of s is ``a * s + b``. Not finite for bad values."""
        mean, variance, gamma, beta = (
            np.asarray(part, np.float64)
            for part in (self.mean, self.variance, self.gamma, self.beta)
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = gamma / np.sqrt(variance + self.epsilon)
            return scale, beta - mean * scale


@dataclass(frozen=True, eq=False)
class Unit:
    """Weights and thresholds of a layer; see :func:`folded`.

    weights  bool, shape (n, m)
    tau      int32, shape (n,)
    negated  bool, shape (n,): the output is the opposite of ``s >= tau``
    """

    weights: Bits
    tau: Sums
    negated: Bits


def folded(weights: Bits, scale: Reals, offset: Reals, pooled: bool) -> Unit:
    """Return the Unit whose outputs are T where ``scale * s + offset >= 0``, in float64.

    weights: bool, shape (n, m).  scale, offset: shape (n,), finite.  pooled: the largest of several
    sums counts, and its comparison cannot be turned round by inverting weights.
    """
    count, inputs = weights.shape
    sums = np.arange(-inputs, inputs + 1)
    tau, down = np.empty(count, np.int32), scale < 0
    for unit in range(count):
        trues = int(np.count_nonzero(scale[unit] * sums + offset[unit] >= 0))
        # Either the trues greatest sums, or as many of the least: those up to trues - inputs - 1.
        tau[unit] = trues - inputs if down[unit] and pooled else inputs + 1 - trues
    if pooled:
        return Unit(weights, tau, down)
    return Unit(weights ^ down[:, None], tau, np.zeros(count, np.bool_))


def from_arrays(
    network: Network | str,
    weights: Sequence[Any],
    thresholds: Sequence[Any] = (),
    *,
    zero_true: bool | Sequence[bool] = False,
    order: str = PLANES_LAST,
    levels: Sequence[int] = (127,),
    classes: Sequence[str] = (),
    outputs_per_class: int = 1,
) -> GraphTrainer:
    """Return a run of no epochs with a network of these weights.

    Parameters
    ----------
    network : Network or str
        The graph, such as ``28x28-256-10``; a text is its shorthand.
    weights : sequence of arrays
        One for each layer, bool, or real numbers of which those from 0 on are T. Shape (outputs,
        inputs) in the order of boldhw, or of a convolution (outputs, planes, side, side).
    thresholds : sequence
        One for each hidden layer: a number, an array of shape (outputs,), or a :class:`Norm`. An
        output is T where its sum reaches the number, or its norm reaches 0. Left out: 0.
    zero_true : bool or sequence of bool
        Of each layer: F of what it reads is 0 (True) or -1 (False).
    order : str
        How dense layers read maps: ``planes_last``, as here, or ``planes_first``, as PyTorch does.
    levels : sequence of int
        Edges that pixels must exceed, one for each plane of a sample.
    classes : sequence of str
        Names, one for each score.
    outputs_per_class : int
        Outputs of the last layer whose sums are added to one score.

    Raises
    ------
    ConfigError, DataError
        Naming the layer.
    """
    spec = Network.parse(network) if isinstance(network, str) else network
    count = len(spec.layers)
    if order not in ORDERS:
        raise ConfigError(f"order={order!r} is unknown; use {' or '.join(ORDERS)}")
    if len(weights) != count or len(thresholds) not in (0, count - 1):
        raise ConfigError(
            f"there are weights of {len(weights)} layers and thresholds of {len(thresholds)}; "
            f"network {spec} has {count} layers, all but the last one with thresholds"
        )
    thresholds = [*(thresholds or [0] * (count - 1)), 0]
    units = [
        _unit(layer, _arranged(spec, layer, array, order), threshold)
        for layer, array, threshold in zip(spec.layers, weights, thresholds, strict=True)
    ]
    codings = [zero_true] * count if isinstance(zero_true, bool) else list(zero_true)
    return assembled(spec, units, codings, levels, classes, outputs_per_class)


def assembled(
    spec: Network,
    units: Sequence[Unit],
    zero_true: Sequence[bool],
    levels: Sequence[int],
    classes: Sequence[str],
    outputs_per_class: int = 1,
) -> GraphTrainer:
    """Return a run of no epochs with a network of these units; see :func:`from_arrays`."""
    constants = Constants()
    settings = start(spec, constants, 128, zero_true=zero_true)
    settings.outputs_per_class = outputs_per_class
    for own, unit in zip(settings.layers, units, strict=True):
        own.tau = unit.tau
    graph = GraphNetwork(spec, settings, kernel=kernel())
    negated = {layer.name: unit.negated for layer, unit in zip(spec.layers, units, strict=True)}
    for layer, unit in zip(graph.layers, units, strict=True):
        turned = _turned(spec, layer.spec, negated)
        if layer.settings.zero_true and turned.any():
            raise ConfigError(
                f"layer {layer.spec.name} reads {{0,T}} outputs of a pooling with a negative "
                f"batch norm, which no threshold can be; train with outputs of -1 and 1"
            )
        layer.weights[...] = unit.weights ^ turned
    trainer = GraphTrainer(graph, constants, 1, 1, code=Levels(tuple(map(int, levels))))
    if classes:
        if len(classes) != graph.classes:
            raise ConfigError(f"there are {len(classes)} names of {graph.classes} classes")
        trainer.schema = Schema(tuple(map(str, classes)))
    return trainer


def _unit(layer: Layer, weights: Bits, threshold: Any) -> Unit:
    """Return the Unit of a layer. Raises DataError."""
    shape = (layer.outputs,)
    if isinstance(threshold, Norm):
        try:
            scale, offset = (np.broadcast_to(part, shape) for part in threshold.affine)
        except ValueError as error:
            raise DataError(
                f"the batch norm of layer {layer.name} does not have {layer.outputs} units: {error}"
            ) from error
        if not (np.isfinite(scale).all() and np.isfinite(offset).all()):
            raise DataError(f"the batch norm of layer {layer.name} has values that are not finite")
        pooled = layer.kernel is not None and layer.kernel.pool > 1
        return folded(weights, scale, offset, pooled)
    tau = np.asarray(threshold)
    if tau.dtype.kind not in "iu" or tau.shape not in ((), shape):
        raise DataError(
            f"thresholds of layer {layer.name} are {tau.dtype} of shape {tau.shape}; give whole "
            f"numbers of shape {shape}, or a Norm"
        )
    return Unit(weights, np.full(shape, tau, np.int32), np.zeros(shape, np.bool_))


def _arranged(spec: Network, layer: Layer, array: Any, order: str) -> Bits:
    """Return weights in the order of boldhw, bool, shape (outputs, inputs). Raises DataError."""
    values = np.asarray(array)
    if values.dtype != np.bool_:
        if values.dtype.kind not in "iuf" or np.isnan(values).any():
            raise DataError(f"weights of layer {layer.name} are {values.dtype}, or not numbers")
        if np.isin(values, (0, 1)).all() and not values.all():
            raise DataError(
                f"weights of layer {layer.name} are 0 and 1, and all numbers from 0 on are T; give "
                f"them as bool, or as -1 and 1"
            )
        values = values >= 0
    if values.ndim == 4:
        values = values.transpose(0, 2, 3, 1).reshape(len(values), -1)
    if values.shape != layer.shape:
        raise DataError(
            f"weights of layer {layer.name} have shape {np.shape(array)}; network {spec} takes "
            f"{layer.shape}"
        )
    if layer.kind == DENSE and order == PLANES_FIRST:
        parts, first = [], 0
        for shape in sources(spec, layer).values():
            part = values[:, first : first + shape.bits]
            by_plane = part.reshape(-1, shape.planes, shape.height, shape.width)
            parts.append(by_plane.transpose(0, 2, 3, 1).reshape(len(values), -1))
            first += shape.bits
        values = np.concatenate(parts, axis=1)
    return np.ascontiguousarray(values)


def _turned(spec: Network, layer: Layer, negated: dict[str, Bits]) -> Bits:
    """Return which of its inputs a layer must take for the opposite: bool, shape (inputs,)."""
    shapes = sources(spec, layer)
    none = {name: np.zeros(shape.planes, np.bool_) for name, shape in shapes.items()}
    planes = none | {name: found for name, found in negated.items() if name in none}
    if layer.kernel is not None:
        return np.concatenate([planes[tap.source] for tap in layer.reach])
    return np.concatenate(
        [np.tile(planes[name], shape.height * shape.width) for name, shape in shapes.items()]
    )
