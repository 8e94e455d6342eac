"""BoldClassifier beside other classifiers: accuracy, seconds of fit, bytes of the model."""

import time
import warnings
from functools import cache
from statistics import mean

import numpy as np

from boldhw.data.majority import majority_share
from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.experiments.rivals import BOLD, LINEAR, MLP, TSETLIN, available, bytes_of, model_of
from boldhw.experiments.shipped_sets import SHIPPED
from boldhw.report.figures import plot

SHARE = 0.3  # of a shipped set that is kept for testing
FEW = ("iris", "Coffee")
COSTS = {TSETLIN: 20.0, MLP: 4.0}  # of a fit, those of others are 1
NEAR = 2  # points to the best of a row that are counted


def experiment(name=None):
    """Return the Experiment: on shipped sets or, with a name, on the one that is given."""
    return Experiment(
        title="BoldClassifier beside other classifiers",
        runs=lambda seeds, quick: _runs(seeds, quick, name),
        run=run,
        report=report,
        cost=lambda settings: COSTS.get(settings["model"], 1.0),
        brings_data=name is None,
    )


def _runs(seeds, quick, name):
    sets = [name] if name else FEW if quick else SHIPPED
    return [
        {"set": each, "given": bool(name), "model": model, "seed": seed}
        for seed in range(1, seeds + 1)
        for each in sets
        for model in available()[0]
    ]


def run(settings, dataset):
    """Return accuracy, majority share, seconds of fit and bytes of one classifier on one split."""
    X, y, test, labels = _split(settings, dataset)
    model = model_of(settings["model"], settings["seed"])
    _warm_up()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MLPs that could go on, and of those that learn nothing
        begin = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - begin
    return {
        "accuracy": float(model.score(test, labels)),
        "majority": majority_share(labels),
        "seconds": seconds,
        "bytes": int(bytes_of(settings["model"], model)),
        "samples": len(y),
        "features": X.shape[1],
    }


@cache
def _warm_up():
    """Load the compiled code, once; that is no part of a fit."""
    model_of(BOLD, 0).set_params(epochs=1).fit(np.eye(24), np.arange(24) % 2)


def _split(settings, dataset):
    """Return features and labels to train on, and to test with."""
    if settings["given"]:
        return dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test
    from sklearn.model_selection import train_test_split

    X, y = SHIPPED[settings["set"]]()
    X, test, y, labels = train_test_split(
        X, y, test_size=SHARE, random_state=settings["seed"], stratify=y
    )
    return X, y, test, labels


def report(records):
    """Return the tables, and accuracies of the classifiers over the sets."""
    sets: dict[str, dict[str, list]] = {}
    for record in records:
        row = sets.setdefault(record["settings"]["set"], {})
        row.setdefault(record["settings"]["model"], []).append(record["result"])
    models = list(next(iter(sets.values())))
    text = (
        f"Test accuracy, mean (worst split), percent:\n\n{_accuracies(sets, models)}\n\n"
        f"{_summary(sets, models)}\n\n"
        f"Seconds of fit and bytes of the model, means:\n\n{_costs(sets, models)}"
    )
    series = {
        model: [(index, _mean(row[model])) for index, row in enumerate(sets.values(), 1)]
        for model in models
    }
    figure = plot(series, f"set 1 to {len(sets)} of the table", "test accuracy, %", lines=False)
    return text, {"comparison.svg": figure}


def _mean(results):
    return 100 * mean(result["accuracy"] for result in results)


def _accuracies(sets, models):
    rows = [
        [name, row[models[0]][0]["samples"], row[models[0]][0]["features"],
         f"{100 * mean(result['majority'] for result in row[models[0]]):.1f}",
         *(f"{_mean(row[model]):.1f} ({100 * min(r['accuracy'] for r in row[model]):.1f})"
           for model in models)]
        for name, row in sets.items()
    ]  # fmt: skip
    rows.append(
        [
            "mean",
            "",
            "",
            "",
            *(f"{mean(_mean(row[m]) for row in sets.values()):.1f}" for m in models),
        ]
    )
    heading = ["data set", "training samples", "features", "majority class", *models]
    return training.markdown(heading, rows)


def _summary(sets, models):
    """Return what is asked of defaults, one row per classifier."""
    rows = []
    for model in models:
        low = sum(
            result["accuracy"] <= result["majority"]
            for row in sets.values()
            for result in row[model]
        )
        near = sum(
            _mean(row[model]) >= max(_mean(row[m]) for m in models) - NEAR for row in sets.values()
        )
        ahead = mean(_mean(row[model]) - _mean(row[LINEAR]) for row in sets.values())
        rows.append([model, low, f"{near} of {len(sets)}", f"{ahead:+.1f}"])
    heading = [
        "classifier",
        "splits no better than the majority class",
        f"sets within {NEAR} points of the best",
        "points above logistic regression, mean",
    ]
    return training.markdown(heading, rows)


def _costs(sets, models):
    rows = [
        [name, *(f"{mean(r['seconds'] for r in row[model]):.2g} s, "
                 f"{mean(r['bytes'] for r in row[model]):,.0f}" for model in models)]
        for name, row in sets.items()
    ]  # fmt: skip
    return training.markdown(["data set", *models], rows)
