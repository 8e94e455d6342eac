"""boldhw train --from: a new run begins with the network of an earlier one."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from support.own_tables import samples, write

from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.graph import checkpoint as graphs


def line_of(path, table, *more):
    return ("train", "--from", path, "--data", table, "--epochs", 3, *more)


def test_it_begins_with_the_network(call, trained, tmp_path):
    """New data, in the code of the run; the old run is not touched."""
    path, before = trained[0], trained[0].read_bytes()
    other, new = write(tmp_path / "b.csv", *samples(90, 5)), tmp_path / "new.npz"
    tested, _, _ = call("eval", "--checkpoint", path, "--data", other)
    found, code, _ = call(*line_of(path, other, "--checkpoint", new))
    assert code == 0
    assert found["test_accuracy"] >= tested["test_accuracy"] - 0.1
    assert path.read_bytes() == before
    old, trainer = checkpoints.load(path), checkpoints.load(new)
    assert trainer.schema.coder.edges.tolist() == old.schema.coder.edges.tolist()
    assert (trainer.epoch, trainer.epochs, trainer.schema.split.share) == (3, 3, 0.2)
    assert call("eval", "--checkpoint", new, "--data", other)[0]["samples"] == 18
    same = np.mean(old.network.weights[0] == trainer.network.weights[0])
    assert same > 0.95


def test_theta_is_that_of_the_end_unless_it_is_given(call, trained, table, tmp_path):
    new = tmp_path / "new.npz"
    old = checkpoints.load(trained[0]).hyper
    call(*line_of(trained[0], table, "--checkpoint", new))
    hyper = checkpoints.load(new).hyper
    assert (hyper.theta_scale, hyper.grow) == (old.theta_scale * old.grow, 1)
    assert (hyper.batch, hyper.margin) == (old.batch, old.margin)
    call(*line_of(trained[0], table, "--checkpoint", new, "--force", "--theta-scale", 2))
    assert checkpoints.load(new).hyper.theta_scale == 2


def test_a_theta_that_was_given_grows(call, table, tmp_path):
    path, new = tmp_path / "run.npz", tmp_path / "new.npz"
    line = ("--label", "kind", "--epochs", 1, "--theta", 10, "--grow", 2.5)
    call("train", "--data", table, *line, "--checkpoint", path)
    call(*line_of(path, table, "--checkpoint", new))
    hyper = checkpoints.load(new).hyper
    assert (hyper.theta, hyper.grow) == (25, 1)


def test_the_threshold_of_pictures_stays(call, tmp_path):
    path, new = tmp_path / "run.npz", tmp_path / "new.npz"
    sizes = ("--train-size", 300, "--test-size", 80, "--epochs", 2)
    call("train", "--data", "digits", *sizes, "--threshold", 60, "--checkpoint", path)
    line = ("--from", path, "--data", "digits", *sizes, "--checkpoint", new)
    assert call("train", *line)[1] == 0
    assert checkpoints.load(new).origin.threshold == 60


def test_what_is_refused(refused, trained, table, tmp_path):
    path, before = trained[0], trained[0].read_bytes()
    values, labels = samples(60, 2)
    new = write(tmp_path / "b.csv", values, np.where(labels == "cow", "pig", labels))
    refused(("the classes 'pig'", "train a new network"), *line_of(path, new))
    new = write(tmp_path / "b.csv", values, np.where(labels == "cow", "pig", labels), "abcdx")
    refused(("no column 'e'",), *line_of(path, new))
    refused(("--hidden cannot change", str(path)), *line_of(path, table, "--hidden", 9))
    refused(("--levels cannot change",), *line_of(path, table, "--levels", 9))
    refused(("leave one out",), *line_of(path, table, "--resume", path))
    words = ("that has done 20 of 20 epochs", "--force")
    refused(words, *line_of(path, table, "--checkpoint", path))
    refused(("cannot be read",), *line_of(tmp_path / "no.npz", table))
    assert path.read_bytes() == before


CLASSES = np.array(["cat", "cow", "dog", "pig"])


def four_kinds(path):
    """Write a table with a fourth kind of animals, told by the fourth feature."""
    generator = np.random.default_rng(3)
    labels = np.arange(160) % 4
    values = generator.normal(size=(160, 5))
    values[:, :4] += 4 * np.eye(4)[labels]
    return write(path, values.round(3), CLASSES[labels])


def test_a_class_is_added_with_an_output_of_its_own(call, trained, tmp_path, refused):
    path, new = trained[0], tmp_path / "new.npz"
    table = four_kinds(tmp_path / "four.csv")
    refused(("the classes 'pig'", "--add-class"), *line_of(path, table))
    found, code, _ = call(*line_of(path, table, "--add-class", "--checkpoint", new), "--epochs", 20)
    assert code == 0
    assert found["classes"] == CLASSES.tolist()
    assert found["network"][-1] == 4
    assert found["test_accuracy"] > 0.8
    assert found["confusion"][3][3] >= 5
    old, trainer = checkpoints.load(path), checkpoints.load(new)
    assert len(trainer.network.weights[-1]) == len(old.network.weights[-1]) + 1
    predicted, _, _ = call("predict", "--checkpoint", new, "--data", table)
    assert {"pig"} < {each["class"] for each in predicted["predictions"]}
    refused(("--add-class adds classes to the network of --from",), "train", "--add-class")


@pytest.fixture
def eight(tmp_path):
    """Pictures of the digits 0 to 7."""
    images, labels = load_digits(return_X_y=True)
    few = labels < 8
    pictures = (images[few] * 15).astype(np.uint8).reshape(-1, 8, 8)
    np.savez(tmp_path / "eight.npz", x=pictures, y=labels[few])
    return tmp_path / "eight.npz"


@pytest.mark.parametrize("network", ["64-24-8", "8x8-8k3p2-8"])
def test_classes_of_pictures_that_come_divided_are_added(call, refused, eight, tmp_path, network):
    path, new = tmp_path / "run.npz", tmp_path / "new.npz"
    line = ("--data", eight, "--network", network, "--epochs", 4, "--checkpoint", path)
    assert call("train", *line)[1] == 0
    line = ("train", "--from", path, "--data", "digits", "--epochs", 6)
    refused(("digits has the classes '8', '9'", "no outputs for", "--add-class"), *line)
    found, code, _ = call(*line, "--add-class", "--checkpoint", new)
    assert code == 0
    assert found["classes"] == list("0123456789")
    assert found["test_accuracy"] > 0.5
    assert sum(found["confusion"][8][8:]) + sum(found["confusion"][9][8:]) > 20
    tested, _, _ = call("eval", "--checkpoint", new, "--data", "digits")
    assert tested["test_accuracy"] == found["test_accuracy"]


def test_a_graph_goes_on_with_its_network(call, eight, tmp_path, refused):
    path, new = tmp_path / "run.npz", tmp_path / "new.npz"
    line = ("--data", eight, "--network", "8x8-8k3p2-8", "--checkpoint", path)
    first, _, _ = call("train", *line, "--epochs", 6)
    before = path.read_bytes()
    found, code, _ = call("train", "--from", path, "--data", eight, "--checkpoint", new)
    assert code == 0
    assert found["test_accuracy"] > first["test_accuracy"] - 0.05
    assert path.read_bytes() == before
    assert (graphs.load(new).epoch, graphs.load(new).epochs) == (10, 10)
    refused(("--threshold cannot change",), "train", "--from", path, "--threshold", 9)
    refused(("--hidden cannot change",), "train", "--from", path, "--hidden", 9)
    refused(("leave one out",), "train", "--from", path, "--resume", path)


@pytest.mark.parametrize(("network", "name"), [("64-24-8", "layer1"), ("8x8-8k3p2-8", "1")])
def test_frozen_layers_stay(call, refused, eight, tmp_path, network, name):
    path, new = tmp_path / "run.npz", tmp_path / "new.npz"
    line = ("train", "--data", eight, "--network", network, "--epochs", 2)
    found, code, _ = call(*line, "--freeze", name, "--checkpoint", path)
    assert code == 0
    assert found["flips"][0] == 0
    again = ("train", "--from", path, "--data", eight, "--epochs", 2)
    assert call(*again)[0]["flips"][0] == 0
    assert call(*again, "--freeze", "none", "--checkpoint", new)[0]["flips"][0] > 0
    other, _, _ = call(*again, "--freeze", "layer2")
    assert other["flips"][0] > 0
    assert other["flips"][1] == 0
    refused(("--freeze cannot change",), "train", "--resume", path, "--freeze", "2")
    refused(("'layer7' is no layer", "layer1, layer2, or 1 to 2"), *line, "--freeze", "layer7")
    refused(("all layers are frozen",), *line, "--freeze", "1,2")
