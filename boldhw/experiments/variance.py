"""Variance of the paper's signals from layer to layer, which its scales should keep."""

from collections import defaultdict
from statistics import mean
from typing import Any

from boldhw.experiments.experiment import Experiment
from boldhw.experiments.training import markdown
from boldhw.reference import variance
from boldhw.report.figures import plot

# Label of a row -> what is measured, and its arguments; the seed comes last.
CASES: dict[str, tuple[str, list[Any]]] = {
    "linear, 784-256-256-256-10": ("linear", [(784, 256, 256, 256, 10)]),
    "convolution 3x3, stride 1": ("conv", [3, 1]),
    "convolution 4x4, stride 2, v = 4": ("conv", [4, 2]),
    "convolution 4x4, stride 2, v = 2": ("published_stride", [4, 2]),
    "convolution 3x3, pooled, tau at 0": ("pooled_conv", [3, 0.0]),
    "convolution 3x3, pooled, tau at 0.4 deviations": ("pooled_conv", [3, 0.4]),
    "convolution 3x3, pooled, tau at the expected maximum": ("pooled_conv", [3, 1.03]),
}


def runs(seeds, quick):
    """Every case with every seed; quick: the first two."""
    labels = list(CASES)[: 2 if quick else None]
    return [{"label": label, "seed": seed} for label in labels for seed in range(1, seeds + 1)]


def run(settings, dataset):
    """Measure a case; ``dataset`` is not used, inputs are coins."""
    name, arguments = CASES[settings["label"]]
    found = getattr(variance, name)(*arguments, settings["seed"])
    return {"ratios": found if name == "linear" else [found[0] if name == "pooled_conv" else found]}


def report(records):
    """Return one row per case, and the ratios as a plot."""
    groups = defaultdict(list)
    for record in records:
        groups[record["settings"]["label"]].append(record["result"]["ratios"])
    means = {label: [mean(each) for each in zip(*g, strict=True)] for label, g in groups.items()}
    rows = [
        [label, len(groups[label]), ", ".join(f"{ratio:.3f}" for ratio in ratios)]
        for label, ratios in means.items()
    ]
    heading = ["layer, and the threshold behind it", "seeds", "variance below / above"]
    lines = {label: list(enumerate(ratios, 1)) for label, ratios in means.items()}
    return markdown(heading, rows), {"variance.svg": plot(lines, "layer", "variance ratio")}


EXPERIMENT = Experiment(
    title="Variance of signals from layer to layer",
    runs=runs,
    run=run,
    report=report,
)
