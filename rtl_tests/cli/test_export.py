"""boldhw export and boldhw image: files from a checkpoint, and everything that is refused."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from support import exports
from support.own_tables import samples, write

from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.graph import checkpoint as graphs


@pytest.fixture
def graph(tmp_path):
    """Return the path of a run of a graph with convolutions."""
    path = tmp_path / "graph.npz"
    graphs.save(path, exports.graph_run("pooled"))
    return path


def names(found):
    return sorted(Path(path).name for path in found["files"])


FILES = {
    "c": ["flower.c", "flower.h"],
    "onnx": ["flower.onnx"],
    "qonnx": ["flower.onnx"],
    "verilog": ["flower.v"],
}


@pytest.mark.parametrize("form", FILES)
def test_formats(call, trained, graph, tmp_path, form):
    for number, run in enumerate((trained[0], graph)):
        folder = tmp_path / f"made{number}"
        found, code, _ = call("export", run, "--to", form, "-o", folder, "--name", "flower")
        assert (code, found["format"], names(found)) == (0, form, FILES[form])
        assert ("latency" in found) == (form == "verilog")
        assert all(Path(path).stat().st_size > 500 for path in found["files"])


def test_c_from_the_command_line(call, graph, tmp_path):
    """10,000 pictures through the program that --example adds."""
    found, _, _ = call(
        "export", graph, "--to", "c", "-o", tmp_path / "c", "--example", "--word", 64
    )
    assert found["inputs"] == "features"
    assert names(found) == ["main.c", "network.c", "network.h"]
    files = {name: (tmp_path / "c" / name).read_text() for name in names(found)}
    assert "typedef uint64_t network_word;" in files["network.h"]
    program = exports.compiled(tmp_path, files)
    trainer, pixels = graphs.load(graph), exports.random_pixels(96)
    wanted = trainer.graph.infer(trainer.code(pixels))
    _, scores, _ = exports.answers_of_program(program, exports.numbers(pixels), 6)
    assert exports.equal(scores, wanted) == exports.SAMPLES


def test_onnx_predicts_what_predict_does(call, trained, tmp_path):
    """Rows of a table, as they are."""
    values, _ = samples(60, 2)
    table = write(tmp_path / "b.csv", values)
    predicted, _, _ = call("predict", "--checkpoint", trained[0], "--data", table)
    found, _, _ = call("export", trained[0], "--to", "onnx", "-o", tmp_path / "onnx")
    assert found["inputs"] == "features"
    session = onnxruntime.InferenceSession(found["files"][0], providers=["CPUExecutionProvider"])
    scores = session.run(["scores"], {"features": values.astype(float)})[0]
    wanted = [list(entry["scores"].values()) for entry in predicted["predictions"]]
    assert scores.tolist() == wanted


def test_batch_and_bits(call, trained, tmp_path):
    line = ("export", trained[0], "--to", "qonnx", "-o", tmp_path / "a", "--batch", 3)
    found, _, _ = call(*line, "--inputs", "bits")
    import onnx

    (given,) = onnx.load(found["files"][0]).graph.input
    sizes = [dim.dim_value for dim in given.type.tensor_type.shape.dim]
    assert (found["inputs"], given.name, sizes[0]) == ("bits", "bits", 3)


def test_an_image_of_a_board(call, tmp_path):
    trainer = exports.chain_run()
    checkpoints.save(tmp_path / "run.npz", trainer)
    found, code, _ = call("image", tmp_path / "run.npz", "-o", tmp_path / "own", "--name", "mine")
    assert (code, found["network"]) == (0, "64-20-5")
    assert names(found) == ["data.hex", "image.json", "mine.h", "registers.hex", "weights.hex"]
    described = json.loads((tmp_path / "own" / "image.json").read_text())
    assert described["design_digest"] == trainer.network.config.digest().hex()


def test_folders(call, refused, trained, tmp_path):
    """One that is not empty is refused, and with --force keeps what is not written."""
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "kept").write_text("kept")
    for verb in (("export", trained[0], "--to", "c"), ("image", trained[0])):
        refused(("full is not empty", "--force"), *verb, "-o", folder)
        assert [path.name for path in folder.iterdir()] == ["kept"]
    assert call("export", trained[0], "--to", "c", "-o", folder, "--force")[1] == 0
    assert (folder / "kept").read_text() == "kept"
    assert call("export", trained[0], "--to", "c", "-o", folder / "a" / "b")[1] == 0


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("none.npz cannot be read",), ("export", "none.npz", "--to", "c")),
        (("none.npz cannot be read",), ("image", "none.npz")),
        (("'tflite' is not one of", "'c', 'onnx'"), ("export", "RUN", "--to", "tflite")),
        (("Missing option '--to'",), ("export", "RUN")),
        (("no identifier of C",), ("export", "RUN", "--to", "c", "--name", "a b")),
        (("cannot be a module of Verilog",), ("export", "RUN", "--to", "verilog", "--name", "reg")),
        (("no identifier of C",), ("image", "RUN", "--name", "9")),
        (("--word is for --to c",), ("export", "RUN", "--to", "onnx", "--word", "64")),
        (("--example is for --to c",), ("export", "RUN", "--to", "verilog", "--example")),
        (("--batch is for --to onnx and qonnx",), ("export", "RUN", "--to", "c", "--batch", "1")),
        (("takes bits; leave out --inputs",),
         ("export", "RUN", "--to", "verilog", "--inputs", "features")),
        (("'16' is not one of",), ("export", "RUN", "--to", "c", "--word", "16")),
        (("0 is not in the range",), ("export", "RUN", "--to", "onnx", "--batch", "0")),
        (("is damaged or cut off",), ("export", "BROKEN", "--to", "c")),
        (("holds a graph, which no engine runs", "boldhw export"), ("image", "GRAPH")),
        (("accumulator_bits=16, the engine 8",), ("image", "RUN", "--board", "icebreaker")),
        (("does not say how features become bits",),
         ("export", "BITS", "--to", "c", "--inputs", "features")),
        (("is a file",), ("export", "RUN", "--to", "c", "-o", "RUN")),
    ],
)  # fmt: skip
def test_what_is_refused(refused, trained, graph, tmp_path, words, line):
    broken, bits = tmp_path / "broken.npz", tmp_path / "bits.npz"
    broken.write_bytes(trained[0].read_bytes()[:-9])
    trainer = exports.chain_run()
    trainer.origin = None
    checkpoints.save(bits, trainer)
    places = {"RUN": trained[0], "GRAPH": graph, "BROKEN": broken, "BITS": bits}
    line = [places.get(word, word) for word in line]
    refused(words, *line, *([] if "-o" in line else ["-o", tmp_path / "new"]))
    assert not (tmp_path / "new").exists()


def test_a_missing_package_is_said(call, trained, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    line = ("export", trained[0], "--to", "onnx", "-o", tmp_path / "new")
    found, code, err = call(*line)
    assert (code, found["exit_code"]) == (3, 3)
    assert "ONNX needs the package onnx" in found["error"]
    assert "[onnx]'" in found["error"]
    assert "Traceback" not in err
    assert not (tmp_path / "new").exists()


def test_stdout_is_the_files(trained, tmp_path, capfd):
    from boldhw.cli.main import main

    assert main(["export", str(trained[0]), "--to", "c", "-o", str(tmp_path / "new")]) == 0
    lines = capfd.readouterr().out.split()
    assert lines == [str(tmp_path / "new" / f"network.{end}") for end in "hc"]
    assert np.all([Path(line).exists() for line in lines])
