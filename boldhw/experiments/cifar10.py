"""Convolutional networks with governors on small photographs in colour."""

from functools import partial
from typing import Any

from boldhw import data
from boldhw.errors import DataError
from boldhw.experiments import classification
from boldhw.experiments.classification import GREY, settings
from boldhw.experiments.experiment import Experiment

PICTURE = 32, 32, 3
QUANTILES = 4  # thresholds of a colour
NETWORK = "32x32x12-64k3p2-128k3p2-256k3p2-10"
EPOCHS, TRIAL = 12, 4
QUICK_SAMPLES = 1000, 500  # training, test
# Photographs have no dark background: samples are {F,T} and the means of planes leave the votes.
# More samples are active, and more outputs within their windows, than with the usual constants.
PHOTOS: dict[str, Any] = {
    "levels": QUANTILES, "change": "mirror", "signed": True, "centred": True, "maps": False,
    "gated": 205, "margin_first": 96, "margin_last": 48,
}  # fmt: skip
# What was tried beside these.
TRIALS: dict[str, dict[str, Any]] = {
    "as tested": {},
    "usual constants": {"gated": 128, "margin_first": 48, "margin_last": 16},
    "usual windows": {"gated": 128},
    "usual margin": {"margin_first": 48, "margin_last": 16},
    "hidden maps {0,T}": {"maps": True},
    "units T half of the time": {"fire_low": 123, "fire_high": 133},
    "votes not centred": {"centred": False},
    "signals to the first sum that fired": {"kernel": "first"},
    "A = 10, r = 4, 2, 1, 0": {"bits": 10, "rounding": [4, 2, 1, 0]},
    "A = 8, r = 4, 4, 3, 0": {"bits": 8, "rounding": [4, 4, 3, 0]},
    "A = 8, r = 4, 4, 4, 0": {"bits": 8, "rounding": [4, 4, 4, 0]},
    "A = 6, r = 4, 4, 4, 0": {"bits": 6, "rounding": [4, 4, 4, 0]},
}


def runs(seeds, quick):
    """Return the settings of all runs; the quick ones take digits."""
    if quick:
        name, digits = "28x28x4-8k3p2-16k3p2-10", PHOTOS | {"picture": GREY}
        return [
            settings(name, 1, 2, name, **digits),
            settings(
                name, 1, 1, "A = 8", choose=True, **(digits | {"bits": 8, "rounding": [1, 1, 0]})
            ),
        ]
    tests = [
        settings(NETWORK, seed, EPOCHS, NETWORK, picture=PICTURE, **PHOTOS)
        for seed in range(1, seeds + 1)
    ]
    return tests + [
        settings(NETWORK, seed, TRIAL, label, picture=PICTURE, choose=True, **(PHOTOS | changes))
        for seed in range(1, min(seeds, 2) + 1) for label, changes in TRIALS.items()
    ]  # fmt: skip


def load(name, quick):
    """Return photographs of 32 x 32 pixels, or digits for the quick form.

    Raises DataError for others.
    """
    if quick:
        return data.load(name or "mnist5k", *QUICK_SAMPLES)
    if name is None:
        raise DataError(
            "no package ships photographs; give --data an .npz file with x_train, y_train, x_test "
            "and y_test, pictures as uint8 of shape (count, 32, 32, 3), or a folder with folders "
            "train and test that have one folder of PNG or JPEG pictures for each class"
        )
    return data.load(name)


EXPERIMENT = Experiment(
    title="Convolutions with governors on photographs",
    runs=runs,
    run=classification.run,
    report=partial(classification.report, name="cifar10"),
    load=load,
    cost=classification.cost,
)
