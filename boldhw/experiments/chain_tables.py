"""Ordinary tables on chains that engines can run: hyper-parameters that hold on all of them."""

import warnings
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from boldhw.data.majority import majority_share
from boldhw.errors import NothingLearnedWarning
from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.experiments.table_sets import (
    LINEAR,
    MAJORITY,
    TEST,
    VALIDATION,
    accuracies,
    baseline,
    mean_of,
    parts_of,
    text_of,
)
from boldhw.golden.hyper import FEATURES, Hyper
from boldhw.report.figures import plot

BEFORE = "as for pictures, K = 16"  # what the classifier took at first, tuned on few tables
PICTURES = "as for pictures"
CHOSEN, QUANTILES = "chosen", "chosen, features as quantiles"
SCALES, BATCHES = (0.08, 0.16, 0.32, 0.64, 0.9, 1.28, 1.8), (4, 8, 16, 32)
LEVELS, HIDDEN = 8, (64,)
SHORT, FEW_SCALES, FEW_BATCHES = (
    10,
    (0.64, 0.9, 1.28),
    (4, 8, 16),
)  # epochs; what is tried with them
# Label -> changes of the chosen hyper-parameters; with them, levels.
CHANGES: dict[str, dict[str, Any]] = {
    "theta_scale 0.45 from the second epoch on": {"theta_scale": 0.45},
    "theta_scale 1.8 in the first epoch": {"safe_scale": 1.8},
    "window 0.8": {"window": 0.8},
    "window 2": {"window": 2.0},
    "margin 1": {"margin": 1.0},
    "margin 3": {"margin": 3.0},
    "grow 4": {"grow": 4.0},
    "grow 16": {"grow": 16.0},
    "last_theta_factor 1": {"last_theta_factor": 1},
    "last_theta_factor 10": {"last_theta_factor": 10},
    "inputs {0,T}": {"zero_true": True},
    "4 levels": {"levels": 4},
    "16 levels": {"levels": 16},
    "32 levels": {"levels": 32},
}


def runs(seeds, quick):
    """Every candidate on validation samples, what is chosen on test samples; quick: few, brief."""
    candidates = _candidates()
    tested = {BEFORE: candidates[BEFORE], CHOSEN: candidates[CHOSEN], QUANTILES: candidates[CHOSEN]}
    if quick:
        candidates = {label: candidates[label] for label in (BEFORE, CHOSEN)}
    common = {"epochs": 3, "tables": ["iris", "2 classes"]} if quick else {"epochs": 40}
    baselines: dict[str, dict[str, Any]] = {MAJORITY: {}, LINEAR: {}}
    return [
        {"part": part, "label": label, "seed": seed, **common, **settings}
        for part, group in ((VALIDATION, candidates), (TEST, tested))
        for label, settings in (baselines | group).items()
        for seed in range(1, seeds + 1)
    ]


def _candidates():
    """Return {label: settings}: theta and batch, one change at a time, and few epochs."""
    choices = {
        BEFORE: replace(training.HYPER, zero_true=False, batch=16),
        PICTURES: training.HYPER,
        CHOSEN: FEATURES,
        **{
            _grid(scale, batch): replace(FEATURES, theta_scale=scale, safe_scale=scale, batch=batch)
            for batch in BATCHES
            for scale in SCALES
        },
    }
    settings = {label: _settings(hyper) for label, hyper in choices.items()}
    for label, changes in CHANGES.items():
        levels = changes.get("levels", LEVELS)
        hyper = {name: value for name, value in changes.items() if name != "levels"}
        settings[label] = _settings(replace(FEATURES, **hyper), levels)
    for batch in FEW_BATCHES:
        for scale in FEW_SCALES:
            label = _grid(scale, batch)
            settings[f"{SHORT} epochs, {label}"] = settings[label] | {"epochs": SHORT}
    return settings


def _grid(scale, batch):
    """Return the label of a choice of theta and batch."""
    return f"theta_scale {scale}, K = {batch}"


def _settings(hyper, levels=LEVELS):
    return {"levels": levels, "hyper": asdict(hyper)}


def run(settings, dataset):
    """Return the accuracy on every table; ``dataset`` is not used."""
    return accuracies(settings, partial(_accuracy, settings))


def _accuracy(settings, X, y, judged_x, judged_y):
    """Return the accuracy of one fit on the judged samples."""
    if settings["label"] == MAJORITY:
        return majority_share(judged_y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NothingLearnedWarning)  # the report counts them
        return float(_model(settings).fit(X, y).score(judged_x, judged_y))


def _model(settings):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer

    from boldhw.classifier import BoldClassifier

    if settings["label"] == LINEAR:
        return baseline(LINEAR, settings["seed"])
    model = BoldClassifier(
        hidden=HIDDEN, epochs=settings["epochs"], levels=settings["levels"], code="even",
        hyper=Hyper(**settings["hyper"]), random_state=settings["seed"],
    )  # fmt: skip
    if settings["label"] == QUANTILES:
        return make_pipeline(QuantileTransformer(n_quantiles=50), model)
    return model


def report(records):
    """Return the table of candidates, that of the test samples, and the plot of the grid."""
    parts = parts_of(records)
    return text_of(parts), {"chain-tables.svg": _figure(parts[VALIDATION])}


def _figure(rows):
    """Plot the mean of the grid against theta, a line per batch."""
    series = {
        f"K = {batch}": [
            (scale, mean_of(rows[label]))
            for scale in SCALES
            if (label := _grid(scale, batch)) in rows
        ]
        for batch in BATCHES
    }
    series = {name: points for name, points in series.items() if points}
    series = series or {CHOSEN: [(FEATURES.theta_scale, mean_of(rows[CHOSEN]))]}
    return plot(series, "theta_scale", "mean accuracy of all tables, %", log=True)


def cost(settings):
    """Return how long a run takes: baselines none, small batches update more often."""
    return 4 + 16 / settings["hyper"]["batch"] if "hyper" in settings else 0.1


EXPERIMENT = Experiment(
    title="Hyper-parameters of chains for ordinary tables",
    runs=runs,
    run=run,
    report=report,
    cost=cost,
    brings_data=True,
)
