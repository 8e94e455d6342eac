"""Convolutional networks with governors on handwritten digits: accuracy, and what was chosen.

Settings are chosen on the last sixth of the training pictures, on which those rows are not trained.
The other rows train on all of them and are tested once, after the last epoch.
"""

from functools import partial
from typing import Any

import numpy as np

from boldhw.data import datasets
from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.report.figures import plot
from boldhw.spec.layer import CONV
from boldhw.spec.network import Network

SIDE = 28
ONE, THREE = (64,), (32, 96, 160)  # thresholds of a pixel
NETWORKS = {
    "28x28x3-64k5p2-128k5p2-10": THREE,
    "28x28-16k5p2-32k5p2-10": ONE,
    "28x28-7k5p2-14k5p2-10": ONE,
}
BOARDS = [name for name, levels in NETWORKS.items() if levels == ONE]  # those that boards hold
SMALL = "28x28-16k5p2-32k5p2-10"  # on which settings are chosen
EPOCHS, TRIAL = 15, 6
HOLD = 6  # one of so many training pictures is held back to choose settings
PICTURES = 2000  # that tell the share of T's at the start


def settings(network, seed, epochs, label, *, levels, choose=False, maps=True, bits=16,
             rounding=(), **constants):  # fmt: skip
    """Return the settings of a run; ``constants`` are those that are not the usual ones.

    choose: hold pictures back and test on these.  maps: hidden maps are {0,T}.  bits: of an
    accumulator.  rounding: of each layer, none if it is left out.
    """
    return {"label": label, "network": network, "seed": seed, "epochs": epochs,
            "levels": list(levels), "choose": choose, "maps": maps, "bits": bits,
            "rounding": list(rounding), "constants": constants}  # fmt: skip


# What was tried beside the usual constants, on SMALL.
TRIALS: dict[str, dict[str, Any]] = {
    "usual": {},
    "hidden maps {F,T}": {"maps": False},
    "flips twice as often": {"flips_first": 3575, "flips_last": 4682},
    "A = 8, r = 4, 4, 0": {"bits": 8, "rounding": [4, 4, 0]},
}


def runs(seeds, quick):
    """Return the settings of all runs."""
    if quick:
        name = "28x28-7k5p2-14k5p2-10"
        return [
            settings(name, 1, 3, name, levels=ONE),
            settings(name, 1, 2, "hidden maps {F,T}", levels=ONE, choose=True, maps=False),
        ]
    tests = [
        settings(name, seed, EPOCHS, name, levels=levels)
        for seed in range(1, seeds + 1) for name, levels in NETWORKS.items()
    ] + [
        settings(name, seed, EPOCHS, f"{name}, hidden maps {{F,T}}", levels=ONE, maps=False)
        for seed in range(1, seeds + 1) for name in BOARDS
    ]  # fmt: skip
    return tests + [
        settings(SMALL, seed, TRIAL, label, choose=True, **{"levels": ONE, **changes})
        for seed in range(1, min(seeds, 2) + 1) for label, changes in TRIALS.items()
    ]  # fmt: skip


def run(settings, dataset):
    """Train a network; return lists with one entry per epoch."""
    pictures, labels, test, test_labels = _parts(settings, dataset)
    code = Levels(tuple(settings["levels"]))
    spec, constants = Network.parse(settings["network"]), Constants(**settings["constants"])
    bits = code(pictures[:PICTURES])
    initial = start(
        spec,
        constants,
        int(256 * np.count_nonzero(bits) / bits.size),
        zero_true=[not index or settings["maps"] and layer.kind == CONV
                   for index, layer in enumerate(spec.layers)],
        bits=settings["bits"],
        rounding=settings["rounding"],
    )  # fmt: skip
    graph = fastest(spec, initial, settings["seed"], settings["bits"], bits, labels)
    trainer = GraphTrainer(
        graph, constants, settings["epochs"], len(labels), settings["seed"], code,
        partial(datasets.shifted, side=SIDE),
    )  # fmt: skip
    epochs = list(trainer.run(pictures, labels, test, test_labels))
    return {
        "accuracy": [epoch.test_accuracy for epoch in epochs],
        "active": [epoch.active / epoch.samples for epoch in epochs],
        "flips": [epoch.flips for epoch in epochs],
        "updates": [epoch.updates for epoch in epochs],
        "samples": len(labels),
        "theta": [layer.settings.theta for layer in graph.layers],
    }


def _parts(settings, dataset):
    """Return pictures and labels to train on, and to test on."""
    if not settings["choose"]:
        return dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test
    first = len(dataset.y_train) - len(dataset.y_train) // HOLD
    x, y = dataset.x_train, dataset.y_train
    return x[:first], y[:first], x[first:], y[first:]


def weights(settings):
    """Return the number of weights."""
    return sum(layer.weights for layer in Network.parse(settings["network"]).layers)


def cost(settings):
    """Return epochs times the weights that samples meet, and what a sample costs besides."""
    layers = Network.parse(settings["network"]).layers
    sums = sum(layer.weights * layer.makes.height * layer.makes.width for layer in layers)
    return settings["epochs"] * (sums + 3_000_000)


def report(records):
    """Return the tables, and the curves of networks over epochs."""
    tested = [record for record in records if not record["settings"]["choose"]]
    chosen = [record for record in records if record["settings"]["choose"]]
    text = _table("test", tested)
    if chosen:
        text += f"\n\nTested on the training pictures held back:\n\n{_table('held back', chosen)}"
    lines = {label: training.curve(group) for label, group in training.by_label(tested).items()}
    return text, {"mnist-conv.svg": plot(lines, "epoch", "test accuracy, %")}


def _rate(record):
    """Return training samples per second of a whole run, tests after each epoch included."""
    return record["settings"]["epochs"] * record["result"]["samples"] / record["seconds"]


def _table(what, records):
    rows = [
        [
            label,
            f"{weights(group[0]['settings']):,}",
            ", ".join(map(str, group[0]["settings"]["levels"])),
            group[0]["settings"]["epochs"],
            len(group),
            training.spread(training.final(group)),
            f"{100 * np.mean([record['result']['active'][-1] for record in group]):.1f}",
            f"{np.mean([_rate(record) for record in group]):,.0f}",
        ]
        for label, group in training.by_label(records).items()
    ]
    heading = ["network", "weights", "pixel thresholds", "epochs", "seeds",
               f"{what} % (least)", "active % in the last epoch", "training samples/s"]  # fmt: skip
    return training.markdown(heading, rows)


EXPERIMENT = Experiment(
    title="Convolutions with governors", runs=runs, run=run, report=report, cost=cost
)
