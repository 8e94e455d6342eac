"""Ordinary tables with governors: one set of constants, chosen without their test samples."""

from functools import partial
from typing import Any

import numpy as np

from boldhw.data.coder import QUANTILES, Coder
from boldhw.data.majority import majority_share
from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.experiments.table_sets import (
    FOREST,
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
from boldhw.golden.graph.dense import dense_run
from boldhw.report.figures import plot
from boldhw.spec.numbers import ceil_div

# What the table of docs/ was measured with, whatever the defaults become.
CHOSEN: dict[str, Any] = {
    "hidden": 256, "levels": 16, "visits": 10_000, "least": 20, "code": QUANTILES,
    "calibrated": True, "constants": training.CONSTANTS,
}  # fmt: skip
VISITS = (5_000, 20_000)
BASELINES = (MAJORITY, LINEAR, FOREST)
USUAL = "governors"
# Label -> changes of what was chosen.
CHANGES: dict[str, dict[str, Any]] = {
    USUAL: {},
    "not calibrated": {"calibrated": False},
    **{f"{visits} samples": {"visits": visits} for visits in VISITS},
    **{f"{units} hidden units": {"hidden": units} for units in (64, 1024)},
    **{f"{levels} levels": {"levels": levels} for levels in (8, 32)},
    "edges at equal distances": {"code": "even"},
    "margin 1": {"constants": {**training.CONSTANTS, "margin_first": 16}},
    "band 25 to 35 %": {"constants": {**training.CONSTANTS, "dense_low": 64, "dense_high": 90}},
}


def runs(seeds, quick):
    """Every candidate on validation samples, what is chosen on test samples; quick: few, brief."""
    candidates = {label: {**CHOSEN, **changes} for label, changes in CHANGES.items()}
    common: dict[str, Any] = {}
    if quick:
        candidates = {label: candidates[label] for label in (USUAL, "not calibrated")}
        common = {"tables": ["iris", "2 classes"]}
    baselines: dict[str, dict[str, Any]] = {label: {} for label in BASELINES}
    return [
        {"part": part, "label": label, "seed": seed, **common, **settings}
        for part, group in ((VALIDATION, candidates), (TEST, {USUAL: candidates[USUAL]}))
        for label, settings in (baselines | group).items()
        for seed in range(1, seeds + 1)
    ]


def run(settings, dataset):
    """Return the accuracy on every table; ``dataset`` is not used."""
    return accuracies(settings, partial(_accuracy, settings))


def _accuracy(settings, X, y, judged_x, judged_y):
    """Return the accuracy of one fit on the judged samples."""
    if settings["label"] == MAJORITY:
        return majority_share(judged_y)
    if settings["label"] in BASELINES:
        model = baseline(settings["label"], settings["seed"])
        return float(model.fit(X, y).score(judged_x, judged_y))
    coder = Coder.fit(X, settings["code"], settings["levels"])
    bits, classes = coder(X), int(y.max()) + 1
    trainer = dense_run(
        (bits.shape[1], settings["hidden"], classes),
        bits,
        y,
        max(settings["least"], ceil_div(settings["visits"], len(y))),
        settings["seed"],
        constants=settings["constants"],
        calibrated=settings["calibrated"],
    )
    for _ in trainer.run(bits, y, bits[:1], y[:1]):
        pass
    return float(np.mean(trainer.graph.infer(coder(judged_x)).argmax(axis=1) == judged_y))


def report(records):
    """Return the table of candidates, that of the test samples, and a plot over the samples."""
    parts = parts_of(records)
    rows = parts[VALIDATION]
    known = {CHOSEN["visits"]: USUAL} | {visits: f"{visits} samples" for visits in VISITS}
    line = [(visits, mean_of(rows[known[visits]])) for visits in sorted(known)
            if known[visits] in rows]  # fmt: skip
    figure = plot({USUAL: line}, "samples seen", "mean accuracy of all tables, %", log=True)
    return text_of(parts), {"tables.svg": figure}


def cost(settings):
    """Return how long a run takes: baselines little."""
    return settings["visits"] * (settings["hidden"] + 200) if "visits" in settings else 100_000


EXPERIMENT = Experiment(
    title="Ordinary tables with governors",
    runs=runs,
    run=run,
    report=report,
    cost=cost,
    brings_data=True,
)
