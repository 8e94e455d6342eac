"""One training run of the golden model as an experiment knows it, and tables of such runs."""

import math
from collections import defaultdict
from dataclasses import asdict, replace
from functools import partial
from statistics import mean, stdev

import numpy as np

from boldhw import data
from boldhw.golden.fastest import fastest_kind
from boldhw.golden.graph.dense import dense_run
from boldhw.golden.hyper import Hyper
from boldhw.golden.trainer import Trainer
from boldhw.spec.engine import EngineConfig
from boldhw.spec.network import Network as Graph

LEVELS = (127,)  # thresholds of a black-and-white picture
# What the tables of docs/ were measured with, whatever the defaults become.
HYPER = Hyper(
    margin=1.0, window=1.2, theta=None, theta_scale=0.16, safe_scale=0.32, last_theta_factor=10,
    grow=8.0, batch=32, rounding=0, dead=0.5, noise=0, decay=False, outputs_per_class=1,
    zero_true=True,
)  # fmt: skip
CONSTANTS = {
    "fire_low": 64, "fire_high": 90, "dense_low": 26, "dense_high": 230, "gated": 128, "dead": 179,
    "flips_first": 3831, "flips_last": 4938, "margin_first": 48, "margin_last": 16, "batch": 16,
}  # fmt: skip
ENGINE = EngineConfig(
    elements=8, lanes=64, batch=64, accumulator_bits=16, weight_rows=1 << 14, data_rows=1 << 16,
    signal_rows=1 << 14, max_layers=16, max_fan_in=1 << 14, stochastic=True, decay=True,
)  # fmt: skip


def settings(
    network, epochs, seed, label=None, *, bits=16, levels=LEVELS, crop=0, shift=False, **hyper
):
    """Return the settings of a run: HYPER with ``hyper`` on ``levels`` thresholds a pixel.

    ``label`` names the row of the table, seeds aside; ``bits`` is A, the accumulator's; ``crop``
    pixels are cut off all around; ``shift`` moves pictures by a pixel at random, in training only.
    """
    return {
        "label": label or network,
        "network": network,
        "epochs": epochs,
        "seed": seed,
        "bits": bits,
        "levels": list(levels),
        "crop": crop,
        "shift": shift,
        "hyper": asdict(replace(HYPER, **hyper)),
    }


def governed(network, epochs, seed, label=None, *, levels=(64,), shift=False, **constants):
    """Return the settings of a run with governors: CONSTANTS with ``constants``."""
    return {
        "label": label or network,
        "network": network,
        "epochs": epochs,
        "seed": seed,
        "levels": list(levels),
        "crop": 0,
        "shift": shift,
        "constants": CONSTANTS | constants,
    }


def cost(settings):
    """Return epochs times weights; a sample costs as much as 300,000 of them besides."""
    return settings["epochs"] * (weights(settings) + 300_000)


def weights(settings):
    """Return the number of weights."""
    return sum(layer.weights for layer in Graph.parse(settings["network"]).layers)


def train(settings, dataset, network=None, hyper=None, kind=Trainer):
    """Train a network; return lists with one entry per epoch.

    ``accuracy`` and ``active`` are shares of test and training samples, ``flips`` one count per
    layer, ``updates`` a count. An experiment may bring what the settings do not describe: its own
    network, its own hyper-parameters, its own kind of Trainer.
    """
    train_images, test_images = (
        cropped(images, settings["crop"]) for images in (dataset.x_train, dataset.x_test)
    )
    side = math.isqrt(train_images.shape[1])
    change = partial(data.shifted, side=side) if settings["shift"] else None
    bits, test_bits = (
        data.telling_bits(images, settings["levels"]) for images in (train_images, test_images)
    )
    if "constants" in settings:
        trainer = _with_governors(settings, bits, dataset.y_train, change)
    else:
        network = network or fastest_kind()(settings["network"], config(settings), settings["seed"])
        hyper = hyper or Hyper(**settings["hyper"])
        trainer = kind(network, hyper, settings["epochs"], settings["seed"], change=change)
    epochs = list(trainer.run(bits, dataset.y_train, test_bits, dataset.y_test))
    return {
        "accuracy": [epoch.test_accuracy for epoch in epochs],
        "active": [epoch.active / epoch.samples for epoch in epochs],
        "flips": [epoch.flips for epoch in epochs],
        "updates": [epoch.updates for epoch in epochs],
    }


def _with_governors(settings, bits, labels, change):
    """Return a GraphTrainer. Sets as large as MNIST need no calibration."""
    trainer = dense_run(
        settings["network"], bits, labels, settings["epochs"], settings["seed"],
        constants=settings["constants"], zero_true=True, calibrated=False,
    )  # fmt: skip
    trainer.change = change
    return trainer


def config(settings):
    """Return the EngineConfig of a run."""
    return replace(ENGINE, accumulator_bits=settings["bits"])


def cropped(images, edge):
    """Return square pictures, uint8, (samples, pixels), without ``edge`` pixels all around."""
    side = math.isqrt(images.shape[1])
    inner = slice(edge, side - edge)
    return images.reshape(-1, side, side)[:, inner, inner].reshape(len(images), -1)


def by_label(records):
    """Return {label: records of all seeds}, in order."""
    groups = defaultdict(list)
    for record in records:
        groups[record["settings"]["label"]].append(record)
    return dict(groups)


def final(records):
    """Return the accuracies after the last epoch, in percent."""
    return [100 * record["result"]["accuracy"][-1] for record in records]


def spread(values):
    """Return ``mean +- standard deviation (least)`` of percentages; a single one as it is."""
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{mean(values):.2f} +- {stdev(values):.2f} ({min(values):.2f})"


def markdown(heading, rows):
    """Return a table. heading: list of texts; rows: lists of texts."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def table(records):
    """Return one row per label: accuracy over the seeds, active fraction, epochs."""
    rows = [
        [
            label,
            group[0]["settings"]["epochs"],
            len(group),
            spread(final(group)),
            f"{100 * mean(record['result']['active'][-1] for record in group):.1f}",
        ]
        for label, group in by_label(records).items()
    ]
    heading = ["network", "epochs", "seeds", "test % (least)", "active % in the last epoch"]
    return markdown(heading, rows)


def curve(group, name="accuracy"):
    """Return [(epoch, mean over the seeds in percent)]."""
    lines = np.mean([record["result"][name] for record in group], axis=0)
    return [(epoch, 100 * value) for epoch, value in enumerate(lines.tolist(), 1)]
