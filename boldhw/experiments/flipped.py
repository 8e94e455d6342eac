"""Accuracy after a share of all weights has been inverted, and updates until it is back."""

from dataclasses import asdict, replace
from statistics import mean, median
from typing import Any

import numpy as np

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.golden.fastest import fastest_kind
from boldhw.golden.hyper import Hyper
from boldhw.golden.trainer import Trainer
from boldhw.report.figures import plot

SHARES = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0)  # percent
NETWORK, EPOCHS, BITS = "784-84-10", 10, 6
HYPER = replace(training.HYPER, theta=6, last_theta_factor=5, grow=5.0)
BACK = 1.0  # points below what it was that count as recovered
PASSES = 5  # over the training samples, at most, after the weights have been inverted
FLIPS, ORDER = 1, 2  # what a seed is spawned for


def runs(seeds, quick):
    """Every share and seed; quick: three shares and one epoch."""
    shares, epochs = ((0.0, 10.0, 50.0), 1) if quick else (SHARES, EPOCHS)
    return [
        {
            "share": share, "network": NETWORK, "epochs": epochs, "bits": BITS, "seed": seed,
            "hyper": asdict(HYPER),
        }
        for share in shares
        for seed in range(1, seeds + 1)
    ]  # fmt: skip


def run(settings, dataset):
    """Train, invert weights, train on.

    Returns the accuracies ``before`` and ``after`` the inversion, and the ``curve`` after each
    update from then on; it ends when the accuracy is back or PASSES are over. ``recovered`` is the
    number of updates it took, None if it did not.
    """
    network = fastest_kind()(settings["network"], training.config(settings), settings["seed"])
    trainer = Trainer(network, Hyper(**settings["hyper"]), settings["epochs"], settings["seed"])
    samples = dataset.samples(training.LEVELS)
    *_, last = trainer.run(*samples)
    invert(network, settings["share"] / 100, _generator(settings, FLIPS))
    after = trainer.accuracy(*samples[2:])
    goal, curve = last.test_accuracy - BACK / 100, []
    if after < goal:
        for accuracy in _accuracies(trainer, samples, _generator(settings, ORDER)):
            curve.append(accuracy)
            if accuracy >= goal:
                break
    back = [after, *curve][-1] >= goal
    return {
        "before": last.test_accuracy,
        "after": after,
        "curve": curve,
        "recovered": len(curve) if back else None,
    }


def invert(network, share, generator):
    """Invert each weight of a network with probability ``share``."""
    for layer, weights in enumerate(network.weights):
        network.weights[layer] = weights ^ (generator.random(weights.shape) < share)


def _accuracies(trainer, samples, generator):
    """Train on with the settings of the last epoch; yield the accuracy after each update."""
    bits, labels, test_bits, test_labels = samples
    for _ in range(PASSES):
        order = generator.permutation(len(bits))
        while len(order):
            stats = trainer.network.train(bits[order], labels[order], stop_at_update=True)
            order = order[stats.samples :]
            if stats.updates:
                yield trainer.accuracy(test_bits, test_labels)


def _generator(settings, purpose):
    return np.random.default_rng(np.random.SeedSequence(settings["seed"], spawn_key=(purpose,)))


def report(records):
    """Return a table of shares, and both plots."""
    groups: dict[int, list[Any]] = {}
    for record in records:
        groups.setdefault(record["settings"]["share"], []).append(record["result"])
    rows = [_row(share, group) for share, group in groups.items()]
    accuracy = {
        name: [(share, 100 * mean(r[key] for r in group)) for share, group in groups.items()]
        for name, key in (("inverted", "after"), ("before", "before"))
    }
    updates = [
        (share, median(r["recovered"] for r in group))
        for share, group in groups.items()
        if all(r["recovered"] is not None for r in group)
    ]
    heading = [
        "weights inverted, %", "runs", "before, test % (least)", "inverted, test % (least)",
        f"runs back within {BACK:g} point", "updates until then, median", "most",
    ]  # fmt: skip
    return training.markdown(heading, rows), {
        "flipped.svg": plot(accuracy, "weights inverted, %", "test accuracy, %"),
        "recovery.svg": plot({"median": updates}, "weights inverted, %", "updates to recover"),
    }


def _row(share, group):
    back = [result["recovered"] for result in group if result["recovered"] is not None]
    return [
        f"{share:g}",
        len(group),
        *(training.spread([100 * result[key] for result in group]) for key in ("before", "after")),
        len(back),
        *((f"{median(back):g}", max(back)) if back else ("-", "-")),
    ]


EXPERIMENT = Experiment(
    title="Accuracy after inverted weights, and how training mends them",
    runs=runs,
    run=run,
    report=report,
)
