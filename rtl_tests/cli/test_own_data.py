"""Data of the user's own through boldhw train and eval."""

import numpy as np
import pytest
from support.own_tables import samples, write

from boldhw.golden import checkpoint as checkpoints


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

    @pytest.mark.parametrize("line", [("verify", "--data"), ("flash", "--dry-run", "--samples")])
    def test_other_verbs_take_no_tables(self, refused, table, line):
        refused(("is a table, which boldhw train, eval and predict", "as x and"), *line, table)

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

    def test_a_run_of_smaller_pictures(self, call, refused, tmp_path):
        path = tmp_path / "small.npz"
        line = ("--data", "digits", "--train-size", 100, "--test-size", 40)
        small = ("--network", "4x4-2k3-10", "--smaller", 2)
        found, _, _ = call("train", *line, *small, "--epochs", 1, "--checkpoint", path)
        tested, code, _ = call("eval", "--checkpoint", path, *line)
        assert (code, tested["test_accuracy"]) == (0, found["test_accuracy"])
        refused(("--smaller",), "train", "--data", "digits", "--resume", path, "--smaller", 2)

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
