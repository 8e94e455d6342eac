"""A 1-bit network from ONNX or QONNX: what this package writes, and what batch norms add to it.

The graph is walked once, node by node; :mod:`boldhw.export.onnx_values` says what a tensor can be.
Convolutions and products have weights of two values, -c and c. What comes between their sums and a
sign, such as a batch norm, is folded into thresholds (:func:`boldhw.export.arrays.folded`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import prod
from os import PathLike
from typing import Any

import numpy as np

from boldhw.errors import ConfigError, DataError
from boldhw.export.arrays import Unit, assembled
from boldhw.export.onnx_nodes import Start, Walk
from boldhw.export.onnx_values import Bits, Sums, joined
from boldhw.export.onnx_writer import CLASSES, CODED, LEVELS, SAMPLE, onnx_package
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.layer import CONV
from boldhw.spec.maps import Shape
from boldhw.spec.network import Network

THRESHOLD = (127,)  # levels of pixels, unless the file or the caller says others


def from_onnx(
    path: str | PathLike[str] | Any,
    sample: Sequence[int] | None = None,
    levels: Sequence[int] | None = None,
    classes: Sequence[str] | None = None,
) -> GraphTrainer:
    """Return a run of no epochs with the network of an ONNX file.

    Parameters
    ----------
    path : path or onnx.ModelProto
    sample : (height, width, planes), optional
        Shape of a sample whose bits are one row; that of a map is found out.
    levels : sequence of int, optional
        Edges that pixels must exceed, one for each plane; those of the file, else 127.
    classes : sequence of str, optional
        Names, one for each score; those of the file by default.

    Raises
    ------
    ConfigError
        Naming the node, for what no Boolean network is.
    DataError
        For a file that is no ONNX.
    ToolError
        Without the package onnx.
    """
    model = _loaded(path)
    known = {entry.key: entry.value for entry in model.metadata_props}
    walk = Walk(model.graph, _sample(model.graph, sample, known))
    spec, units, zero_true = _network(walk)
    if levels is None:
        levels = json.loads(known[LEVELS]) if LEVELS in known else THRESHOLD
    if classes is None:
        classes = json.loads(known.get(CLASSES, "[]"))
    return assembled(spec, units, zero_true, levels, classes, walk.scores.parts)


def _loaded(path: Any) -> Any:
    onnx = onnx_package()
    if isinstance(path, onnx.ModelProto):
        return path
    try:
        return onnx.load(path)
    except Exception as error:  # protobuf, which reads it, has errors of its own
        raise DataError(f"{path} cannot be read as ONNX: {error}") from error


def _sample(graph: Any, given: Sequence[int] | None, known: dict[str, str]) -> Start:
    """Return where the walk starts. Raises ConfigError.

    In a file of boldhw it is the tensor CODED: what codes features is in front of it.
    """
    if given is None and SAMPLE in known:
        given = json.loads(known[SAMPLE])
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise ConfigError(f"the graph has {len(inputs)} inputs; a network has one")
    name = inputs[0].name
    sizes = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim][1:]
    if given and any(CODED in node.output for node in graph.node):
        name, sizes = CODED, [prod(given)]
    if not sizes or min(sizes) < 1 or len(sizes) not in (1, 3):
        raise ConfigError(
            f"input {name} has shape {sizes} behind the batch; it is (bits,) or (planes, rows, "
            f"columns), of fixed size"
        )
    if len(sizes) == 3:
        planes, height, width = sizes
        index = np.arange(prod(sizes)).reshape(height, width, planes)
        return Start(name, Shape(height, width, planes), Bits(index.transpose(2, 0, 1)))
    shape = Shape(*(given or (sizes[0], 1, 1)))
    if shape.bits != sizes[0]:
        raise ConfigError(f"a sample of {shape} has not the {sizes[0]} bits that the graph takes")
    return Start(name, shape, Bits(np.arange(sizes[0])))


def _network(walk: Walk) -> tuple[Network, list[Unit], list[bool]]:
    """Return the graph, the Unit of each layer and their codings. Raises ConfigError."""
    scores = walk.scores
    if np.ptp(scores.scale) or np.ptp(scores.offset) or scores.scale[0] <= 0:
        raise ConfigError(
            "scores are scaled or moved class by class, as by a batch norm or a bias of the last "
            "layer; train it without"
        )
    zeros = np.zeros(scores.outputs, np.int32)
    last = Unit(joined(scores), zeros, zeros.astype(np.bool_))
    layers = [*walk.layers, (f"layer{len(walk.layers) + 1}", scores, last)]
    sample = walk.start.shape
    entries = [_entry(name, sums, walk) for name, sums, _ in layers]
    spec = Network.from_dict(
        {"inputs": [sample.height, sample.width, sample.planes], "layers": entries}
    )
    return spec, [unit for _, _, unit in layers], [sums.zero_true for _, sums, _ in layers]


def _entry(name: str, sums: Sums, walk: Walk) -> dict[str, Any]:
    """Return a layer as Network.from_dict takes it. Raises ConfigError."""
    taps: list[dict[str, Any]] = [{"source": tap.source} for tap in sums.taps]
    entry = {"name": name, "taps": taps, "outputs": sums.outputs}
    if not sums.is_map:
        return entry
    side = sums.taps[0].weights.shape[1]
    span = sums.dilation * (side - 1) + 1
    shape = walk.shapes[sums.taps[0].source]
    for padding in (sums.taps[0].top, *range(shape.height + span)):
        fits = padding >= 0 and all(
            (size + 2 * padding - span) // sums.stride + 1 == count
            for size, count in ((shape.height, sums.rows), (shape.width, sums.columns))
        )
        if fits:
            break
    else:
        raise ConfigError(
            f"the convolution of layer {name} has {sums.rows} x {sums.columns} sums of a map of "
            f"{shape}, which no equal padding on all sides gives"
        )
    for tap, own in zip(sums.taps, taps, strict=True):
        own |= {"dy": padding - tap.top, "dx": padding - tap.left}
    kernel = {"side": side, "stride": sums.stride, "dilation": sums.dilation, "padding": padding,
              "pool": sums.pool}  # fmt: skip
    return {**entry, "kind": CONV, "kernel": kernel}
