"""Networks of many shapes with the default hyper-parameters, and a wide one with tuned ones."""

from typing import Any

import numpy as np

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.report.figures import plot
from boldhw.spec.network import Network

NETWORKS = (
    "784-64-10",
    "784-128-10",
    "784-256-10",
    "784-256-256-10",
    "784-256-256-256-10",
    "784-512-512-10",
    "784-1024-10",
)
SHIFTED = ("784-256-10", "784-256-256-256-10", "784-1024-10")  # trained on shifted pictures too
DEEP = NETWORKS[4]  # whose layers are plotted
EPOCHS = 20
TUNED = {"margin": 1.5, "last_theta_factor": 2}  # by hand, for wide networks
# Label -> settings other than EPOCHS
ROWS: dict[str, dict[str, Any]] = {
    **{network: {"network": network} for network in NETWORKS},
    **{f"{network}, shifted": {"network": network, "shift": True} for network in SHIFTED},
    "784-1024-10, tuned": {"network": "784-1024-10", "epochs": 30, **TUNED},
}


def runs(seeds, quick):
    """Every row with every seed; quick: two networks for two epochs."""
    if quick:
        return [training.settings(n, 2, s) for n in NETWORKS[:2] for s in range(1, seeds + 1)]
    common: dict[str, Any] = {"epochs": EPOCHS, "levels": (64,)}
    return [
        training.settings(**common | {"label": label, "seed": seed} | row)
        for label, row in ROWS.items()
        for seed in range(1, seeds + 1)
    ]


def report(records):
    """Return the table; accuracy against epochs, flip rate and beta of the layers of one."""
    groups = training.by_label(records)
    layers = flip_rates(groups.get(DEEP) or next(iter(groups.values())))
    accuracy = {
        label: training.curve(group) for label, group in groups.items() if label in NETWORKS
    }
    return training.table(records), {
        "networks-accuracy.svg": plot(accuracy, "epoch", "test accuracy, %"),
        "networks-flips.svg": plot(
            {name: [(e, 1e6 * rate) for e, rate in line] for name, line in layers.items()},
            "epoch",
            "flips per million weights and update",
        ),
        "networks-beta.svg": plot(
            {name: [(e, 1 - rate) for e, rate in line] for name, line in layers.items()},
            "epoch",
            "beta = 1 - flips / weights, mean over the updates of an epoch",
        ),
    }


def flip_rates(group):
    """Return {layer: [(epoch, share of weights that an update flips)]}, means over the seeds."""
    layers = Network.parse(group[0]["settings"]["network"]).layers
    sizes = [layer.weights for layer in layers]
    rates = np.mean(
        [
            np.divide(r["result"]["flips"], np.maximum(r["result"]["updates"], 1)[:, None])
            for r in group
        ],
        axis=0,
    )
    return {
        f"layer {layer} of {group[0]['settings']['network']}": list(
            enumerate((column / size).tolist(), 1)
        )
        for layer, (column, size) in enumerate(zip(rates.T, sizes, strict=True), 1)
    }


EXPERIMENT = Experiment(
    title="Networks, most with the default hyper-parameters",
    runs=runs,
    run=training.train,
    report=report,
    cost=training.cost,
)
