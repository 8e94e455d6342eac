"""Networks from ONNX and QONNX answer as the file does; what is no Boolean network is refused."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from support import exports, graph_cases
from support.exports import SAMPLES, equal

from boldhw.errors import ConfigError, DataError
from boldhw.export.model import BITS, FEATURES, model_of
from boldhw.export.onnx_reader import from_onnx
from boldhw.export.onnx_writer import write_onnx
from boldhw.golden.graph import checkpoint


@pytest.mark.parametrize("quantised", [False, True])
@pytest.mark.parametrize("name", graph_cases.BITS_ONLY)
def test_what_was_written_is_read(name, quantised, tmp_path):
    """With and without what codes pixels; names and levels come back."""
    trainer = exports.graph_run(name, 3)
    model = model_of(trainer)
    bits = exports.random_bits(model.network.inputs)
    wanted = trainer.graph.infer(bits)
    for inputs in (BITS, model.inputs(None, False)):
        onnx.save(write_onnx(model, inputs, quantised), tmp_path / "net.onnx")
        found = from_onnx(tmp_path / "net.onnx")
        assert equal(found.graph.infer(bits), wanted) == SAMPLES
        assert found.schema.classes == model.classes
    assert found.graph.spec.sample.planes == model.network.sample.planes or name == "chain"


def test_a_chain_on_pixels_is_a_run_on_pictures(tmp_path):
    trainer, pixels = exports.chain_run(), exports.random_pixels(64)
    found = from_onnx(write_onnx(model_of(trainer), FEATURES))
    checkpoint.save(tmp_path / "run.npz", found)
    again = checkpoint.load(tmp_path / "run.npz")
    again.code.check(again.graph.spec.sample, pixels, "pixels")
    wanted = trainer.network.infer(pixels > 90)
    assert equal(again.graph.infer(again.code(pixels)), wanted) == SAMPLES


def test_a_chain_on_features_takes_its_bits():
    values = np.random.default_rng(2).normal(size=(SAMPLES, 6))
    trainer = exports.table_run(values[:60])
    found = from_onnx(write_onnx(model_of(trainer), FEATURES))
    bits = trainer.schema.coder(values)
    assert equal(found.graph.infer(bits), trainer.network.infer(bits)) == SAMPLES


class Made:
    """An ONNX model that is put together node by node."""

    def __init__(self, shape):
        self.nodes, self.constants, self.last = [], [], "x"
        self.given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])

    def add(self, kind, *values, swapped=False, **attributes):
        names = []
        for value in values:
            names.append(f"c{len(self.constants)}")
            self.constants.append(numpy_helper.from_array(np.asarray(value), names[-1]))
        inputs = [*names, self.last] if swapped else [self.last, *names]
        self.last = f"t{len(self.nodes)}"
        domain = "qonnx.custom_op.general" if kind == "BipolarQuant" else ""
        self.nodes.append(helper.make_node(kind, inputs, [self.last], domain=domain, **attributes))
        return self

    def model(self):
        output = helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "made", [self.given], [output], self.constants)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def answers(self, values):
        session = onnxruntime.InferenceSession(
            self.model().SerializeToString(), providers=["CPUExecutionProvider"]
        )
        return session.run(None, {"x": values.astype(np.float32)})[0]


GENERATOR = np.random.default_rng(5)


def signs(*shape):
    return np.where(GENERATOR.random(shape) < 0.5, np.float32(-1), np.float32(1))


def norm(count, spread):
    """Return gamma, beta, mean and variance; factors of either sign."""
    return [
        np.float32(values)
        for values in (GENERATOR.normal(size=count), GENERATOR.normal(size=count) / 2,
                       GENERATOR.normal(size=count) * spread,
                       GENERATOR.random(count) * spread**2 + 0.1)
    ]  # fmt: skip


def bit_of(made):
    """Add x >= 0 as -1 and 1."""
    made.add("GreaterOrEqual", np.float32(0)).add("Cast", to=TensorProto.FLOAT)
    return made.add("Mul", np.float32(2)).add("Sub", np.float32(1))


def test_batch_norms_behind_products():
    """Scaled weights, Gemm with bias, and a norm with factors of either sign."""
    made = Made([40]).add("MatMul", signs(40, 30) * np.float32(0.5))
    bit_of(made.add("BatchNormalization", *norm(30, 3)))
    made.add("Gemm", signs(20, 30), np.float32(GENERATOR.normal(size=20)), transB=1)
    bit_of(made).add("MatMul", signs(20, 5))
    bits = exports.random_bits(40)
    wanted = made.answers(np.where(bits, 1, -1))
    found = from_onnx(bipolar(made))
    assert equal(found.graph.infer(bits), wanted) == SAMPLES
    assert len(np.unique(wanted.argmax(axis=1))) == 5


def bipolar(made):
    """Return the model with -1 and 1 made of bits in front, as a network of {F,T} has it."""
    model = made.model()
    two = numpy_helper.from_array(np.float32(2), "two")
    one = numpy_helper.from_array(np.float32(1), "one")
    model.graph.initializer.extend([two, one])
    nodes = [helper.make_node("Mul", ["bits", "two"], ["twice"]),
             helper.make_node("Sub", ["twice", "one"], ["x"]), *model.graph.node]  # fmt: skip
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.input[0].name = "bits"
    return model


def test_batch_norms_behind_convolutions():
    """Behind a pooling, too; planes come first, also where a dense layer reads a map."""
    made = Made([2, 8, 6]).add("Conv", signs(5, 2, 3, 3), pads=[1] * 4, kernel_shape=[3, 3])
    made.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    bit_of(made.add("BatchNormalization", *norm(5, 2)))
    made.add("Conv", signs(6, 5, 3, 3), pads=[1] * 4, strides=[1, 1])
    bit_of(made.add("BatchNormalization", *norm(6, 4))).add("Flatten")
    made.add("Gemm", signs(4, 72), transB=1)
    bits = exports.random_bits(96)
    maps = bits.reshape(-1, 8, 6, 2).transpose(0, 3, 1, 2)
    wanted = made.answers(np.where(maps, 1, -1))
    found = from_onnx(bipolar(made))
    assert str(found.graph.spec) == "8x6x2-5k3p2-6k3-4"
    assert equal(found.graph.infer(bits), wanted) == SAMPLES


def test_zeros_and_ones_and_quantisers():
    """Inputs of 0 and 1, weights through BipolarQuant, thresholds by constants on either side."""
    weights = signs(40, 12) * np.abs(GENERATOR.normal(size=(40, 12))).astype(np.float32)
    made = Made([40])
    made.constants.append(numpy_helper.from_array(weights, "real"))
    made.constants.append(numpy_helper.from_array(np.float32(0.25), "scale"))
    made.nodes.append(helper.make_node("BipolarQuant", ["real", "scale"], ["w"],
                                       domain="qonnx.custom_op.general"))  # fmt: skip
    made.nodes.append(helper.make_node("MatMul", ["x", "w"], ["s"]))
    made.last = "s"
    tau = np.float32(GENERATOR.integers(-4, 5, 12) / 4)
    made.add("Sub", tau, swapped=True).add("BipolarQuant", np.float32(1)).add(
        "MatMul", signs(12, 3)
    )
    bits = exports.random_bits(40)
    sums = bits @ np.where(weights >= 0, 0.25, -0.25)
    hidden = np.where(tau - sums >= 0, 1, -1)
    wanted = hidden @ numpy_helper.to_array(made.constants[-1])
    assert equal(from_onnx(made.model()).graph.infer(bits), wanted) == SAMPLES


def test_a_wrong_weight_is_found():
    trainer, bits = exports.graph_run("pooled"), exports.random_bits(288)
    written = write_onnx(model_of(trainer), BITS)
    weights = next(t for t in written.graph.initializer if t.dims[-1:] == [6] and len(t.dims) == 2)
    array = numpy_helper.to_array(weights).copy()
    array[0, 0] *= -1
    weights.CopyFrom(numpy_helper.from_array(array, weights.name))
    assert equal(from_onnx(written).graph.infer(bits), trainer.graph.infer(bits)) < SAMPLES


def one_layer():
    return Made([4]).add("MatMul", signs(4, 3))


BAD_NORM = np.float32(9 * [1] + 3 * [-1]).reshape(4, 3)  # with a variance below 0
REFUSED = {
    "weights of more than one size": (Made([4]).add("MatMul", np.float32([[1], [2], [1], [1]])),
                                      "weights of more than one size"),
    "real inputs": (Made([4]).add("Add", np.float32(3)).add("MatMul", signs(4, 3)),
                    "bits that are 3 and 4"),
    "sign of 0": (one_layer().add("Sign").add("MatMul", signs(3, 2)), "which is 0 for 0"),
    "another operator": (one_layer().add("Relu"), "is not understood"),
    "scores with a norm": (one_layer().add("BatchNormalization", *norm(3, 2)), "class by class"),
    "nothing": (Made([4]).add("Mul", np.float32(2)), "0 outputs of the graph are scores"),
    "groups": (Made([2, 4, 4]).add("Conv", signs(2, 1, 3, 3), group=2), "one\\s+group"),
    "a norm before the pooling": (
        Made([1, 4, 4]).add("Conv", signs(2, 1, 1, 1)).add("Mul", np.float32(-1))
        .add("MaxPool", kernel_shape=[2, 2], strides=[2, 2]), "no pooling of 2 x 2"),
    "some bits": (Made([1, 4, 4]).add("Flatten").add("Pad", np.array([0, 0, 0, -8]))
                  .add("MatMul", signs(8, 3)), "each bit of its sources once"),
    "padding that is changed": (
        Made([1, 4, 4]).add("Pad", np.array([0, 0, 1, 1, 0, 0, 1, 1])).add("Sub", np.float32(0.5))
        .add("Conv", signs(2, 1, 3, 3)), "zeros around a map"),
    "padding of another value": (
        Made([1, 4, 4]).add("Pad", np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.float32(1)),
        "something else than zeros"),
    "a division by 0": (one_layer().add("Div", np.float32(0)), "divides by 0"),
    "a bad variance": (one_layer().add("BatchNormalization", *BAD_NORM),
                       "bad variance"),
    "samples that are moved": (Made([1, 4, 4]).add("Transpose"), "moves the samples"),
    "a shape that does not fit": (Made([4]).add("Reshape", np.array([-1, 3])), "does not fit"),
    "constants first": (one_layer().add("MatMul", signs(3, 3), swapped=True), "a constant comes"),
    "one constant a bit": (Made([4]).add("Mul", np.float32([1, 2, 3, 4])), "bits one by one"),
    "constants of no unit": (one_layer().add("Add", np.float32([1, 2])), r"shape \(2,\)"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case):
    made, message = REFUSED[case]
    with pytest.raises(ConfigError, match=message):
        from_onnx(made.model())


def test_files_that_are_refused(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"no file")
    for name in ("a.onnx", "none.onnx"):
        with pytest.raises(DataError, match=f"{name} cannot be read as ONNX"):
            from_onnx(tmp_path / name)
    with pytest.raises(ConfigError, match="has not the 4 bits"):
        from_onnx(one_layer().model(), sample=(2, 3, 1))
