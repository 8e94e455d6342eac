"""A convolutional network with governors on pictures of clothes."""

from functools import partial
from typing import Any

from boldhw.experiments import classification
from boldhw.experiments.classification import settings
from boldhw.experiments.experiment import Experiment

LEVELS = (16, 64, 128, 192)  # thresholds of a pixel
NETWORK = "28x28x4-64k5p2-128k5p2-10"
EPOCHS, TRIAL = 12, 4
# What was tried beside the usual constants.
TRIALS: dict[str, dict[str, Any]] = {
    "usual": {},
    "centred votes": {"centred": True},
    "hidden maps {F,T}": {"maps": False},
    "hidden maps {F,T}, dead zones that grow from a small mean": {"maps": False, "size": 4},
    "shifted, not mirrored": {"change": "shift"},
    "signals to the first sum that fired": {"kernel": "first"},
    "A = 8, r = 4, 4, 0": {"bits": 8, "rounding": [4, 4, 0]},
    "A = 8, r = 4, 4, 0, rounded by noise": {"bits": 8, "rounding": [4, 4, 0], "kernel": "noise"},
}


def runs(seeds, quick):
    """Return the settings of all runs."""
    if quick:
        name = "28x28x4-7k5p2-14k5p2-10"
        return [
            settings(name, 1, 2, name, levels=LEVELS, change="mirror"),
            settings(
                name, 1, 1, "centred", levels=LEVELS, change="mirror", choose=True, centred=True
            ),
        ]
    tests = [
        settings(NETWORK, seed, EPOCHS, NETWORK, levels=LEVELS, change="mirror")
        for seed in range(1, seeds + 1)
    ]
    return tests + [
        settings(NETWORK, seed, TRIAL, label, levels=LEVELS, choose=True,
                 **{"change": "mirror", **changes})
        for seed in range(1, min(seeds, 3) + 1) for label, changes in TRIALS.items()
    ]  # fmt: skip


EXPERIMENT = Experiment(
    title="Convolutions with governors on clothes",
    runs=runs,
    run=classification.run,
    report=partial(classification.report, name="fashion"),
    cost=classification.cost,
)
