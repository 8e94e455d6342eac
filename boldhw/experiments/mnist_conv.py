"""Convolutional networks with governors on handwritten digits: accuracy, and what was chosen."""

from functools import partial
from typing import Any

from boldhw.experiments import classification
from boldhw.experiments.classification import settings
from boldhw.experiments.experiment import Experiment

ONE, THREE = (64,), (32, 96, 160)  # thresholds of a pixel
LARGE, SMALL, LEAST = (
    "28x28x3-64k5p2-128k5p2-10", "28x28-16k5p2-32k5p2-10", "28x28-7k5p2-14k5p2-10",
)  # fmt: skip
NETWORKS = {LARGE: THREE, SMALL: ONE, LEAST: ONE}
BOARDS = SMALL, LEAST  # those that boards hold
EPOCHS, TRIAL, LONG = 15, 6, 30
NARROW = {"bits": 8, "rounding": [4, 4, 0]}
# What was tried beside the usual constants, on SMALL.
TRIALS: dict[str, dict[str, Any]] = {
    "usual": {},
    "hidden maps {F,T}": {"maps": False},
    "flips twice as often": {"flips_first": 3575, "flips_last": 4682},
    "signals to the first sum that fired": {"kernel": "first"},
    "A = 8, r = 4, 4, 0": NARROW,
    "A = 8, r = 4, 4, 0, rounded by noise": NARROW | {"kernel": "noise"},
    "A = 8, r = 4, 4, 0, rounded by one random number of a layer": NARROW | {"kernel": "one"},
    "A = 8, r = 4, 4, 0, rounded and clamped once a batch": NARROW | {"kernel": "batch"},
    "A = 8, r = 4, 2, 0": {"bits": 8, "rounding": [4, 2, 0]},
    "A = 8, r = 2, 2, 0": {"bits": 8, "rounding": [2, 2, 0]},
    "A = 6, r = 4, 4, 0": {"bits": 6, "rounding": [4, 4, 0]},
    "A = 6, r = 4, 4, 0, rounded by noise": {"bits": 6, "rounding": [4, 4, 0], "kernel": "noise"},
}


def runs(seeds, quick):
    """Return the settings of all runs."""
    if quick:
        return [
            settings(LEAST, 1, 3, LEAST, levels=ONE),
            settings(LEAST, 1, 2, "hidden maps {F,T}", levels=ONE, choose=True, maps=False),
            settings(LEAST, 1, 1, "first", levels=ONE, choose=True, kernel="first"),
            settings(LEAST, 1, 1, "noise", levels=ONE, choose=True, kernel="noise", bits=8,
                     rounding=[2, 2, 0]),
        ]  # fmt: skip
    tests = [
        settings(name, seed, EPOCHS, name, levels=levels)
        for seed in range(1, seeds + 1) for name, levels in NETWORKS.items()
    ] + [
        settings(name, seed, EPOCHS, f"{name}, hidden maps {{F,T}}", levels=ONE, maps=False)
        for seed in range(1, seeds + 1) for name in BOARDS
    ] + [
        settings(name, seed, LONG, f"{name}, {LONG} epochs", levels=ONE)
        for seed in range(1, seeds + 1) for name in BOARDS
    ]  # fmt: skip
    trials = [
        settings(SMALL, seed, TRIAL, label, choose=True, **{"levels": ONE, **changes})
        for seed in range(1, min(seeds, 3) + 1) for label, changes in TRIALS.items()
    ]  # fmt: skip
    longer = [
        settings(LEAST, 1, epochs, f"{LEAST}, {epochs} epochs", choose=True, levels=ONE)
        for epochs in (EPOCHS, LONG)
    ]
    return tests + trials + longer


EXPERIMENT = Experiment(
    title="Convolutions with governors on digits",
    runs=runs,
    run=classification.run,
    report=partial(classification.report, name="mnist-conv"),
    cost=classification.cost,
)
