"""Orders of samples: each takes every sample once, and the usual one is the Trainer's own."""

from collections import Counter

import numpy as np
import pytest

from boldhw.experiments.shuffling import ORDERS, OrderedTrainer
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer

LABELS = np.random.default_rng(1).choice(3, 300, p=(0.5, 0.3, 0.2))
WIDTHS = (20, 12, 3)


def trainer(name, seed=1):
    return OrderedTrainer(Network(WIDTHS, seed=seed), Hyper(), 4, seed, name=name)


def orders(name, epochs=2):
    """Return the order of each epoch."""
    made, found = trainer(name), []
    for made.epoch in range(epochs):
        found.append(made._order(LABELS))
    return found


@pytest.mark.parametrize("name", ORDERS)
def test_every_sample_is_taken_once(name):
    for order in orders(name):
        assert sorted(order.tolist()) == list(range(len(LABELS)))


@pytest.mark.parametrize("name", ORDERS)
def test_drawn_anew_in_every_epoch_or_not(name):
    first, second = orders(name)
    assert np.array_equal(first, second) == (name in ("shuffled once", "as given"))


def test_the_usual_order_is_the_trainers():
    usual = Trainer(Network(WIDTHS, seed=1), Hyper(), 4, 1)
    ordered = trainer("shuffled in every epoch")
    for usual.epoch in range(3):
        ordered.epoch = usual.epoch
        assert np.array_equal(ordered._order(LABELS), usual._order(LABELS))


def test_as_given_is_as_given():
    assert orders("as given")[0].tolist() == list(range(len(LABELS)))


def test_classes_are_evenly_spread():
    """After any number of samples a class has had its share of them, to within one sample."""
    labels = LABELS[orders("shuffled, classes evenly spread")[0]]
    counts = Counter(LABELS.tolist())
    for label, count in counts.items():
        seen = np.cumsum(labels == label)
        shares = np.arange(1, len(labels) + 1) * count / len(labels)
        assert np.abs(seen - shares).max() <= len(counts)


def test_class_by_class():
    labels = LABELS[orders("class by class")[0]]
    assert labels.tolist() == sorted(LABELS.tolist())
