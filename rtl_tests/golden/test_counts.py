"""Counters of a layer: what governors clear is kept for the epoch, chains count as graphs."""

from dataclasses import replace

import numpy as np
import pytest
from support.graph_cases import network, samples, settings

from boldhw.golden.graph.counts import Counts, ones
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE, Network
from boldhw.golden.rule import fire
from boldhw.spec.settings import Settings


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 254, 255, 256, 1000, 70000])
def test_ones_are_the_sums_of_columns(rows):
    bits = np.random.default_rng(rows).random((rows, 5)) < [0, 0.2, 0.5, 0.99, 1]
    assert np.array_equal(ones(bits), bits.sum(axis=0))
    assert np.array_equal(ones(bits[:, ::2]), bits[:, ::2].sum(axis=0))


def test_what_is_cleared_still_counts_since_the_restart():
    counts = Counts(2, 3)
    counts.samples, counts.flips = 5, 9
    counts.fires += [4, 1]
    counts.restart()
    assert (counts.samples, counts.since("samples"), counts.since("flips")) == (5, 0, 0)
    counts.samples += 2
    counts.fires += [1, 0]
    counts.clear_fires()
    counts.clear_flips()
    assert (counts.samples, counts.fires.tolist(), counts.flips) == (0, [0, 0], 0)
    counts.samples += 1
    counts.fires += [0, 3]
    counts.flips += 4
    assert (counts.since("samples"), counts.since("flips")) == (3, 4)
    assert counts.since("fires").tolist() == [1, 3]


def test_counts_of_a_chain_are_those_of_its_outputs():
    """Batches are so large that no update comes between: the weights are those at the start."""
    trained = Network((40, 9, 8, 6), REFERENCE, seed=3)
    trained.configure(Hyper(batch=64, margin=0.3).settings(REFERENCE, trained.graph))
    bits, labels = samples(network("chain"), 200, 1)
    bits = bits[:, :40]
    start = trained.copy()
    stats = trained.train(bits, labels, stop_at_update=True)
    inputs, sums = start._forward(bits[: stats.samples], start._planes())
    for layer in (0, 1):
        counts = trained.counts[layer]
        assert (counts.samples, counts.active) == (stats.samples, stats.active)
        assert np.array_equal(counts.fires, inputs[layer + 1].sum(axis=0))
        own = start.settings.layers[layer]
        _, gate = fire(sums[layer], own.tau, own.window)
        assert 0 < counts.nonzero <= counts.near <= gate.sum()
    assert trained.counts[2].samples == 0


def test_a_chain_and_its_graph_count_alike():
    spec = network("chain")
    graph_settings = settings(spec, 4, dead=1)
    for own in graph_settings.layers:
        own.tau[:], own.window[:] = 0, 5
    graph = GraphNetwork(spec, graph_settings, seed=6)
    golden = Network(spec, REFERENCE, seed=6)
    golden.settings = as_chain(golden.settings, graph_settings)
    bits, labels = samples(spec, 300, 2)
    assert graph.train(bits, labels) == golden.train(bits, labels)
    for layer, counts in zip(graph.layers[:-1], golden.counts, strict=False):
        for name in ("samples", "fires", "active", "near", "nonzero"):
            assert np.array_equal(layer.counts.since(name), counts.since(name)), name
        assert layer.counts.nonzero


def as_chain(old, graph):
    """Return Settings of a chain like the settings of a graph."""
    layers = [
        replace(
            own, tau=int(new.tau[0]), window=int(new.window[0]), dead=new.dead, theta=new.theta,
            zero_true=new.zero_true,
        )
        for own, new in zip(old.layers, graph.layers, strict=True)
    ]  # fmt: skip
    return Settings(layers=tuple(layers), margin=graph.margin, rounding=0, batch=graph.batch,
                    classes=6, outputs_per_class=1)  # fmt: skip
