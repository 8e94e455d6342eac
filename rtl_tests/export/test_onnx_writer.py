"""Exported ONNX passes its checker, and onnxruntime answers as the golden model does."""

import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from support import exports, graph_cases
from support.exports import SAMPLES, equal

from boldhw.errors import ToolError
from boldhw.export.model import BITS, FEATURES, model_of
from boldhw.export.onnx_writer import QONNX, write_onnx


def answers(written, values):
    """Return (classes, scores) of onnxruntime."""
    session = onnxruntime.InferenceSession(
        written.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (given,) = session.get_inputs()
    scores, classes = session.run(["scores", "class"], {given.name: values})
    assert (scores.dtype, classes.dtype) == (np.int32, np.int64)
    return classes, scores


def quantised(written, values):
    """Return (classes, scores) of the package qonnx."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    model = ModelWrapper(written).transform(InferShapes())
    found = execute_onnx(model, {model.graph.input[0].name: values})
    return found["class"], found["scores"]


@pytest.mark.parametrize("each", [1, 3])
@pytest.mark.parametrize("name", graph_cases.BITS_ONLY)
def test_graphs(name, each):
    trainer = exports.graph_run(name, each)
    bits = exports.random_bits(trainer.graph.spec.inputs)
    wanted = trainer.graph.infer(bits)
    written = write_onnx(model_of(trainer), BITS)
    assert {entry.domain for entry in written.opset_import} == {""}
    classes, scores = answers(written, bits)
    assert equal(scores, wanted) == equal(classes, wanted.argmax(axis=1)) == SAMPLES


@pytest.mark.parametrize("zero_true", [True, False])
def test_pixels_of_chains(zero_true):
    trainer, pixels = exports.chain_run(zero_true=zero_true), exports.random_pixels(64)
    wanted = trainer.network.infer(pixels > 90)
    _, scores = answers(write_onnx(model_of(trainer), FEATURES), pixels)
    assert equal(scores, wanted) == SAMPLES


def test_pixels_of_graphs():
    trainer, pixels = exports.graph_run("branches"), exports.random_pixels(48)
    wanted = trainer.graph.infer(trainer.code(pixels))
    _, scores = answers(write_onnx(model_of(trainer), FEATURES), pixels)
    assert equal(scores, wanted) == SAMPLES


def test_real_features():
    """Samples on an edge are not above it: edges are compared in the numbers they have."""
    values = np.random.default_rng(2).normal(size=(SAMPLES, 6))
    trainer = exports.table_run(values[:60])
    coder = trainer.schema.coder
    values[: len(coder.edges), :] = coder.edges[:, None]
    wanted = trainer.network.infer(coder(values))
    _, scores = answers(write_onnx(model_of(trainer), FEATURES), values)
    assert equal(scores, wanted) == SAMPLES


def test_a_wrong_weight_is_found():
    trainer, bits = exports.chain_run(), exports.random_bits(64)
    written = write_onnx(model_of(trainer), BITS)
    weights = next(t for t in written.graph.initializer if list(t.dims) == [20, 5])
    array = onnx.numpy_helper.to_array(weights).copy()
    array[0, 0] *= -1
    weights.CopyFrom(onnx.numpy_helper.from_array(array, weights.name))
    assert equal(answers(written, bits)[1], trainer.network.infer(bits)) < SAMPLES


@pytest.mark.parametrize("name", ["chain", "strided", "branches"])
def test_the_quantisers_of_qonnx(name):
    """Weights and outputs go through BipolarQuant; the package qonnx executes the graph."""
    trainer = exports.graph_run(name)
    bits = exports.random_bits(trainer.graph.spec.inputs)
    wanted = trainer.graph.infer(bits)
    written = write_onnx(model_of(trainer), BITS, quantised=True, batch=SAMPLES)
    nodes = [node for node in written.graph.node if node.op_type == "BipolarQuant"]
    kernels = sum(len(layer.taps) if layer.kernel else 1 for layer in trainer.graph.spec.layers)
    assert len(nodes) == kernels + len(trainer.graph.layers) - 1
    assert {node.domain for node in nodes} == {QONNX}
    classes, scores = quantised(written, bits)
    assert equal(scores, wanted) == equal(classes, wanted.argmax(axis=1)) == SAMPLES


def test_a_wrong_quantised_weight_is_found():
    trainer, bits = exports.chain_run(), exports.random_bits(64)
    written = write_onnx(model_of(trainer), BITS, quantised=True, batch=SAMPLES)
    weights = next(t for t in written.graph.initializer if list(t.dims) == [20, 5])
    array = onnx.numpy_helper.to_array(weights).copy()
    array[0, 0] *= -1
    weights.CopyFrom(onnx.numpy_helper.from_array(array, weights.name))
    assert equal(quantised(written, bits)[1], trainer.network.infer(bits)) < SAMPLES


def test_a_missing_package_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ToolError, match=r"ONNX needs the package onnx, .*\[onnx\]"):
        write_onnx(model_of(exports.chain_run()), BITS)
