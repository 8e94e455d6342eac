"""Whether the order of the training samples matters."""

from functools import partial

import numpy as np

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.golden.trainer import ORDER, Trainer
from boldhw.report.figures import plot
from boldhw.spec.order import Order

NETWORKS = ("784-256-10", "784-256-256-256-10")
SHOWN = 2  # points below the best that the plot reaches down to


def shuffled(labels, generator):
    """Return the samples in an order that is drawn from ``generator``. labels: (samples,)."""
    return generator.permutation(len(labels))


def balanced(labels, generator):
    """Return shuffled samples with the classes spread evenly: any stretch holds about its share."""
    order = shuffled(labels, generator)
    place = np.empty(len(order))
    for label in np.unique(labels):
        members = np.flatnonzero(labels[order] == label)
        place[members] = np.arange(len(members)) / len(members)
    return order[np.argsort(place, kind="stable")]


def register(labels, generator):
    """Return the samples in the order of a shift register, as boldhw.spec.order has it."""
    return Order(len(labels), generator).take(len(labels))


def by_class(labels, generator):
    """Return shuffled samples class by class."""
    order = shuffled(labels, generator)
    return order[np.argsort(labels[order], kind="stable")]


def as_given(labels, generator):
    """Return the samples as they are."""
    return np.arange(len(labels))


# Name -> (order, whether it is drawn anew in every epoch)
ORDERS = {
    "shuffled in every epoch": (shuffled, True),
    "shuffled once": (shuffled, False),
    "as given": (as_given, False),
    "shuffled, classes evenly spread": (balanced, True),
    "shift register": (register, True),
    "class by class": (by_class, True),
}


class OrderedTrainer(Trainer):
    """A Trainer that takes the samples in the order called ``name``."""

    def __init__(self, *arguments, name, **options):
        super().__init__(*arguments, **options)
        self.name = name

    def _order(self, labels, weights=None):
        order, anew = ORDERS[self.name]
        spawned = ORDER, self.epoch if anew else 0
        sequence = np.random.SeedSequence(self.seed, spawn_key=spawned)
        return order(labels, np.random.default_rng(sequence))


def runs(seeds, quick):
    """Every order on every network for eight epochs; quick: two orders on one for one."""
    networks, orders, epochs = list(NETWORKS), list(ORDERS), 8
    if quick:
        networks, orders, epochs = networks[:1], orders[:2], 1
    return [
        {**training.settings(network, epochs, seed, f"{network}, {order}", levels=(64,)),
         "order": order}
        for network in networks
        for order in orders
        for seed in range(1, seeds + 1)
    ]  # fmt: skip


def run(settings, dataset):
    """Train in the order that the settings name."""
    return training.train(settings, dataset, kind=partial(OrderedTrainer, name=settings["order"]))


def report(records):
    """Return the table, and the curves of the first network's orders that come near the best."""
    groups = list(training.by_label(records).items())[: len(ORDERS)]
    lines = {label: training.curve(group) for label, group in groups}
    best = max(line[-1][1] for line in lines.values())
    shown = {label: line for label, line in lines.items() if line[-1][1] > best - SHOWN}
    return training.table(records), {"shuffling.svg": plot(shown, "epoch", "test accuracy, %")}


EXPERIMENT = Experiment(
    title="The order of samples",
    runs=runs,
    run=run,
    report=report,
    cost=training.cost,
)
