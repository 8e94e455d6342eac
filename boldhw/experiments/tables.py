"""Ordinary tables: what hyper-parameters hold on all of them, chosen without their test samples."""

from collections import defaultdict
from dataclasses import asdict, replace
from statistics import mean
from typing import Any

import numpy as np

from boldhw.data.majority import majority_share
from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.golden.hyper import FEATURES, Hyper
from boldhw.report.figures import plot

VALIDATION, TEST = "validation", "test"
SHARE = 0.3  # of a table that is kept for testing, and of the rest that is kept for choosing
MAJORITY, LINEAR = "majority class", "logistic regression"
BEFORE = "as for pictures, K = 16"  # what the classifier took at first, tuned on few tables
PICTURES = "as for pictures"
CHOSEN, QUANTILES = "chosen", "chosen, features as quantiles"
SCALES, BATCHES = (0.08, 0.16, 0.32, 0.64, 0.9, 1.28, 1.8), (4, 8, 16, 32)
LEVELS = 8
SHORT, FEW_SCALES, FEW_BATCHES = (
    10,
    (0.64, 0.9, 1.28),
    (4, 8, 16),
)  # epochs; what is tried with them
FRESH = 100  # added to the seed of a made table, so that none was seen while ideas were tried
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


def _made(samples, features, **options):
    """Return a table of scikit-learn's make_classification as a function of the seed."""
    from sklearn.datasets import make_classification

    return lambda seed: make_classification(samples, features, random_state=seed + FRESH, **options)


def _skewed(seed):
    """Return a table whose features are log-normal."""
    X, y = _made(600, 12, n_informative=6)(seed)
    return np.exp(X), y


def tables():
    """Return {name: function of a seed that returns (features, labels)}."""
    from sklearn import datasets

    loaded = {
        "iris": datasets.load_iris,
        "wine": datasets.load_wine,
        "breast cancer": datasets.load_breast_cancer,
        "digits": datasets.load_digits,
    }
    return {
        **{name: lambda seed, f=load: f(return_X_y=True) for name, load in loaded.items()},
        "moons": lambda seed: datasets.make_moons(600, noise=0.2, random_state=seed + FRESH),
        "circles": lambda seed: datasets.make_circles(
            600, noise=0.1, factor=0.5, random_state=seed + FRESH
        ),
        "2 classes": _made(600, 20),
        "3 classes": _made(600, 20, n_informative=8, n_classes=3),
        "5 classes": _made(1000, 20, n_informative=10, n_classes=5, class_sep=1.5),
        "85:15": _made(600, 30, n_informative=6, weights=[0.85]),
        "95:5": _made(1000, 20, n_informative=6, weights=[0.95], class_sep=2.0, flip_y=0),
        "skewed": _skewed,
        "60 samples": _made(60, 10, n_informative=4, class_sep=1.5),
        "200 features": _made(200, 200, n_informative=20, class_sep=1.5),
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
    made = tables()
    return {
        "accuracy": {
            name: _accuracy(settings, *_split(made[name](settings["seed"]), settings))
            for name in settings.get("tables", made)
        }
    }


def _split(table, settings):
    """Return features and labels to train on, then those to judge by."""
    from sklearn.model_selection import train_test_split

    X, y = table
    for _ in range(1 if settings["part"] == TEST else 2):
        X, judged_x, y, judged_y = train_test_split(
            X, y, random_state=settings["seed"], stratify=y, test_size=SHARE
        )
    return X, y, judged_x, judged_y


def _accuracy(settings, X, y, judged_x, judged_y):
    """Return the accuracy of one fit on the judged samples."""
    if settings["label"] == MAJORITY:
        return majority_share(judged_y)
    return float(_model(settings).fit(X, y).score(judged_x, judged_y))


def _model(settings):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, StandardScaler

    if settings["label"] == LINEAR:
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    model = _classifier()(
        epochs=settings["epochs"], levels=settings["levels"], hyper=Hyper(**settings["hyper"]),
        random_state=settings["seed"],
    )  # fmt: skip
    if settings["label"] == QUANTILES:
        return make_pipeline(QuantileTransformer(n_quantiles=50), model)
    return model


def _classifier():
    """Return BoldClassifier with the fastest golden model, silent where nothing is learnt."""
    from boldhw.classifier import BoldClassifier

    class Fastest(BoldClassifier):
        _golden = training.fastest()

        def _warn(self, X, y):
            pass  # the report counts them

    return Fastest


def report(records):
    """Return the table of candidates, that of the test samples, and the plot of the grid."""
    parts: defaultdict[str, dict[str, list[Any]]] = defaultdict(dict)
    for record in records:
        row = parts[record["settings"]["part"]].setdefault(record["settings"]["label"], [])
        row.append(record["result"]["accuracy"])
    validation, test = parts[VALIDATION], parts[TEST]
    text = (
        f"On validation samples, {len(validation[MAJORITY])} splits of "
        f"{len(validation[MAJORITY][0])} tables:\n\n{_choice(validation)}\n\n"
        f"On test samples, mean (worst split), percent:\n\n{_tested(test)}"
    )
    return text, {"tables.svg": _figure(validation)}


def _choice(rows):
    """Return one row per candidate, the worst case first."""
    heading = [
        "setting", "splits no better than the majority class", "worst split, points above it",
        "worst table against logistic regression, points", "mean, %",
    ]  # fmt: skip
    lines = []
    for label, row in rows.items():
        leads = _differences(row, rows[MAJORITY])
        behind = {name: mean(each) for name, each in _differences(row, rows[LINEAR]).items()}
        worst = min(behind, key=behind.__getitem__)
        lines.append(
            [
                label,
                sum(lead <= 0 for each in leads.values() for lead in each),
                f"{min(map(min, leads.values())):+.1f}",
                f"{behind[worst]:+.1f} ({worst})",
                f"{_mean(row):.1f}",
            ]
        )
    return training.markdown(heading, [line for line in lines if line[0] != MAJORITY])


def _differences(row, other):
    """Return {table: points of each split above another row}."""
    return {
        name: [100 * (a[name] - b[name]) for a, b in zip(row, other, strict=True)]
        for name in row[0]
    }


def _mean(row):
    return 100 * mean(mean(split.values()) for split in row)


def _tested(rows):
    """Return one row per table, a column per setting."""
    lines = [
        [name, *(_cell([100 * split[name] for split in row]) for row in rows.values())]
        for name in rows[MAJORITY][0]
    ]
    lines.append(["mean", *(f"{_mean(row):.1f}" for row in rows.values())])
    return training.markdown(["table", *rows], lines)


def _cell(values):
    return f"{mean(values):.1f} ({min(values):.1f})"


def _figure(rows):
    """Plot the mean of the grid against theta, a line per batch."""
    series = {
        f"K = {batch}": [
            (scale, _mean(rows[label]))
            for scale in SCALES
            if (label := _grid(scale, batch)) in rows
        ]
        for batch in BATCHES
    }
    series = {name: points for name, points in series.items() if points}
    series = series or {CHOSEN: [(FEATURES.theta_scale, _mean(rows[CHOSEN]))]}
    return plot(series, "theta_scale", "mean accuracy of all tables, %", log=True)


def cost(settings):
    """Return how long a run takes: baselines none, small batches update more often."""
    return 4 + 16 / settings["hyper"]["batch"] if "hyper" in settings else 0.1


EXPERIMENT = Experiment(
    title="Defaults for ordinary tables",
    runs=runs,
    run=run,
    report=report,
    cost=cost,
)
