"""Fully connected networks with governors, beside what hyper-parameters reach on chains."""

from statistics import mean

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.report.figures import plot

NETWORKS, SHORT, ONCE = "networks", "tuning", "collapse"  # experiments on chains that are repeated
# Networks and epochs of each.
PARTS = {
    NETWORKS: (("784-256-10", "784-256-256-256-10", "784-1024-10"), 20),
    SHORT: (("784-128-10", "784-256-10", "784-256-256-256-10"), 6),
    ONCE: (("784-256-10", "784-256-256-256-10", "784-64-64-64-64-10"), 1),
}
BATCHES = {NETWORKS: (16,), SHORT: (16,), ONCE: (16, 32, 64)}
# Test accuracy of chains: mean of networks and tuning with the defaults, worst of collapse.
CHAINS: dict[str, dict[str, float]] = {
    NETWORKS: {"784-256-10": 96.72, "784-256-256-256-10": 96.91, "784-1024-10": 97.52},
    SHORT: {"784-128-10": 95.38, "784-256-10": 96.26, "784-256-256-256-10": 96.25},
    ONCE: {"784-256-10": 94, "784-256-256-256-10": 92, "784-64-64-64-64-10": 87},
}


def runs(seeds, quick):
    """Return the networks of three experiments with every seed; quick: two of them, once."""
    return [
        {**training.governed(network, epochs, seed, batch=batch), "part": part}
        for seed in range(1, seeds + 1)
        for part, (networks, epochs) in (
            {ONCE: (("784-64-64-64-64-10",), 1), SHORT: (("784-128-10",), 2)} if quick else PARTS
        ).items()
        for network in networks
        for batch in (BATCHES[part][:1] if quick else BATCHES[part])
    ]


def report(records):
    """Return one row per network of each part, and the curves of the longest."""
    groups: dict[tuple, list] = {}
    for record in records:
        settings = record["settings"]
        key = settings["part"], settings["network"], settings["constants"]["batch"]
        groups.setdefault(key, []).append(record)
    rows = []
    for (part, network, batch), group in groups.items():
        final = training.final(group)
        judged = min(final) if part == ONCE else mean(final)
        known = CHAINS[part][network]
        rows.append(
            [part, network, batch, group[0]["settings"]["epochs"], len(group),
             training.spread(final), known, f"{judged - known:+.2f}",
             f"{100 * mean(r['result']['active'][-1] for r in group):.1f}"]
        )  # fmt: skip
    rows.sort(key=lambda row: (list(PARTS).index(row[0]), list(PARTS[row[0]][0]).index(row[1])))
    heading = [
        "as in", "network", "K", "epochs", "seeds", "test % (least)",
        "chain with defaults, test %", "difference", "active % in the last epoch",
    ]  # fmt: skip
    curves = {
        network: training.curve(group) for (part, network, _), group in groups.items()
        if part == min((key[0] for key in groups), key=list(PARTS).index)
    }  # fmt: skip
    figure = plot(curves, "epoch", "test accuracy, %")
    return training.markdown(heading, rows), {"governed.svg": figure}


EXPERIMENT = Experiment(
    title="Fully connected networks with governors",
    runs=runs,
    run=training.train,
    report=report,
    cost=training.cost,
)
