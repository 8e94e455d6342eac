"""What was tried for more accuracy from the same bits, one change at a time."""

from typing import Any

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.report.figures import plot

BASE: dict[str, Any] = {"network": "784-256-10", "levels": (64,)}
DEEP: dict[str, Any] = {"network": "784-256-256-256-10", "levels": (64,)}
IDEAS = {
    "784-256-10, defaults": BASE,
    "threshold of a pixel 127": BASE | {"levels": (127,)},
    "two thresholds (1568 inputs)": BASE | {"network": "1568-256-10", "levels": (32, 128)},
    "pictures shifted by up to a pixel": BASE | {"shift": True},
    "margin 2": BASE | {"margin": 2.0},
    "window 0.8": BASE | {"window": 0.8},
    "window 1.8": BASE | {"window": 1.8},
    "grow 16": BASE | {"grow": 16.0},
    "grow 4": BASE | {"grow": 4.0},
    "theta_scale 0.32 throughout": BASE | {"theta_scale": 0.32},
    "votes rounded stochastically to quarters": BASE | {"rounding": 2},
    "K = 16": BASE | {"batch": 16},
    "K = 64": BASE | {"batch": 64},
    "last layer learns, last_theta_factor 2": BASE | {"last_theta_factor": 2},
    "last layer frozen, random": BASE | {"last_theta_factor": 4000},
    "4 outputs per class": BASE | {"network": "784-256-40", "outputs_per_class": 4},
    "4 frozen random outputs per class": BASE
    | {"network": "784-256-40", "outputs_per_class": 4, "last_theta_factor": 4000},
    "784-256-256-256-10, defaults": DEEP,
    "deep, margin 2": DEEP | {"margin": 2.0},
    "deep, no dead zone": DEEP | {"dead": 0.0},
    "deep, stochastic ternary, noise 15": DEEP | {"dead": 0.0, "noise": 15},
}


def runs(seeds, quick):
    """Every idea for eight epochs; quick: three for one."""
    ideas = dict(list(IDEAS.items())[:3]) if quick else IDEAS
    return [
        training.settings(**{"epochs": 1 if quick else 8, "seed": seed, "label": label} | idea)
        for label, idea in ideas.items()
        for seed in range(1, seeds + 1)
    ]


def report(records):
    """Return the table, and the curves of the first ideas."""
    groups = training.by_label(records)
    shown = {label: training.curve(groups[label]) for label in list(groups)[:5]}
    plots = {"ideas.svg": plot(shown, "epoch", "test accuracy, %")}
    return training.table(records), plots


EXPERIMENT = Experiment(
    title="More accuracy from the same bits",
    runs=runs,
    run=training.train,
    report=report,
    cost=training.cost,
)
