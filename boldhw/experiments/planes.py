"""Backward signals of one to four bits, in networks deep enough for them to matter.

With one hidden layer they change nothing: its sums are 2, 0 or -2, from two outputs of the last
layer.
"""

import math
from dataclasses import dataclass
from typing import Any

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.golden.fastest import fastest_kind
from boldhw.golden.hyper import Hyper
from boldhw.golden.planes import Planes
from boldhw.report.figures import plot
from boldhw.spec.network import Network

# Network -> bits of a signal, and what theta is multiplied by below another hidden layer, where
# votes are larger.
CHOICES = {
    "784-256-256-256-10": ((1, 1), (1, 2), (2, 2), (3, 4), (4, 8)),
    "784-256-256-10": ((1, 1), (2, 2)),
}
QUICK = {"784-24-16-10": ((1, 1), (2, 2))}


@dataclass(frozen=True, kw_only=True)
class PlanesHyper(Hyper):
    """Hyper-parameters whose theta is ``factor`` times as high below another hidden layer."""

    factor: int

    def settings(self, config, network, *arguments, **options):
        """Return the Settings of one epoch, as Hyper does but for theta."""
        settings = super().settings(config, network, *arguments, **options)
        layers = Network.of(network).layers
        thetas = zip(layers, settings.column("theta"), strict=True)
        return settings.changed(
            theta=[
                self.factor * theta if layer.place.feeds_hidden else theta
                for layer, theta in thetas
            ]
        )


def shifts(network, planes):
    """Return the shift of each hidden layer: with two planes a step is the root of the width above.

    Each further plane halves the steps. The layer below the last one sends signals of one bit.
    """
    roots = [
        math.sqrt(reader.outputs)
        for layer in network.layers
        for reader in network.readers(layer.name)
        if layer.place.feeds_hidden
    ]
    return [max(0, round(math.log2(root)) + 2 - planes) for root in roots] + [0]


def runs(seeds, quick):
    """Every choice for eight epochs; quick: a small network for one."""
    choices, epochs = (QUICK, 1) if quick else (CHOICES, 8)
    return [
        {**training.settings(network, epochs, seed, _label(network, *choice), levels=(64,)),
         **dict(zip(("planes", "factor"), choice, strict=True))}
        for network in choices
        for choice in choices[network]
        for seed in range(1, seeds + 1)
    ]  # fmt: skip


def _label(network, planes, factor):
    bits = f"{network}, {planes} bit" + "s" * (planes > 1)
    return bits if factor == 1 else f"{bits}, theta x {factor}"


def run(settings, dataset):
    """Train a network with the signals that the settings name."""
    fastest: Any = fastest_kind()

    class PlanesNetwork(Planes, fastest):
        """The fastest network that there is here, with signals of several bits."""

    graph, planes = Network.parse(settings["network"]), settings["planes"]
    network = PlanesNetwork(
        graph, training.config(settings), settings["seed"], planes, shifts(graph, planes)
    )
    hyper = PlanesHyper(**settings["hyper"], factor=settings["factor"])
    return training.train(settings, dataset, network, hyper)


def cost(settings):
    """Return about how long a run takes: lower layers go backward once per plane."""
    return training.cost(settings) * (3 + settings["planes"])


def report(records):
    """Return the table and the curves."""
    lines = {label: training.curve(group) for label, group in training.by_label(records).items()}
    return training.table(records), {"planes.svg": plot(lines, "epoch", "test accuracy, %")}


EXPERIMENT = Experiment(
    title="Backward signals of several bits",
    runs=runs,
    run=run,
    report=report,
    cost=cost,
)
