"""Ordinary tables that need no download, how they are split, and what reports say about them."""

from collections import defaultdict
from statistics import mean

import numpy as np

from boldhw.experiments import training

VALIDATION, TEST = "validation", "test"
SHARE = 0.3  # of a table that is kept for testing, and of the rest that is kept for choosing
MAJORITY, LINEAR, FOREST = "majority class", "logistic regression", "random forest"
FRESH = 100  # added to the seed of a made table, so that none was seen while ideas were tried


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


def split(table, settings):
    """Return features and labels to train on, then those to judge by."""
    from sklearn.model_selection import train_test_split

    X, y = table
    for _ in range(1 if settings["part"] == TEST else 2):
        X, judged_x, y, judged_y = train_test_split(
            X, y, random_state=settings["seed"], stratify=y, test_size=SHARE
        )
    return X, y, judged_x, judged_y


def baseline(label, seed):
    """Return a model of scikit-learn, LINEAR or FOREST."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if label == FOREST:
        return RandomForestClassifier(random_state=seed)
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))


def accuracies(settings, accuracy):
    """Return the result of a run: ``accuracy(X, y, judged X, judged y)`` on every table."""
    made = tables()
    return {
        "accuracy": {
            name: accuracy(*split(made[name](settings["seed"]), settings))
            for name in settings.get("tables", made)
        }
    }


def parts_of(records):
    """Return {part: {label: [accuracies of each split]}}."""
    parts: defaultdict = defaultdict(dict)
    for record in records:
        row = parts[record["settings"]["part"]].setdefault(record["settings"]["label"], [])
        row.append(record["result"]["accuracy"])
    return parts


def text_of(parts):
    """Return the tables of both parts, Markdown."""
    validation, test = parts[VALIDATION], parts[TEST]
    return (
        f"On validation samples, {len(validation[MAJORITY])} splits of "
        f"{len(validation[MAJORITY][0])} tables:\n\n{choice(validation)}\n\n"
        f"On test samples, mean (worst split), percent:\n\n{tested(test)}"
    )


def choice(rows):
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
                f"{mean_of(row):.1f}",
            ]
        )
    return training.markdown(heading, [line for line in lines if line[0] != MAJORITY])


def _differences(row, other):
    """Return {table: points of each split above another row}."""
    return {
        name: [100 * (a[name] - b[name]) for a, b in zip(row, other, strict=True)]
        for name in row[0]
    }


def mean_of(row):
    return 100 * mean(mean(split.values()) for split in row)


def tested(rows):
    """Return one row per table, a column per setting."""
    lines = [
        [name, *(_cell([100 * split[name] for split in row]) for row in rows.values())]
        for name in rows[MAJORITY][0]
    ]
    lines.append(["mean", *(f"{mean_of(row):.1f}" for row in rows.values())])
    return training.markdown(["table", *rows], lines)


def _cell(values):
    return f"{mean(values):.1f} ({min(values):.1f})"
