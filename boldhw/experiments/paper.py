"""The published rule in floating point against the integer rule, on the same networks."""

from collections import defaultdict
from statistics import mean

import numpy as np

from boldhw.energy import cost as energy
from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.reference.model import Recipe, Trainer
from boldhw.reference.networks import mlp
from boldhw.report.figures import plot
from boldhw.spec.network import Network

NETWORKS = ("784-256-10", "784-256-256-10")
# Rule, kind of the first and last layer, batch norm, eta. The paper's eta is 12, and 150 with batch
# norm; the others are from the experiment eta.
RULES = (
    ("paper, real ends", "real", False, 12),
    ("paper, real ends, eta 50", "real", False, 50),
    ("paper, real ends, BN", "real", True, 150),
    ("paper, Boolean ends", "boolean", False, 12),
    ("paper, Boolean ends, eta 100", "boolean", False, 100),
    ("paper, Boolean ends, eta 300", "boolean", False, 300),
    ("paper, Boolean ends, BN", "boolean", True, 150),
)
INTEGER = "integer"
REAL_BITS = 32 + 2 * 32  # weight, and the two moments of Adam
BOOLEAN_BITS = 1 + 32  # weight and accumulator of the floating-point optimizer
KINDS = ("fp_mul", "fp_add", "add", "xnor")


def runs(seeds, quick):
    """Every rule on every network with every seed; quick: one small network for two epochs."""
    networks, epochs = (("784-32-10",), 2) if quick else (NETWORKS, 10)
    return [
        settings
        for network in networks
        for seed in range(1, seeds + 1)
        for settings in _rules(network, epochs, seed)
    ]


def _rules(network, epochs, seed):
    """Yield the settings of every rule; without Boolean weights there is no eta to choose."""
    hidden = network.count("-") > 2
    for rule, ends, batch_norm, eta in RULES:
        if hidden or ends == "boolean" or (batch_norm, eta) in ((False, 12), (True, 150)):
            yield {
                "label": f"{network}: {rule}", "network": network, "epochs": epochs,
                "seed": seed, "ends": ends, "batch_norm": batch_norm, "eta": eta,
            }  # fmt: skip
    yield training.settings(network, epochs, seed, f"{network}: {INTEGER}")


def run(settings, dataset):
    """Train by one rule; return lists with one entry per epoch, as training.train does."""
    if "ends" not in settings:
        return training.train(settings, dataset)
    model = mlp(
        Network.parse(settings["network"]).widths, settings["seed"], settings["ends"],
        settings["batch_norm"],
    )  # fmt: skip
    recipe = Recipe(epochs=settings["epochs"], eta=settings["eta"])
    bits, labels, test_bits, test_labels = dataset.samples(training.LEVELS)
    bits, test_bits = bits.astype(np.float32), test_bits.astype(np.float32)
    trainer = Trainer(model, recipe, settings["seed"])
    epochs = list(trainer.run(bits, labels, test_bits, test_labels))
    return {
        "accuracy": [epoch.test_accuracy for epoch in epochs],
        "flips": [epoch.flips for epoch in epochs],
    }


def cost(settings):
    """Return weights times epochs: the rules take about as long as each other."""
    return training.cost(settings)


def report(records):
    """Return the table, and accuracy against epochs for every network."""
    groups = training.by_label(records)
    rows = [_row(label, group) for label, group in groups.items()]
    heading = [
        "network: rule", "test % (least)", "flips", "flips per Boolean weight",
        "state bits per weight", *(f"{kind} / sample" for kind in KINDS),
    ]  # fmt: skip
    plots = {}
    for network in dict.fromkeys(record["settings"]["network"] for record in records):
        lines = {
            label.removeprefix(f"{network}: "): training.curve(group)
            for label, group in groups.items()
            if label.startswith(f"{network}: ")
        }
        plots[f"paper-{network}.svg"] = plot(lines, "epoch", "test accuracy, %")
    return training.markdown(heading, rows), plots


def _row(label, group):
    settings = group[0]["settings"]
    shapes = energy.shapes_of(Network.parse(settings["network"]))
    flips = mean(np.sum([sum(epoch) for epoch in each["result"]["flips"]]) for each in group)
    boolean = sum(shape.weights for shape in shapes if not _is_real(settings, shape))
    counts = _operations(settings, shapes, group)
    return [
        label,
        training.spread(training.final(group)),
        f"{flips:,.0f}",
        f"{flips / boolean:.2f}" if boolean else "none is",
        f"{state_bits(settings, shapes):.1f}",
        *(f"{counts[kind]:,.0f}" for kind in KINDS),
    ]


def _is_real(settings, shape):
    return settings.get("ends") == "real" and shape.real


def state_bits(settings, shapes):
    """Return the bits that training keeps per weight, the mean over all weights.

    settings: of a run; those of the paper's rule have ``ends``, those of the integer rule ``bits``.
    shapes: those of energy.shapes_of.
    """
    boolean = BOOLEAN_BITS if "ends" in settings else 1 + settings["bits"]
    bits = sum(
        shape.weights * (REAL_BITS if _is_real(settings, shape) else boolean) for shape in shapes
    )
    return bits / sum(shape.weights for shape in shapes)


def _operations(settings, shapes, group):
    """Return {kind: operations per training sample}, whatever their width; batch norm's are out."""
    active, batch = 1.0, Recipe().batch
    if "ends" not in settings:
        active = mean(np.mean(record["result"]["active"]) for record in group)
    names = {"real": "paper", "boolean": "paper, Boolean ends"}
    method = energy.methods(shapes, settings.get("bits", 16), active=active)[
        names.get(settings.get("ends"), INTEGER)
    ]
    totals: defaultdict[str, float] = defaultdict(float)
    for name, number in energy.operations(shapes, method, batch).items():
        totals[name.split()[0]] += number
    return totals


EXPERIMENT = Experiment(
    title="The paper's rule against the integer rule",
    runs=runs,
    run=run,
    report=report,
    cost=cost,
)
