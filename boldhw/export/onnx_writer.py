"""A network as ONNX, in standard operators or with the quantisers of QONNX.

Values are float32 that hold small whole numbers, so every sum is exact in any order: it has at most
16,384 terms of -1, 0 and 1. With ``quantised`` weights and outputs go through ``BipolarQuant`` of
QONNX (Pappalardo et al., "QONNX: Representing Arbitrary-Precision Quantized Neural Networks",
arXiv 2206.07527), which makes 1 of what is 0 or more and -1 of the rest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from boldhw.errors import missing_package
from boldhw.export.model import BITS, Model, ModelLayer, Pixels
from boldhw.golden.graph.places import Places
from boldhw.spec.layer import INPUT, Tap

OPSET, IR_VERSION = 17, 8
QONNX = "qonnx.custom_op.general"  # domain of the quantisers
CLASSES, LEVELS, SAMPLE = "boldhw.classes", "boldhw.levels", "boldhw.sample"  # metadata, JSON
CODED = "bits"  # tensor of the bits
MAP, ROW = "map", "row"  # a value as (batch, planes, rows, columns), or as (batch, bits)


def onnx_package() -> Any:
    """Return the package onnx. Raises ToolError that says how to get it."""
    try:
        import onnx
    except ImportError as error:
        raise missing_package("ONNX", "onnx", "onnx") from error
    return onnx


def write_onnx(model: Model, inputs: str, quantised: bool = False, batch: int | None = None) -> Any:
    """Return an onnx.ModelProto, checked, with outputs ``scores`` (int32) and ``class`` (int64).

    Parameters
    ----------
    model : Model
    inputs : str
        FEATURES: the input is ``features``, uint8 pixels or float64; BITS: it is ``bits``, bool.
    quantised : bool
        Use BipolarQuant of QONNX.
    batch : int or None
        Samples of a call; None leaves the number open.

    Raises ToolError without the package onnx.
    """
    return _Writer(model, quantised, batch).written(inputs)


class _Writer:
    """Collects nodes; a value is made once for each form and coding in which it is read."""

    def __init__(self, model: Model, quantised: bool, batch: int | None) -> None:
        self.onnx = onnx_package()
        self.model, self.quantised, self.batch = model, quantised, batch
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.made: dict[tuple[Any, ...], str] = {}
        self.opset = [self.onnx.helper.make_opsetid("", OPSET)]
        if quantised:
            self.opset.append(self.onnx.helper.make_opsetid(QONNX, 1))

    def written(self, inputs: str) -> Any:
        helper, types = self.onnx.helper, self.onnx.TensorProto
        given = self._input(inputs)
        for layer in self.model.layers[:-1]:
            self._hidden(layer)
        self._scores(self.model.layers[-1])
        batch = self.batch or "batch"
        outputs = [
            helper.make_tensor_value_info("scores", types.INT32, [batch, len(self.model.classes)]),
            helper.make_tensor_value_info("class", types.INT64, [batch]),
        ]
        graph = helper.make_graph(self.nodes, "boldhw", [given], outputs, self.constants)
        made = helper.make_model(
            graph, producer_name="boldhw", opset_imports=self.opset, ir_version=IR_VERSION
        )
        properties = {CLASSES: json.dumps(self.model.classes), SAMPLE: json.dumps(self._sample())}
        if isinstance(self.model.code, Pixels):
            properties[LEVELS] = json.dumps(self.model.code.levels)
        helper.set_model_props(made, properties)
        self.onnx.checker.check_model(made, full_check=not self.quantised)
        return made

    def _input(self, inputs: str) -> Any:
        """Return the input, and make the tensor CODED of bits, bool, (batch, inputs)."""
        types, size, code = self.onnx.TensorProto, self.model.network.inputs, self.model.code
        if inputs == BITS:
            kind, name, count = types.BOOL, CODED, size
        elif isinstance(code, Pixels):
            kind, name, count = types.UINT8, "features", code.places
            values = self._node("Cast", [name], to=types.INT32)
            edges = self._constant(np.array(code.levels, np.int32))
            each = self._node("Unsqueeze", [values, self._constant(np.array([2]))])
            above = self._node("Greater", [each, edges])
            self._node("Reshape", [above, self._shape(size)], CODED)
        else:
            assert code is not None, "Model.inputs gives FEATURES only where there is a code"
            kind, name, count = types.DOUBLE, "features", code.features
            picked = self._node("Gather", [name, self._constant(code.columns)], axis=1)
            self._node("Greater", [picked, self._constant(code.edges)], CODED)
        self.made[INPUT, ROW, "bool"] = CODED
        return self.onnx.helper.make_tensor_value_info(name, kind, [self.batch or "batch", count])

    def _sample(self) -> tuple[int, int, int]:
        """Return height, width and planes; places of a picture that the network has as one row."""
        shape, code = self.model.network.sample, self.model.code
        if shape.is_flat and isinstance(code, Pixels):
            return code.places, 1, len(code.levels)
        return (shape.bits, 1, 1) if shape.is_flat else (shape.height, shape.width, shape.planes)

    def _hidden(self, layer: ModelLayer) -> None:
        """Make the outputs of a layer that has thresholds."""
        spec, sums = layer.spec, self._sums(layer)
        form = ROW if spec.kernel is None else MAP
        tau = layer.tau.astype(np.float32).reshape(-1, *([1, 1] if form == MAP else []))
        if self.quantised:
            above = self._node("Sub", [sums, self._constant(tau)])
            self.made[spec.name, form, False] = self._bipolar(above, f"{spec.name}_bits")
        else:
            bits = self._node("GreaterOrEqual", [sums, self._constant(tau)], f"{spec.name}_bits")
            self.made[spec.name, form, "bool"] = bits

    def _scores(self, layer: ModelLayer) -> None:
        """Make the outputs of the network."""
        sums, model = self._sums(layer), self.model
        split = self._constant(np.array([self._rows, len(model.classes), model.outputs_per_class]))
        parts = self._node("Reshape", [sums, split])
        scores = self._node("ReduceSum", [parts, self._constant(np.array([2]))], keepdims=0)
        self._node("Cast", [scores], "scores", to=self.onnx.TensorProto.INT32)
        self._node("ArgMax", [scores], "class", axis=1, keepdims=0)

    def _sums(self, layer: ModelLayer) -> str:
        """Return the sums of a layer: (batch, outputs), or (batch, outputs, rows, columns)."""
        spec, kernel = layer.spec, layer.spec.kernel
        if kernel is None:
            rows = [self._value(name, ROW, layer.zero_true) for name in spec.sources]
            read = rows[0] if len(rows) == 1 else self._node("Concat", rows, axis=1)
            return self._node("MatMul", [read, self._weights(layer.weights.T)])
        parts, shapes, first = [], self.model.shapes, 0
        by_tap = layer.weights.reshape(spec.outputs, kernel.side, kernel.side, -1)
        for tap in spec.taps:
            planes = shapes[tap.source].planes
            weights = by_tap[..., first : first + planes].transpose(0, 3, 1, 2)
            parts.append(self._convolved(layer, tap, weights))
            first += planes
        sums = parts[0]
        for part in parts[1:]:
            sums = self._node("Add", [sums, part])
        if kernel.pool > 1:
            side = [kernel.pool, kernel.pool]
            sums = self._node("MaxPool", [sums], kernel_shape=side, strides=side)
        return sums

    def _convolved(self, layer: ModelLayer, tap: Tap, weights: np.ndarray) -> str:
        """Return what a tap adds to the sums. weights: bool, shape (n, planes, side, side)."""
        kernel, shapes = layer.spec.kernel, self.model.shapes
        assert kernel is not None, "a dense layer has no taps with offsets"
        read = self._value(tap.source, MAP, layer.zero_true)
        pads = [kernel.padding] * 4
        if (tap.dy, tap.dx) != (0, 0):
            places = Places.of(layer.spec, {name: shapes[name] for name in layer.spec.sources})
            read = self._moved(read, shapes[tap.source], tap, kernel, places)
            pads = [0] * 4
        return self._node(
            "Conv", [read, self._weights(weights)], kernel_shape=[kernel.side] * 2, pads=pads,
            strides=[kernel.stride] * 2, dilations=[kernel.dilation] * 2,
        )  # fmt: skip

    def _moved(self, read: str, shape: Any, tap: Tap, kernel: Any, places: Places) -> str:
        """Return a map with the padding and the offset of a tap; negative padding cuts off."""
        before, after = [], []
        for offset, size, sums in (
            (tap.dy, shape.height, places.rows),
            (tap.dx, shape.width, places.columns),
        ):
            first = kernel.padding - offset
            before.append(first)
            after.append((sums - 1) * kernel.stride + kernel.span - first - size)
        return self._node("Pad", [read, self._constant(np.array([0, 0, *before, 0, 0, *after]))])

    def _value(self, source: str, form: str, zero_true: bool) -> str:
        """Return outputs of a source as float32, T = 1 and F = 0 or -1, in a form."""
        key = (source, form, zero_true)
        if key not in self.made:
            self.made[key] = self._coded(source, form, zero_true)
        return self.made[key]

    def _coded(self, source: str, form: str, zero_true: bool) -> str:
        other = ROW if form == MAP else MAP
        if (source, form, "bool") in self.made:
            bits = self.made[source, form, "bool"]
            if zero_true:
                return self._node("Cast", [bits], to=self.onnx.TensorProto.FLOAT)
            twice = self._node("Mul", [self._value(source, form, True), self._float(2)])
            return self._node("Sub", [twice, self._float(1)])
        if (source, form, False) in self.made:  # a quantiser made it, and F shall be 0
            more = self._node("Add", [self._value(source, form, False), self._float(1)])
            return self._node("Mul", [more, self._float(0.5)])
        return self._formed(source, self._value(source, other, zero_true), form)

    def _formed(self, source: str, value: str, form: str) -> str:
        """Return a value in the other form: a row has a map row by row, planes last."""
        shape = self.model.shapes[source]
        if form == MAP:
            sizes = [self._rows, shape.height, shape.width, shape.planes]
            read = self._node("Reshape", [value, self._constant(np.array(sizes))])
            return self._node("Transpose", [read], perm=[0, 3, 1, 2])
        last = self._node("Transpose", [value], perm=[0, 2, 3, 1])
        return self._node("Reshape", [last, self._shape(shape.bits)])

    def _weights(self, weights: np.ndarray) -> str:
        name = self._constant(np.where(weights, np.float32(1), np.float32(-1)))
        return self._bipolar(name) if self.quantised else name

    def _bipolar(self, value: str, output: str | None = None) -> str:
        return self._node("BipolarQuant", [value, self._float(1)], output, domain=QONNX)

    @property
    def _rows(self) -> int:
        """Size of the first axis in a Reshape: that of a call, or what is left."""
        return self.batch or -1

    def _shape(self, count: int) -> str:
        return self._constant(np.array([self._rows, count]))

    def _float(self, value: float) -> str:
        key = ("float", value)
        if key not in self.made:
            self.made[key] = self._constant(np.float32(value))
        return self.made[key]

    def _constant(self, array: Any) -> str:
        name = f"constant_{len(self.constants)}"
        tensor = self.onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        if np.ndim(array) == 0:  # which ascontiguousarray makes a row of one
            tensor = self.onnx.numpy_helper.from_array(np.asarray(array), name)
        self.constants.append(tensor)
        return name

    def _node(
        self, kind: str, inputs: Sequence[str], output: str | None = None, **attributes: Any
    ) -> str:
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [output], **attributes))
        return output
