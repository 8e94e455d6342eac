"""How the paper's rule depends on eta, its accumulation rate, judged on held-out training samples.

From this table the values of eta in :mod:`boldhw.experiments.paper` are taken.
"""

from dataclasses import replace
from statistics import mean

from boldhw.experiments import paper, training
from boldhw.experiments.experiment import Experiment
from boldhw.report.figures import plot

NETWORK = "784-256-256-10"
HELD_OUT = 6  # one in so many training samples, the last ones
# Kind of the first and last layer, batch norm -> eta; the paper's first.
GRID = {
    ("real", False): (12, 25, 50, 100, 200),
    ("real", True): (150, 500, 2000),
    ("boolean", False): (12, 50, 100, 200, 300),
}


def runs(seeds, quick):
    """Every eta with every seed; quick: the first of each kind, on a small network."""
    network, epochs, count = ("784-24-16-10", 2, 1) if quick else (NETWORK, 10, None)
    return [
        {
            "label": _label(ends, batch_norm, eta), "network": network, "epochs": epochs,
            "seed": seed, "ends": ends, "batch_norm": batch_norm, "eta": eta,
        }
        for (ends, batch_norm), etas in GRID.items()
        for eta in etas[:count]
        for seed in range(1, seeds + 1)
    ]  # fmt: skip


def _label(ends, batch_norm, eta):
    kind = "real" if ends == "real" else "Boolean"
    return f"{kind} ends{', BN' if batch_norm else ''}, eta {eta}"


def run(settings, dataset):
    """Train without the held-out samples and test on them."""
    kept = len(dataset.y_train) - len(dataset.y_train) // HELD_OUT
    part = replace(
        dataset,
        x_train=dataset.x_train[:kept], y_train=dataset.y_train[:kept],
        x_test=dataset.x_train[kept:], y_test=dataset.y_train[kept:],
    )  # fmt: skip
    return paper.run(settings, part)


def report(records):
    """Return a row per eta, and accuracy against eta."""
    groups = training.by_label(records)
    rows = [
        [label, len(group), training.spread(training.final(group)), f"{_flips(group):,.0f}"]
        for label, group in groups.items()
    ]
    heading = ["first and last layer, eta", "seeds", "held-out % (least)", "flips"]
    lines: dict = {}
    for label, group in groups.items():
        point = group[0]["settings"]["eta"], mean(training.final(group))
        lines.setdefault(label.rpartition(", eta ")[0], []).append(point)
    plots = {"eta.svg": plot(lines, "eta", "held-out accuracy, %", log=True)}
    return training.markdown(heading, rows), plots


def _flips(group):
    """Return the flips of a run, the mean over the seeds."""
    return sum(sum(map(sum, record["result"]["flips"])) for record in group) / len(group)


EXPERIMENT = Experiment(
    title="The paper's rule and eta",
    runs=runs,
    run=run,
    report=report,
    cost=paper.cost,
)
