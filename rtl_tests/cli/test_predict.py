"""boldhw predict: the classes and scores of new samples."""

import csv
import json
from dataclasses import asdict

import numpy as np
import pytest
from support.golden_board import GoldenBoard
from support.own_tables import KINDS, samples, write
from support.small_engine import SMALL as ENGINE

from boldhw.cli.main import main
from boldhw.data.coder import Coder
from boldhw.golden import checkpoint as checkpoints


def predict(path, data, *more):
    return ("predict", "--checkpoint", path, "--data", data, *more)


def test_it_equals_eval(call, trained, tmp_path):
    """On the same samples: every class is the best score's, and as many are right."""
    other = write(tmp_path / "b.csv", *samples(60, 2))
    tested, _, _ = call("eval", "--checkpoint", trained[0], "--data", other)
    found, code, _ = call(*predict(trained[0], other))
    assert (code, found["accuracy"]) == (0, tested["test_accuracy"])
    entries = found["predictions"]
    assert len(entries) == found["samples"] == 60
    found = np.array([entry["class"] for entry in entries])
    assert np.sum(found == samples(60, 2)[1]) == 60 * tested["test_accuracy"]
    for entry in entries:
        assert entry["scores"].keys() == set(KINDS)
        assert entry["class"] == max(entry["scores"], key=entry["scores"].get)


def test_scores_are_those_of_the_network(call, trained):
    """Computed here: bits by comparison, then the golden model."""
    path, found = trained
    values, _ = samples(40, 3)
    trainer = checkpoints.load(path)
    coder = trainer.schema.coder
    assert isinstance(coder, Coder)
    table = write(path.parent / "b.csv", values)
    scores = trainer.network.infer(values[:, coder.columns] > coder.edges)
    entries = call(*predict(path, table))[0]["predictions"]
    assert [list(entry["scores"].values()) for entry in entries] == scores.tolist()
    assert entries[39]["sample"] == "line 41"
    assert "label" not in entries[0]


@pytest.mark.parametrize("labels", [True, False])
def test_files(call, trained, tmp_path, labels):
    values, kinds = samples(9, 3)
    table = write(tmp_path / "b.csv", values, kinds if labels else None)
    entries = call(*predict(trained[0], table))[0]["predictions"]
    found, code, _ = call(*predict(trained[0], table, "-o", tmp_path / "p.json"))
    assert (code, found["output"], found["samples"]) == (0, str(tmp_path / "p.json"), 9)
    assert ("accuracy" in found) == labels
    assert json.loads((tmp_path / "p.json").read_text()) == entries
    call(*predict(trained[0], table, "-o", tmp_path / "p.csv"))
    with open(tmp_path / "p.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, entry in zip(rows, entries, strict=True):
        flat = {key: entry[key] for key in ("sample", "label", "class") if key in entry}
        flat |= {f"score {name}": str(value) for name, value in entry["scores"].items()}
        assert row == flat


def test_stdout_is_a_table(trained, tmp_path, capfd):
    table = write(tmp_path / "b.csv", samples(3, 3)[0])
    assert main([*map(str, predict(trained[0], table))]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "sample,class,score cat,score cow,score dog"
    assert [line.split(",")[0] for line in lines[1:]] == ["line 2", "line 3", "line 4"]


def test_a_device_gives_the_same_scores(call, table, tmp_path, monkeypatch):
    config, path = tmp_path / "engine.json", tmp_path / "run.npz"
    config.write_text(json.dumps(asdict(ENGINE)))
    line = ("--label", "kind", "--hidden", 12, "--config", config, "--checkpoint", path)
    assert call("train", "--data", table, *line, "--epochs", 2)[1] == 0
    board = GoldenBoard(ENGINE)
    monkeypatch.setattr("boldhost.client.open_transport", lambda *arguments: board)
    golden, device = (
        call(*predict(path, table, "--backend", backend)) for backend in ("golden", "sim")
    )
    assert golden[:2] == device[:2]
    assert board.executed


def test_pictures_give_their_test_samples(call, tmp_path):
    path = tmp_path / "run.npz"
    line = ("--train-size", 300, "--epochs", 2, "--checkpoint", path)
    found, _, _ = call("train", "--data", "digits", *line)
    predicted, code, _ = call(*predict(path, "digits"))
    assert (code, predicted["samples"]) == (0, 364)
    assert predicted["accuracy"] == found["test_accuracy"]
    assert predicted["predictions"][5]["sample"] == "test sample 5"


def test_more_outputs_than_classes(call, table, tmp_path):
    path = tmp_path / "run.npz"
    line = ("--label", "kind", "--network", "40-8-5", "--epochs", 1, "--checkpoint", path)
    call("train", "--data", table, *line)
    entry = call(*predict(path, table))[0]["predictions"][0]
    assert list(entry["scores"]) == [*KINDS, "output 3", "output 4"]


def test_what_is_refused(refused, trained, tmp_path):
    path = trained[0]
    values, _ = samples(9, 3)
    table = write(tmp_path / "b.csv", values)
    refused(("must end with .csv or .json",), *predict(path, table, "-o", "p.txt"))
    refused(("--threshold cuts pixels",), *predict(path, table, "--threshold", 3))
    refused(("cannot be written",), *predict(path, table, "-o", "no/p.csv"))
    other = write(tmp_path / "c.csv", values[:, :4], names="abcf")
    refused(("no column 'd', 'e'", "'a', 'b', 'c', 'f'"), *predict(path, other))
    refused(("digits has 64 features a sample", "trained with 5"), *predict(path, "digits"))
    more = write(tmp_path / "d.csv", np.hstack([values, values[:, :1]]), names="abcdef")
    refused(("a column 'f'", "--ignore 'f'"), *predict(path, more))


class TestGraph:
    """Networks with convolutions take pictures, and give classes by name as others do."""

    @pytest.fixture
    def pictures(self, tmp_path):
        """Return a file of 90 pictures, 8 x 8: bright on the left, on the right, or in between."""
        generator, labels = np.random.default_rng(3), np.arange(90) % 3
        x = generator.integers(0, 120, (90, 8, 8))
        for kind, columns in enumerate((slice(0, 3), slice(3, 5), slice(5, 8))):
            x[labels == kind, :, columns] += 130
        path = tmp_path / "pictures.npz"
        np.savez(path, x=x.astype(np.uint8), y=KINDS[labels])
        return path

    def test_it_equals_eval(self, call, pictures, tmp_path):
        path = tmp_path / "run.npz"
        line = ("--network", "8x8-4k3p2-3", "--epochs", 3, "--checkpoint", path)
        found, code, _ = call("train", "--data", pictures, *line)
        assert code == 0
        tested, _, _ = call("eval", "--checkpoint", path, "--data", pictures)
        assert (tested["samples"], tested["test_accuracy"]) == (18, found["test_accuracy"])
        with np.load(pictures) as arrays:
            np.savez(tmp_path / "b.npz", x=arrays["x"][::-1], y=arrays["y"][::-1])
        tested, _, _ = call("eval", "--checkpoint", path, "--data", tmp_path / "b.npz")
        predicted, code, _ = call(*predict(path, tmp_path / "b.npz"))
        assert (code, predicted["samples"], tested["samples"]) == (0, 90, 90)
        assert predicted["accuracy"] == tested["test_accuracy"]
        assert predicted["predictions"][0]["scores"].keys() == set(KINDS)

    def test_what_is_refused(self, refused, call, pictures, table, tmp_path):
        path = tmp_path / "run.npz"
        network = ("--network", "8x8-4k3p2-3")
        words = ("no pixels but features", "use --hidden")
        refused(words, "train", "--data", table, "--label", "kind", *network)
        refused(("--hidden is for chains",), "train", "--data", pictures, *network, "--hidden", 3)
        call("train", "--data", pictures, *network, "--epochs", 1, "--checkpoint", path)
        more = ("mnist5k has the classes '3'", "--add-class")
        refused(more, "train", "--data", "mnist5k", "--from", path)
        refused(("8x8",), *predict(path, "mnist5k"))
