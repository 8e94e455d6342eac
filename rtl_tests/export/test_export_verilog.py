"""The exported module passes linters, and simulated it answers as the golden model does."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from support import exports, graph_cases, inference
from support.exports import SAMPLES, equal

from boldhw.errors import ConfigError
from boldhw.export.model import model_of
from boldhw.export.verilog import latency, write_verilog
from boldhw.flow.synthesis import run_tool
from boldhw.spec.network import Network

pytestmark = pytest.mark.usefixtures("keep_tools")

SMALL = {
    "outputs per class": ("20-12-6", 3),
    "pooled": ("6x4x2-3k3p2-4", 1),
    "strided": ("5x5-3k3s2z0-6-2", 1),
}


def written(folder, trainer, name="net"):
    """Write the module of a run into a folder; return the Model and the text."""
    model = model_of(trainer)
    files = write_verilog(model, name)
    for path, text in files.items():
        (folder / path).write_text(text)
    return model, files[f"{name}.v"]


def compare(folder, trainer, infer, sim, count=SAMPLES):
    """Simulate samples; return how many classes are equal, and check the latency of each."""
    model, _ = written(folder, trainer)
    bits = exports.random_bits(model.network.inputs, count)
    wanted = infer(bits).argmax(axis=1)
    classes, cycles = inference.answers(folder, "net", bits, len(model.classes), sim)
    assert set(cycles) == {latency(model)}
    return equal(classes, wanted)


def test_a_chain_on_both_simulators(sim, tmp_path):
    trainer = exports.chain_run(widths=(20, 12, 5))
    assert compare(tmp_path, trainer, trainer.network.infer, sim) == SAMPLES


@pytest.mark.parametrize("case", SMALL)
def test_small_graphs(case, tmp_path):
    network, each = SMALL[case]
    trainer = exports.run_of(Network.parse(network), each)
    assert compare(tmp_path, trainer, trainer.graph.infer, "verilator") == SAMPLES


@pytest.mark.parametrize("name", ["branches", "dilated"])
def test_all_that_a_graph_can_have(name, tmp_path):
    """Branches, offsets, dilation, strides and padding of both codings; fewer samples."""
    trainer = exports.graph_run(name, 2)
    assert compare(tmp_path, trainer, trainer.graph.infer, "verilator", 100) == 100


def test_a_wrong_weight_bit_is_found(tmp_path):
    """The first bit of the first output."""
    trainer = exports.chain_run(widths=(20, 12, 5))
    model, text = written(tmp_path, trainer)
    head, word, rest = re.split(r"(?<=layer2_weights\[0\] = 12'h)(\w+)", text, maxsplit=1)
    (tmp_path / "net.v").write_text(f"{head}{int(word, 16) ^ 1:x}{rest}")
    bits = exports.random_bits(20)
    classes, _ = inference.answers(tmp_path, "net", bits, 5, "verilator")
    assert equal(classes, trainer.network.infer(bits).argmax(axis=1)) < SAMPLES


@pytest.mark.parametrize("each", [1, 3])
@pytest.mark.parametrize("name", graph_cases.BITS_ONLY)
def test_linters_say_nothing(name, each, tmp_path):
    """Verilator with every warning, Icarus with every warning, in Verilog of 2005."""
    written(tmp_path, exports.graph_run(name, each))
    assert inference.lint(tmp_path, "net") == (0, "")
    if shutil.which("iverilog"):
        words = ["iverilog", "-g2005", "-Wall", "-o", "net.vvp", "net.v"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_it_can_be_synthesised(tmp_path):
    """Yosys finds no mistake; weights are looked up in a memory or in logic."""
    written(tmp_path, exports.run_of(Network.parse("6x4x2-3k3p2-4")))
    script = "read_verilog net.v; synth_ice40 -top net; check -assert; tee -q -o done stat"
    run_tool("YOSYS", ["-p", script], tmp_path, "done")
    assert "SB_LUT4" in (tmp_path / "done").read_text()


def test_what_the_text_says(tmp_path):
    model, text = written(tmp_path, exports.chain_run(), "iris_2")
    assert "module iris_2 (" in text
    assert f"class_valid is 1 for one cycle, {latency(model)} cycles after" in text
    assert latency(model) == 2 + (20 + 3) + (5 + 3)
    assert text.isascii()
    assert text.count("\nmodule ") == text.count("\nendmodule") == 1


@pytest.mark.parametrize("name", ["", "9a", "a-b", "class", "module", "valid", "layer1_sum", "a\n"])
def test_names_that_are_refused(name):
    with pytest.raises(ConfigError, match="cannot be a module of Verilog"):
        write_verilog(model_of(exports.chain_run()), name)


def test_a_last_layer_that_pools_is_refused():
    trainer = exports.run_of(Network.parse("2x2-3k1p2"))
    assert np.ptp(trainer.graph.infer(exports.random_bits(4))) > 0
    with pytest.raises(ConfigError, match="layer1 pools scores.*export to c or onnx"):
        write_verilog(model_of(trainer), "net")
