"""``boldhw train`` says whether it learned: epochs, warnings, tables and the report."""

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from boldhw.cli.main import main
from boldhw.report.epochs import read_epochs

SIZES = ["--data", "digits", "--train-size", "400", "--test-size", "100"]
CHAIN, GRAPH = "64-20-10", "8x8x2-6k3p2-10"
TIMES = ("seconds", "samples_per_second")


def train(*words):
    return main(["train", *SIZES, *map(str, words)])


def untimed(path):
    return [
        {name: value for name, value in entry.items() if name not in TIMES}
        for entry in read_epochs(path)
    ]


@pytest.mark.parametrize("network", [CHAIN, GRAPH])
def test_a_line_an_epoch(capsys, tmp_path, network):
    path = tmp_path / "a.npz"
    assert train("--network", network, "--epochs", 3, "--checkpoint", path, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    found = read_epochs(tmp_path / "a.epochs.jsonl")
    assert [entry["epoch"] for entry in found] == [1, 2, 3]
    last = found[-1]
    assert last["accuracy"] == result["test_accuracy"]
    assert last["confusion"] == result["confusion"]
    assert sum(map(sum, last["confusion"])) == 100
    assert [sum(row) for row in last["confusion"]] == [count for count, _ in last["by_class"]]
    assert [sum(layer) for layer in zip(*(e["flips"] for e in found), strict=True)] == (
        result["flips"]
    )
    hidden, output = last["layers"]
    assert 0.1 < hidden["true_share"] < 0.9
    assert 0 < hidden["signal_share"] <= hidden["gated_share"] <= 1
    assert output["true_share"] is None
    assert last["samples_per_second"] > 0


@pytest.mark.parametrize("network", [CHAIN, GRAPH])
def test_a_resumed_run_has_the_lines_of_a_whole_one(capsys, tmp_path, monkeypatch, network):
    words = ["--network", network, "--epochs", 4, "--checkpoint"]
    assert train(*words, tmp_path / "whole.npz") == 0

    def interrupted(message):
        if message.startswith("epoch 2"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("boldhw.cli.epochs.say", interrupted)
        assert train(*words, tmp_path / "a.npz") == 130
    assert len(read_epochs(tmp_path / "a.epochs.jsonl")) == 2
    assert train("--resume", tmp_path / "a.npz") == 0
    whole = untimed(tmp_path / "whole.epochs.jsonl")
    assert untimed(tmp_path / "a.epochs.jsonl") == whole
    assert len(whole) == 4


def test_the_tables_for_people(capsys):
    assert train("--network", CHAIN, "--epochs", 2) == 0
    out, err = capsys.readouterr()
    assert re.search(r"^layer1 +\d+\.\d % .* 20 +\d+ +\d+$", out, re.MULTILINE)
    assert re.search(r"^ *answer +0 +1 +2", out, re.MULTILINE)
    assert re.search(r"^9 9 .*% right$", out, re.MULTILINE)
    assert re.search(r"% active, flips \d+ \d+, [\d,]+ samples/s, about \d+ s left", err)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--network", CHAIN, "--theta", "30000"], "leave out --theta"),
        (
            ["--network", CHAIN, "--theta-scale", "900", "--safe-scale", "1"],
            "--theta-scale 2.2e+02",
        ),
    ],
)
def test_frozen_training_is_said_to_be(capsys, words, advice):
    assert train(*words, "--epochs", 2) == 0
    err = capsys.readouterr().err
    assert "no weight flipped in epoch 2; training has frozen" in err
    assert advice in err


def test_a_graph_that_learned_nothing_gets_advice_that_it_can_take(capsys, tmp_path):
    described = {"inputs": [8, 8, 1], "layers": [
        {"name": "near", "kind": "conv", "kernel": {"side": 3}, "outputs": 2, "learns": False,
         "taps": [{"source": "input"}]},
        {"name": "out", "outputs": 10, "learns": False, "taps": [{"source": "near"}]}]}  # fmt: skip
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(described))
    assert train("--network", path, "--epochs", 1, "--seed", 3) == 0
    err = capsys.readouterr().err
    assert "nothing was learned; try more epochs, more levels of a pixel" in err
    assert "training has frozen: try more samples" in err
    assert "theta" not in err


def tree_of(path):
    text = path.read_text()
    markup = re.sub(r'src="data:[^"]*"', "", text)
    assert not re.findall(r"//|@import|<script|<link|href|src|url\(", markup)
    return ET.fromstring(text.removeprefix("<!DOCTYPE html>"))


@pytest.mark.parametrize(("network", "pictures"), [(CHAIN, 1), (GRAPH, 2)])
def test_the_report_of_a_run(capsys, tmp_path, network, pictures):
    path, first, again = (tmp_path / name for name in ("a.npz", "a.html", "b.html"))
    assert train("--network", network, "--epochs", 2, "--checkpoint", path, "--report", first) == 0
    assert main(["report", str(path), "-o", str(again)]) == 0
    assert first.read_text() == again.read_text()
    tree = tree_of(first)
    assert len(list(tree.iter("svg"))) == 3 + 7 + 1
    assert len(list(tree.iter("img"))) == pictures
    cells = [each for each in tree.iter("rect") if each.get("class") in ("right", "wrong")]
    assert len(cells) == 100
    shown = " ".join("".join(tree.itertext()).split())
    for part in (network, "digits", "2 of 2 epochs are done, each of 400 samples", "held-out"):
        assert part in shown


def test_a_report_of_a_run_that_is_saved_nowhere(capsys, tmp_path):
    assert train("--network", CHAIN, "--epochs", 1, "--report", tmp_path / "r.html") == 0
    assert len(read_epochs(tmp_path / "r.epochs.jsonl")) == 1
    tree_of(tmp_path / "r.html")


def test_a_report_of_rows_of_features_has_no_pictures(call, trained, tmp_path):
    path, found = trained
    assert found["classes"] == ["cat", "cow", "dog"]
    call("report", path, "-o", tmp_path / "r.html")
    tree = tree_of(tmp_path / "r.html")
    assert not list(tree.iter("img"))
    assert {"cat", "cow", "dog"} <= {each.text for each in tree.iter("text")}


def test_a_report_without_epochs_has_settings(capsys, tmp_path):
    path = tmp_path / "a.npz"
    assert train("--network", CHAIN, "--epochs", 1, "--checkpoint", path) == 0
    (tmp_path / "a.epochs.jsonl").unlink()
    assert main(["report", str(path), "-o", str(tmp_path / "r.html")]) == 0
    assert len(list(tree_of(tmp_path / "r.html").iter("svg"))) == 0


def test_a_report_that_cannot_be_written_is_refused_at_once(capsys, tmp_path):
    assert train("--network", CHAIN, "--report", tmp_path / "none" / "r.html") == 2
    assert "cannot be written" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "none.npz")]) == 2
    assert "holds no run" in capsys.readouterr().err


def test_more_classes_than_a_matrix_shows(tmp_path, call):
    generator = np.random.default_rng(0)
    labels = np.arange(440) % 22
    x = (generator.random((22, 16, 4)) < 0.5)[labels] ^ (generator.random((440, 16, 4)) < 0.1)
    np.savez(tmp_path / "many.npz", x=x, y=labels)
    words = ("--data", tmp_path / "many.npz", "--hidden", 16, "--epochs", 3)
    found, code, _ = call("train", *words, "--report", tmp_path / "r.html")
    assert code == 0
    assert found["confusion"] is None
    text = " ".join("".join(tree_of(tmp_path / "r.html").itertext()).split())
    assert "Classes with the smallest share of right answers" in text
