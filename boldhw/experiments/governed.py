"""Fully connected networks with governors, beside what hyper-parameters reach on chains."""

from statistics import mean

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.report.figures import plot

NETWORKS, SHORT, ONCE = "networks", "tuning", "collapse"  # experiments on chains that are repeated
# Networks and epochs of each.
PARTS = {
    ONCE: (("784-256-10", "784-256-256-256-10", "784-64-64-64-64-10"), 1),
    SHORT: (("784-128-10", "784-256-10", "784-256-256-256-10"), 6),
    NETWORKS: (("784-256-10", "784-256-256-256-10", "784-1024-10"), 20),
}
BATCHES = (16, 32, 64)  # of the networks that train once
NARROW, BAND = "band 25 to 35 %", {"dense_low": 64, "dense_high": 90}  # that of maps
# Test accuracy of chains: mean of networks and tuning with the defaults, worst of collapse.
CHAINS: dict[str, dict[str, float]] = {
    NETWORKS: {"784-256-10": 96.72, "784-256-256-256-10": 96.91, "784-1024-10": 97.52},
    SHORT: {"784-128-10": 95.38, "784-256-10": 96.26, "784-256-256-256-10": 96.25},
    ONCE: {"784-256-10": 94, "784-256-256-256-10": 92, "784-64-64-64-64-10": 87},
}


def runs(seeds, quick):
    """Return the networks of three experiments with every seed; quick: two of them, once."""
    parts = {ONCE: (("784-64-64-64-64-10",), 1), SHORT: (("784-128-10",), 2)} if quick else PARTS
    return [
        {**training.governed(network, epochs, seed, label, **constants), "part": part}
        for seed in range(1, seeds + 1)
        for part, (networks, epochs) in parts.items()
        for network in networks
        for label, constants in _rows(part, network, quick).items()
    ]


def _rows(part, network, quick):
    """Return {label: constants of a run that are not the usual ones}."""
    if part == ONCE:
        return {
            f"{network}, K = {batch}": {"batch": batch} for batch in BATCHES[: 1 if quick else 3]
        }
    return {network: {}} | ({f"{network}, {NARROW}": BAND} if part == SHORT and not quick else {})


def report(records):
    """Return one row per network of each part, and the curves of the longest."""
    groups: dict[tuple, list] = {}
    for record in records:
        settings = record["settings"]
        groups.setdefault((settings["part"], settings["label"]), []).append(record)
    rows = []
    for (part, label), group in groups.items():
        final, settings = training.final(group), group[0]["settings"]
        judged = min(final) if part == ONCE else mean(final)
        known = CHAINS[part][settings["network"]]
        active = mean(record["result"]["active"][-1] for record in group)
        rows.append(
            [part, label, settings["epochs"], len(group), training.spread(final), known,
             f"{judged - known:+.2f}", f"{100 * active:.1f}"]
        )  # fmt: skip
    heading = [
        "as in", "network", "epochs", "seeds", "test % (least)",
        "chain with defaults, test %", "difference", "active % in the last epoch",
    ]  # fmt: skip
    longest = max((part for part, _ in groups), key=lambda part: PARTS[part][1])
    curves = {
        label: training.curve(group) for (part, label), group in groups.items() if part == longest
    }
    figure = plot(curves, "epoch", "test accuracy, %")
    return training.markdown(heading, rows), {"governed.svg": figure}


EXPERIMENT = Experiment(
    title="Fully connected networks with governors",
    runs=runs,
    run=training.train,
    report=report,
    cost=training.cost,
)
