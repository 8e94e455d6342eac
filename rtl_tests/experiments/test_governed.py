"""Runs of experiments with governors, and what their report says of them."""

from boldhw import data
from boldhw.experiments import governed, training
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.dense import dense_run

DIGITS = data.load("digits", 300, 100)


def test_constants_are_pinned_and_are_those_of_today():
    assert Constants(**training.CONSTANTS) == Constants()
    assert all(run["constants"].keys() == training.CONSTANTS.keys()
               for run in governed.runs(1, False))  # fmt: skip


def test_train_is_the_run_of_a_dense_chain():
    settings = training.governed("64-20-10", 2, 7, batch=5)
    bits, test = (data.telling_bits(x, (64,)) for x in (DIGITS.x_train, DIGITS.x_test))
    trainer = dense_run("64-20-10", bits, DIGITS.y_train, 2, 7, constants={"batch": 5},
                        zero_true=True, calibrated=False)  # fmt: skip
    epochs = list(trainer.run(bits, DIGITS.y_train, test, DIGITS.y_test))
    result = training.train(settings, DIGITS)
    assert result["accuracy"] == [epoch.test_accuracy for epoch in epochs]
    assert result["flips"] == [epoch.flips for epoch in epochs]
    shifted = training.train({**settings, "shift": True}, DIGITS)
    assert shifted["accuracy"] != result["accuracy"]


def test_the_report_takes_means_and_worst_seeds():
    accuracy = {governed.NETWORKS: (0.96, 0.97), governed.ONCE: (0.93, 0.95)}
    records = [
        {"settings": {**training.governed("784-256-10", 2, seed), "part": part},
         "result": {"accuracy": [0.5, value], "active": [0.5, 0.1], "updates": [1, 1]},
         "seconds": 1.0}
        for part, values in accuracy.items() for seed, value in enumerate(values, 1)
    ]  # fmt: skip
    text, figures = governed.report(records)
    assert "| networks | 784-256-10 | 2 | 2 | 96.50 +- 0.71 (96.00) | 96.72 | -0.22 |" in text
    assert "| collapse | 784-256-10 | 2 | 2 | 94.00 +- 1.41 (93.00) | 94 | -1.00 |" in text
    assert list(figures) == ["governed.svg"]


def test_every_network_is_compared_with_its_chain():
    for part, (networks, _) in governed.PARTS.items():
        assert set(governed.CHAINS[part]) == set(networks)
    assert len(governed.runs(1, False)) == 3 + 6 + 9
