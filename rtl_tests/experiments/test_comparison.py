"""The comparison: its sets, its classifiers, the bytes that it counts, and its command."""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris

from boldhw.cli.main import main
from boldhw.errors import ToolError
from boldhw.experiments import comparison, rivals
from boldhw.experiments.rivals import (
    BOLD,
    FOREST,
    LINEAR,
    MLP,
    NEIGHBOURS,
    RIVALS,
    TSETLIN,
    Tsetlin,
    bytes_of,
    model_of,
)
from boldhw.experiments.shipped_sets import SHIPPED, Shipped

X, Y = load_iris(return_X_y=True)


@pytest.mark.parametrize("name", SHIPPED)
def test_sets_are_whole_numbers_of_classes_and_finite_features(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that bring them
        features, labels = SHIPPED[name]()
    assert features.dtype == np.float64
    assert features.ndim == 2
    assert np.isfinite(features).all()
    assert len(labels) == len(features) >= 50
    counts = np.bincount(labels)
    assert labels.dtype == np.int64
    assert len(counts) >= 2
    assert counts.min() >= 10


def test_there_are_twelve_sets_or_more():
    assert len(SHIPPED) >= 12


def test_a_missing_package_is_named():
    def load():
        raise ImportError

    with pytest.raises(ToolError, match=r"pyts.*\[compare\]"):
        Shipped("pyts", load)()


@pytest.fixture(scope="module")
def fitted():
    """All classifiers, trained on iris."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: model_of(name, 1).fit(X, Y) for name in RIVALS}


@pytest.mark.parametrize("name", RIVALS)
def test_each_learns(name, fitted):
    assert fitted[name].score(X, Y) > 0.85


def test_bytes_are_those_of_what_is_stored(fitted):
    bits = len(fitted[BOLD].coder_.edges)
    assert bytes_of(BOLD, fitted[BOLD]) == (bits * 256 + 256 * 3) // 8 + 2 * 256 + 8 * bits
    assert bytes_of(LINEAR, fitted[LINEAR]) == 4 * (3 * 4 + 3 + 2 * 4)
    assert bytes_of(MLP, fitted[MLP]) == 4 * (4 * 64 + 64 + 64 * 3 + 3 + 2 * 4)
    assert bytes_of(NEIGHBOURS, fitted[NEIGHBOURS]) == 4 * (150 * 5 + 2 * 4)
    trees = [tree.tree_ for tree in fitted[FOREST].estimators_]
    leaves = sum((tree.children_left < 0).sum() for tree in trees)
    inner = sum((tree.children_left >= 0).sum() for tree in trees)
    assert bytes_of(FOREST, fitted[FOREST]) == 4 * (4 * inner + 3 * leaves)
    edges = len(fitted[TSETLIN].coder.edges)
    assert bytes_of(TSETLIN, fitted[TSETLIN]) == 3 * 200 * 2 * edges // 8 + 8 * edges


def test_without_tmu_the_others_are_compared(monkeypatch):
    monkeypatch.setitem(sys.modules, "tmu.clause_bank", None)
    names, why = rivals.available()
    assert names == RIVALS[:-1]
    assert "tmu" in why
    with pytest.raises(ToolError):
        Tsetlin(0)


def test_the_import_of_tmu_leaves_logging_alone():
    """It would have every step of Numba's compiler printed."""
    code = (
        "import logging\n"
        "from boldhw.experiments.rivals import Tsetlin\n"
        "Tsetlin(0)\n"
        "root = logging.getLogger()\n"
        "print(root.handlers, root.level == logging.WARNING)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[] True\n"


def test_the_wrapping_type_is_numpys():
    wrapping = rivals.Wrapping()
    assert wrapping.uint32(~0) == 2**32 - 1
    assert np.zeros(2, dtype=wrapping.uint32).dtype == np.uint32
    assert wrapping.int64 is np.int64


def test_the_command_compares_and_goes_on(tmp_path, capsys):
    line = ["compare", "--quick", "--seeds", "1", "--out", str(tmp_path), "--json"]
    found = []
    for _ in range(2):
        assert main(line) == 0
        captured = capsys.readouterr()
        found.append(json.loads(captured.out))
    assert found[0] == found[1]
    assert "12 of 12 runs are done already" in captured.err
    records = json.loads((tmp_path / "comparison.json").read_text())["records"]
    assert {record["settings"]["set"] for record in records} == set(comparison.FEW)
    for record in records:
        assert record["result"]["accuracy"] > record["result"]["majority"]
        assert record["result"]["bytes"] > 0
    assert "| BoldClassifier | 0 | 2 of 2 |" in found[0]["text"]


def test_data_of_ones_own(tmp_path, capsys, monkeypatch):
    """They are divided once; the classifiers have the seeds."""
    monkeypatch.setattr(comparison, "available", lambda: ((BOLD, LINEAR), ""))
    table = tmp_path / "iris.csv"
    rows = [f"{','.join(map(str, row))},k{label}" for row, label in zip(X, Y, strict=True)]
    table.write_text("a,b,c,d,kind\n" + "\n".join(rows))
    line = ["compare", "--data", str(table), "--label", "kind", "--seeds", "2", "--json",
            "--out", str(tmp_path / "out")]  # fmt: skip
    assert main(line) == 0
    capsys.readouterr()
    records = json.loads((tmp_path / "out" / "comparison.json").read_text())["records"]
    assert [record["settings"]["seed"] for record in records] == [1, 1, 2, 2]
    assert {record["settings"]["set"] for record in records} == {"iris.csv"}
    assert {record["result"]["samples"] for record in records} == {120}
    assert records[1]["result"]["accuracy"] == records[3]["result"]["accuracy"]  # a convex loss


def test_points_near_the_best_and_splits_below_the_majority():
    """Two sets, two seeds: what the summary says of them is what they hold."""

    def record(name, model, seed, accuracy):
        result = {"accuracy": accuracy, "majority": 0.5, "seconds": 1.0, "bytes": 8,
                  "samples": 9, "features": 3}  # fmt: skip
        return {"settings": {"set": name, "model": model, "seed": seed}, "result": result}

    records = [
        record("one", BOLD, 1, 0.5), record("one", BOLD, 2, 0.9),
        record("one", LINEAR, 1, 0.7), record("one", LINEAR, 2, 0.71),
        record("two", BOLD, 1, 0.9), record("two", BOLD, 2, 0.9),
        record("two", LINEAR, 1, 0.6), record("two", LINEAR, 2, 0.6),
    ]  # fmt: skip
    text, figures = comparison.report(records)
    assert f"| {BOLD} | 1 | 2 of 2 | +14.8 |" in text
    assert f"| {LINEAR} | 0 | 1 of 2 | +0.0 |" in text
    assert "| one | 9 | 3 | 50.0 | 70.0 (50.0) | 70.5 (70.0) |" in text
    assert list(figures) == ["comparison.svg"]
