"""Data of the user's own through the command line: train, eval, predict and go on."""

import csv
import json
from dataclasses import asdict

import numpy as np
import pytest
from support.golden_board import GoldenBoard
from support.small_engine import SMALL as ENGINE

from boldhw.cli.main import main
from boldhw.data.coder import Coder
from boldhw.golden import checkpoint as checkpoints

GENERATOR = np.random.default_rng(8)
KINDS = np.array(["cat", "cow", "dog"])


def samples(count, seed):
    """Return features, shape (count, 5), and names of classes that they tell."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    values = generator.normal(size=(count, 5))
    values[:, :3] += 4 * np.eye(3)[labels]
    return values.round(3), KINDS[labels]


def write(path, values, labels=None, names="abcde"):
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow([*names, *(["kind"] if labels is not None else [])])
        for index, row in enumerate(values):
            table.writerow([*row, *([labels[index]] if labels is not None else [])])
    return path


@pytest.fixture
def call(capfd):
    """Run a command line with --json; return its JSON object, its exit code and stderr."""

    def run(*words):
        code = main([*map(str, words), "--json"])
        out, err = capfd.readouterr()
        return json.loads(out), code, err

    return run


@pytest.fixture
def refused(call):
    """Run a command line that must be refused with all of some words."""

    def run(words, *line):
        found, code, err = call(*line)
        assert (code, found["exit_code"]) == (2, 2)
        for word in words:
            assert word in found["error"]
        assert "Traceback" not in err

    return run


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "a.csv", *samples(150, 1))


@pytest.fixture
def trained(call, table, tmp_path):
    """Return (path of a run, what its training printed)."""
    path = tmp_path / "run.npz"
    line = ("--hidden", 24, "--epochs", 20, "--checkpoint", path)
    found, code, _ = call("train", "--data", table, "--label", "kind", *line)
    assert code == 0
    return path, found


class TestTrain:
    def test_one_command_learns_a_table(self, trained):
        path, found = trained
        assert found["test_accuracy"] > 0.9
        assert found["network"] == [40, 24, 3]
        schema = checkpoints.load(path).schema
        assert (schema.classes, schema.features) == (("cat", "cow", "dog"), tuple("abcde"))
        assert (schema.label, schema.header, schema.split.share) == ("kind", True, 0.2)

    @pytest.mark.parametrize(
        ("options", "network"),
        [
            ((), [40, 64, 3]),
            (("--hidden", "24,12"), [40, 24, 12, 3]),
            (("--hidden", 24, "--levels", 3), [15, 24, 3]),
            (("--hidden", 24, "--levels", 3, "--code", "even"), [15, 24, 3]),
            (("--hidden", 24, "--edges", "0,1.5"), [10, 24, 3]),
            (("--hidden", 24, "--ignore", "a", "--ignore", "e"), [24, 24, 3]),
            (("--hidden", 24, "--outputs-per-class", 4), [40, 24, 12]),
            (("--network", "40-9-3"), [40, 9, 3]),
        ],
    )
    def test_the_ends_of_the_network_are_those_of_the_data(self, call, table, options, network):
        line = ("--label", "kind", "--epochs", 1, *options)
        found, code, _ = call("train", "--data", table, *line)
        assert (code, found["network"]) == (0, network)

    def test_classes_beyond_the_first_samples_have_outputs(self, call, table):
        line = ("--label", "kind", "--epochs", 1, "--train-size", 1, "--test-size", 1)
        assert call("train", "--data", table, *line, "--edges", 1)[1] == 2  # one sample is constant
        line = (*line[:4], "--train-size", 4, "--test-size", 1)
        assert call("train", "--data", table, *line)[0]["network"][-1] == 3

    def test_edges_of_a_file(self, call, table, tmp_path):
        path, saved = tmp_path / "edges.json", tmp_path / "run.npz"
        path.write_text('{"c": [1, 2.5], "a": [0]}')
        line = ("--label", "kind", "--edges", path, "--epochs", 1, "--checkpoint", saved)
        assert call("train", "--data", table, *line)[0]["network"] == [3, 64, 3]
        coder = checkpoints.load(saved).schema.coder
        assert (coder.columns.tolist(), coder.edges.tolist()) == ([0, 2, 2], [0, 1, 2.5])

    def test_pictures_keep_their_default_network(self, call):
        line = ("--data", "digits", "--train-size", 50, "--test-size", 30, "--epochs", 1)
        assert call("train", *line)[0]["network"] == [64, 64, 10]
        assert call("train", *line, "--levels", 2, "--hidden", 8)[0]["network"][1:] == [8, 10]

    def test_constant_features_are_said(self, call, tmp_path):
        values, labels = samples(60, 1)
        values[:, 1] = 7
        path = write(tmp_path / "b.csv", values, labels)
        _, code, err = call("train", "--data", path, "--label", "kind", "--epochs", 1)
        assert code == 0
        assert "boldhw: note: 1 of 5 features have the same value" in err
        assert "left out: 'b'" in err

    def test_a_resumed_run_needs_no_word_about_its_table(self, call, table, tmp_path, monkeypatch):
        words = ("train", "--data", table, "--label", "kind", "--epochs", 3)
        whole, _, _ = call(*words)
        path, right = tmp_path / "part.npz", checkpoints.save

        def save(path, trainer):
            right(path, trainer)
            if trainer.epoch == 1:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, "save", save)
            assert call(*words, "--checkpoint", path)[1] == 130
        resumed, code, _ = call("train", "--data", table, "--resume", path)
        assert (code, resumed["state_crc"]) == (0, whole["state_crc"])

    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (("say with --label which column",), ()),
            (("'knid'", "did you mean 'kind'"), ("--label", "knid")),
            (("--hidden '4,x' is no list", "--hidden 64"), ("--label", "kind", "--hidden", "4,x")),
            (("--network and --hidden both",),
             ("--label", "kind", "--hidden", 9, "--network", "40-9-3")),
            (("--edges are all edges",), ("--label", "kind", "--edges", "1", "--levels", 3)),
            (("--edges '1,b' are no numbers",), ("--label", "kind", "--edges", "1,b")),
            (("--threshold cuts pixels",), ("--label", "kind", "--threshold", 3)),
            (("--test-share 3 must be more than 0",), ("--label", "kind", "--test-share", 3)),
            (("200 samples asked for, it has 120",), ("--label", "kind", "--train-size", 200)),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, refused, table, words, line):
        refused(words, "train", "--data", table, *line)

    def test_a_file_that_is_not_there(self, refused):
        words = ("'no.csv', which is not there, is neither mnist5k", "a .csv nor a .npz")
        refused(words, "train", "--data", "no.csv", "--label", "kind")

    def test_tables_have_labels_and_pictures_have_none(self, refused, tmp_path):
        refused(("digits is no table",), "train", "--data", "digits", "--label", "x")
        path = tmp_path / "edges.json"
        path.write_text('{"z": [1]}')
        words = ("edges of 'z'", "'a', 'b', 'c', 'd', 'e'")
        table = write(tmp_path / "a.csv", *samples(60, 1))
        refused(words, "train", "--data", table, "--label", "kind", "--edges", path)
        path.write_text("[1")
        refused(("are no numbers",), "train", "--data", table, "--label", "kind", "--edges", path)


class TestEval:
    def test_the_part_that_was_not_trained_on(self, call, trained, table):
        path, found = trained
        tested, code, err = call("eval", "--checkpoint", path, "--data", table)
        assert (code, tested["samples"]) == (0, 30)
        assert tested["test_accuracy"] == found["test_accuracy"]
        assert "note" not in err

    def test_other_data_are_tested_as_a_whole(self, call, trained, tmp_path):
        other = write(tmp_path / "b.csv", *samples(60, 2))
        tested, code, err = call("eval", "--checkpoint", trained[0], "--data", other)
        assert (code, tested["samples"]) == (0, 60)
        assert "is not what the run was trained on: all 60 samples are tested" in err
        line = ("--data", other, "--test-share", 0.5)
        assert call("eval", "--checkpoint", trained[0], *line)[0]["samples"] == 30

    def test_new_classes_and_other_features_are_refused_by_name(self, refused, trained, tmp_path):
        values, labels = samples(60, 2)
        line = ("eval", "--checkpoint", trained[0], "--data")
        new = write(tmp_path / "b.csv", values, np.where(labels == "cow", "pig", labels))
        refused(("the classes 'pig', the first in line 3", "'cat', 'cow', 'dog'"), *line, new)
        new = write(tmp_path / "b.csv", values, labels, names="abcdx")
        refused(("no column 'e', which the network was trained with",), *line, new)

    def test_a_run_that_knows_no_names(self, call, trained, table):
        """As earlier versions saved them: classes are numbers, pixels are cut at a threshold."""
        path = trained[0]
        line = ("--data", "digits", "--train-size", 300, "--test-size", 80)
        found, _, _ = call("train", *line, "--epochs", 2, "--checkpoint", path, "--force")
        trainer = checkpoints.load(path)
        assert trainer.schema.classes == tuple("0123456789")
        trainer.schema = None
        checkpoints.save(path, trainer)
        assert checkpoints.load(path).schema is None
        tested, code, _ = call("eval", "--checkpoint", path, *line)
        assert (code, tested["test_accuracy"]) == (0, found["test_accuracy"])


class TestPredict:
    def predict(self, path, data, *more):
        return ("predict", "--checkpoint", path, "--data", data, *more)

    def test_it_equals_eval(self, call, trained, tmp_path):
        """On the same samples: every class is the best score's, and as many are right."""
        other = write(tmp_path / "b.csv", *samples(60, 2))
        tested, _, _ = call("eval", "--checkpoint", trained[0], "--data", other)
        found, code, _ = call(*self.predict(trained[0], other))
        assert (code, found["accuracy"]) == (0, tested["test_accuracy"])
        entries = found["predictions"]
        assert len(entries) == found["samples"] == 60
        found = np.array([entry["class"] for entry in entries])
        assert np.sum(found == samples(60, 2)[1]) == 60 * tested["test_accuracy"]
        for entry in entries:
            assert entry["scores"].keys() == set(KINDS)
            assert entry["class"] == max(entry["scores"], key=entry["scores"].get)

    def test_scores_are_those_of_the_network(self, call, trained):
        """Computed here: bits by comparison, then the golden model."""
        path, found = trained
        values, _ = samples(40, 3)
        trainer = checkpoints.load(path)
        coder = trainer.schema.coder
        assert isinstance(coder, Coder)
        table = write(path.parent / "b.csv", values)
        scores = trainer.network.infer(values[:, coder.columns] > coder.edges)
        entries = call(*self.predict(path, table))[0]["predictions"]
        assert [list(entry["scores"].values()) for entry in entries] == scores.tolist()
        assert entries[39]["sample"] == "line 41"
        assert "label" not in entries[0]

    @pytest.mark.parametrize("labels", [True, False])
    def test_files(self, call, trained, tmp_path, labels):
        values, kinds = samples(9, 3)
        table = write(tmp_path / "b.csv", values, kinds if labels else None)
        entries = call(*self.predict(trained[0], table))[0]["predictions"]
        found, code, _ = call(*self.predict(trained[0], table, "-o", tmp_path / "p.json"))
        assert (code, found["output"], found["samples"]) == (0, str(tmp_path / "p.json"), 9)
        assert ("accuracy" in found) == labels
        assert json.loads((tmp_path / "p.json").read_text()) == entries
        call(*self.predict(trained[0], table, "-o", tmp_path / "p.csv"))
        with open(tmp_path / "p.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for row, entry in zip(rows, entries, strict=True):
            flat = {key: entry[key] for key in ("sample", "label", "class") if key in entry}
            flat |= {f"score {name}": str(value) for name, value in entry["scores"].items()}
            assert row == flat

    def test_stdout_is_a_table(self, trained, tmp_path, capfd):
        table = write(tmp_path / "b.csv", samples(3, 3)[0])
        assert main([*map(str, self.predict(trained[0], table))]) == 0
        lines = capfd.readouterr().out.splitlines()
        assert lines[0] == "sample,class,score cat,score cow,score dog"
        assert [line.split(",")[0] for line in lines[1:]] == ["line 2", "line 3", "line 4"]

    def test_a_device_gives_the_same_scores(self, call, table, tmp_path, monkeypatch):
        config, path = tmp_path / "engine.json", tmp_path / "run.npz"
        config.write_text(json.dumps(asdict(ENGINE)))
        line = ("--label", "kind", "--hidden", 12, "--config", config, "--checkpoint", path)
        assert call("train", "--data", table, *line, "--epochs", 2)[1] == 0
        board = GoldenBoard(ENGINE)
        monkeypatch.setattr("boldhost.device.open_transport", lambda *arguments: board)
        golden, device = (
            call(*self.predict(path, table, "--backend", backend)) for backend in ("golden", "sim")
        )
        assert golden[:2] == device[:2]
        assert board.executed

    def test_pictures_give_their_test_samples(self, call, tmp_path):
        path = tmp_path / "run.npz"
        line = ("--train-size", 300, "--epochs", 2, "--checkpoint", path)
        found, _, _ = call("train", "--data", "digits", *line)
        predicted, code, _ = call(*self.predict(path, "digits"))
        assert (code, predicted["samples"]) == (0, 364)
        assert predicted["accuracy"] == found["test_accuracy"]
        assert predicted["predictions"][5]["sample"] == "test sample 5"

    def test_more_outputs_than_classes(self, call, table, tmp_path):
        path = tmp_path / "run.npz"
        line = ("--label", "kind", "--network", "40-8-5", "--epochs", 1, "--checkpoint", path)
        call("train", "--data", table, *line)
        entry = call(*self.predict(path, table))[0]["predictions"][0]
        assert list(entry["scores"]) == [*KINDS, "output 3", "output 4"]

    def test_what_is_refused(self, refused, trained, tmp_path):
        path = trained[0]
        values, _ = samples(9, 3)
        table = write(tmp_path / "b.csv", values)
        refused(("must end with .csv or .json",), *self.predict(path, table, "-o", "p.txt"))
        refused(("--threshold cuts pixels",), *self.predict(path, table, "--threshold", 3))
        refused(("cannot be written",), *self.predict(path, table, "-o", "no/p.csv"))
        other = write(tmp_path / "c.csv", values[:, :4], names="abcf")
        refused(("no column 'd', 'e'", "'a', 'b', 'c', 'f'"), *self.predict(path, other))
        refused(
            ("digits has 64 features a sample", "trained with 5"), *self.predict(path, "digits")
        )
        more = write(tmp_path / "d.csv", np.hstack([values, values[:, :1]]), names="abcdef")
        refused(("a column 'f'", "--ignore 'f'"), *self.predict(path, more))


class TestFrom:
    def line(self, path, table, *more):
        return ("train", "--from", path, "--data", table, "--epochs", 3, *more)

    def test_it_begins_with_the_network(self, call, trained, tmp_path):
        """New data, in the code of the run; the old run is not touched."""
        path, before = trained[0], trained[0].read_bytes()
        other, new = write(tmp_path / "b.csv", *samples(90, 5)), tmp_path / "new.npz"
        tested, _, _ = call("eval", "--checkpoint", path, "--data", other)
        found, code, _ = call(*self.line(path, other, "--checkpoint", new))
        assert code == 0
        assert found["test_accuracy"] >= tested["test_accuracy"] - 0.1
        assert path.read_bytes() == before
        old, trainer = checkpoints.load(path), checkpoints.load(new)
        assert trainer.schema.coder.edges.tolist() == old.schema.coder.edges.tolist()
        assert (trainer.epoch, trainer.epochs, trainer.schema.split.share) == (3, 3, 0.2)
        assert call("eval", "--checkpoint", new, "--data", other)[0]["samples"] == 18
        same = np.mean(old.network.weights[0] == trainer.network.weights[0])
        assert same > 0.95

    def test_theta_is_that_of_the_end_unless_it_is_given(self, call, trained, table, tmp_path):
        new = tmp_path / "new.npz"
        old = checkpoints.load(trained[0]).hyper
        call(*self.line(trained[0], table, "--checkpoint", new))
        hyper = checkpoints.load(new).hyper
        assert (hyper.theta_scale, hyper.grow) == (old.theta_scale * old.grow, 1)
        assert (hyper.batch, hyper.margin) == (old.batch, old.margin)
        call(*self.line(trained[0], table, "--checkpoint", new, "--force", "--theta-scale", 2))
        assert checkpoints.load(new).hyper.theta_scale == 2

    def test_a_theta_that_was_given_grows(self, call, table, tmp_path):
        path, new = tmp_path / "run.npz", tmp_path / "new.npz"
        line = ("--label", "kind", "--epochs", 1, "--theta", 10, "--grow", 2.5)
        call("train", "--data", table, *line, "--checkpoint", path)
        call(*self.line(path, table, "--checkpoint", new))
        hyper = checkpoints.load(new).hyper
        assert (hyper.theta, hyper.grow) == (25, 1)

    def test_the_threshold_of_pictures_stays(self, call, tmp_path):
        path, new = tmp_path / "run.npz", tmp_path / "new.npz"
        sizes = ("--train-size", 300, "--test-size", 80, "--epochs", 2)
        call("train", "--data", "digits", *sizes, "--threshold", 60, "--checkpoint", path)
        line = ("--from", path, "--data", "digits", *sizes, "--checkpoint", new)
        assert call("train", *line)[1] == 0
        assert checkpoints.load(new).origin.threshold == 60

    def test_what_is_refused(self, refused, trained, table, tmp_path):
        path, before = trained[0], trained[0].read_bytes()
        values, labels = samples(60, 2)
        new = write(tmp_path / "b.csv", values, np.where(labels == "cow", "pig", labels))
        refused(("the classes 'pig'", "train a new network"), *self.line(path, new))
        new = write(tmp_path / "b.csv", values, np.where(labels == "cow", "pig", labels), "abcdx")
        refused(("no column 'e'",), *self.line(path, new))
        refused(("--hidden cannot change", str(path)), *self.line(path, table, "--hidden", 9))
        refused(("--levels cannot change",), *self.line(path, table, "--levels", 9))
        refused(("leave one out",), *self.line(path, table, "--resume", path))
        words = ("that has done 20 of 20 epochs", "--force")
        refused(words, *self.line(path, table, "--checkpoint", path))
        refused(("cannot be read",), *self.line(tmp_path / "no.npz", table))
        assert path.read_bytes() == before
