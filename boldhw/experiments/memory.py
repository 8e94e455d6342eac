"""What accuracy a number of on-chip bits buys: weights and accumulators of many networks."""

from statistics import mean
from typing import Any

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.experiments.networks import TUNED
from boldhw.report.figures import plot

ECP5_BITS = 3.7e6  # block RAM of an ECP5-85F that weights and accumulators may take
UP5K_BITS = 25 * 4096, 1 << 20  # of an iCE40UP5K: block RAM for weights, the rest for accumulators
# Name in the table -> settings. 484 inputs: 3 pixels are cut off all around, 22 x 22 are left.
# Accumulators of 8 bits count exactly; with 6 bits votes are rounded, for theta to have room.
EXACT = {"bits": 8, "rounding": 0}
ROUNDED = {"bits": 6, "rounding": 2}
CROPPED = {"crop": 3}
SHIFTED = {"crop": 3, "shift": True}
NETWORKS: dict[str, dict[str, Any]] = {
    "784-64-10": EXACT,
    "784-120-10": EXACT,
    "484-200-10": EXACT | CROPPED,
    "484-200-10, shifted": EXACT | SHIFTED,
    "484-400-10, shifted": EXACT | SHIFTED,
    "484-500-240-10, shifted": EXACT | SHIFTED,
    "484-1064-10, shifted": ROUNDED | SHIFTED,
    "968-540-10, two thresholds, shifted, tuned": ROUNDED | SHIFTED | TUNED | {"levels": (32, 128)},
}


def runs(seeds, quick):
    """Every network with every seed; quick: two small ones for an epoch."""
    names, epochs = (list(NETWORKS)[1:3], 1) if quick else (NETWORKS, 30)
    return [
        training.settings(
            name.split(",")[0], epochs, seed, name, **{"levels": (64,)} | NETWORKS[name]
        )
        for name in names
        for seed in range(1, seeds + 1)
    ]


def state_bits(settings):
    """Return (weights, bits of weights and accumulators)."""
    weights = training.weights(settings)
    return weights, weights * (1 + settings["bits"])


def report(records):
    """Return the table and the Pareto plot."""
    rows, points = [], []
    for label, group in training.by_label(records).items():
        weights, bits = state_bits(group[0]["settings"])
        values = training.final(group)
        active = mean(record["result"]["active"][-1] for record in group)
        rows.append(
            [
                label,
                f"{weights:,}",
                group[0]["settings"]["bits"],
                f"{bits / 1e6:.2f}",
                _devices(weights, bits),
                len(group),
                training.spread(values),
                f"{100 * active:.1f}",
            ]
        )
        points.append((bits / 1e6, mean(values), label))
    heading = ["network", "weights", "A", "Mbit", "fits", "seeds", "test % (least)", "active %"]
    return training.markdown(heading, rows), {"memory.svg": _figure(points)}


def _figure(points):
    front = [p for p in points if not any(q[0] <= p[0] and q[1] > p[1] for q in points)]
    inside = [p[:2] for p in points if p not in front]
    series = {"on the Pareto front": front}
    if inside:
        series["other networks"] = inside
    return plot(
        series, "Mbit of weights and accumulators", "test accuracy, %", log=True, lines=False
    )


def _devices(weights, bits):
    names = []
    if weights <= UP5K_BITS[0] and bits - weights <= UP5K_BITS[1]:
        names.append("iCE40UP5K")
    if bits <= ECP5_BITS:
        names.append("ECP5-85F")
    return ", ".join(names) or "neither"


EXPERIMENT = Experiment(
    title="Accuracy against on-chip bits",
    runs=runs,
    run=training.train,
    report=report,
    cost=training.cost,
)
