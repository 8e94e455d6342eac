"""boldhw train --from: a new run begins with the network of an earlier one."""

import numpy as np
from support.own_tables import samples, write

from boldhw.golden import checkpoint as checkpoints


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
