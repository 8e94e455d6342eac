"""The walk through an ONNX graph, which finds the layers of a Boolean network in it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from boldhw.errors import ConfigError
from boldhw.export.arrays import Unit, folded
from boldhw.export.onnx_constants import constant
from boldhw.export.onnx_operators import CLASS, JOINING, OPERATORS
from boldhw.export.onnx_values import Bits, Sums, joined
from boldhw.export.onnx_writer import onnx_package
from boldhw.spec.layer import INPUT
from boldhw.spec.maps import Shape


class Start(NamedTuple):
    """Where a walk starts: name of a tensor, shape of a sample, the bits in the tensor."""

    name: str
    shape: Shape
    bits: Bits


class Walk:
    """Goes through the nodes of a graph, in their order.

    ``layers`` are (name, Sums, Unit) of each hidden layer, ``shapes`` and ``firsts`` the shape of
    each source and the number of its first bit, ``scores`` the Sums of the last layer. Raises
    ConfigError that names the node.
    """

    def __init__(self, graph: Any, start: Start) -> None:
        self.helper = onnx_package()
        self.start = start
        self.layers: list[tuple[str, Sums, Unit]] = []
        self.shapes, self.firsts = {INPUT: start.shape}, {INPUT: 0}
        arrays = self.helper.numpy_helper
        self.values: dict[str, Any] = {t.name: arrays.to_array(t) for t in graph.initializer}
        self.values[start.name] = start.bits
        for node in graph.node:
            self._take(node)
        self.scores = self._found(graph)

    def _take(self, node: Any) -> None:
        """Note what the first output of a node is, unless it reads what is not known."""
        if any(name and name not in self.values for name in node.input):
            return  # in front of the tensor at which the walk starts
        if node.output[0] == self.start.name:
            return
        name = node.name or f"{node.op_type} ({node.output[0]})"
        given = [self.values[each] for each in node.input if each]
        about = {
            entry.name: self.helper.helper.get_attribute_value(entry) for entry in node.attribute
        }
        try:
            self.values[node.output[0]] = self._made(node.op_type, given, about, name)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ConfigError(f"node {name} does not fit what it reads: {error}") from error

    def _made(self, operator: str, given: list[Any], about: dict[str, Any], name: str) -> Any:
        """Return what an operator makes of its inputs. Raises ConfigError."""
        of_network = [isinstance(value, Bits | Sums) for value in given]
        if any(value is CLASS for value in given):
            return CLASS
        if not any(of_network):
            return constant(operator, given, about, name)
        kind = "swapped"
        if of_network[0]:
            kind = "bits" if isinstance(given[0], Bits) else "sums"
        act = OPERATORS.get((operator, kind))
        if act is None or (sum(of_network) > 1 and operator not in JOINING):
            what = {"swapped": "a constant comes first"}.get(kind, f"it reads {kind}")
            raise ConfigError(
                f"node {name} is not understood where {what}; docs/export.md lists what is"
            )
        return act(self, given, about, name)

    def _found(self, graph: Any) -> Sums:
        """Return the scores. Raises ConfigError when no output is the sums of a layer."""
        found = [value for output in graph.output if isinstance(value := self.values.get(
            output.name), Sums)]  # fmt: skip
        if len(found) != 1 or (found[0].parts > 1 and not found[0].added):
            raise ConfigError(
                f"{len(found)} outputs of the graph are scores, the sums of a last layer; one is"
            )
        return found[0]

    def threshold(self, sums: Sums, low: float, high: float) -> Bits:
        """Return the outputs of a layer that is T where the tensor is 0 or more."""
        unit = folded(joined(sums), sums.scale, sums.offset, sums.pool > 1)
        name = f"layer{len(self.layers) + 1}"
        rows, columns = sums.rows or 1, sums.columns or 1
        shape = Shape(rows // sums.pool, columns // sums.pool, sums.outputs)
        first = max(self.firsts[each] + shape.bits for each, shape in self.shapes.items())
        self.layers.append((name, sums, unit))
        self.shapes[name], self.firsts[name] = shape, first
        index = first + np.arange(shape.bits).reshape(shape.height, shape.width, shape.planes)
        return Bits(index.transpose(2, 0, 1) if sums.is_map else index.reshape(-1), low, high)
