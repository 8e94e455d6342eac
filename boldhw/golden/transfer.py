"""From one run to the next: a network goes on in a new run, with outputs for more classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from boldhw.golden.graph.constants import SHARE, Constants
from boldhw.golden.graph.counts import Counts
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.settings import GraphLayerSettings
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.golden.network import Network
from boldhw.spec.arrays import Accumulators, Bits, Seed
from boldhw.spec.network import Network as Spec


def with_outputs(network: Network, outputs: int, seed: Seed) -> Network:
    """Return a network with so many outputs in all; those it has, and all else, stay as they are.

    Weights of fresh outputs are fair coins of the seed. Raises ConfigError for more outputs than a
    network can have.
    """
    grown = Network((*network.widths[:-1], outputs), network.config, seed)
    grown.weights[:-1], grown.accumulators[:-1] = network.weights[:-1], network.accumulators[:-1]
    grown.weights[-1], grown.accumulators[-1] = _more_rows(
        network.weights[-1], network.accumulators[-1], grown.weights[-1]
    )
    return grown


def graph_with_outputs(graph: GraphNetwork, outputs: int, seed: Seed) -> GraphNetwork:
    """Return a graph with so many outputs in all, like :func:`with_outputs`."""
    described = graph.spec.to_dict()
    described["layers"][-1]["outputs"] = outputs
    settings = replace(
        graph.settings,
        layers=[*graph.settings.layers[:-1], _more_settings(graph.settings.layers[-1], outputs)],
    )
    kernel = type(graph.layers[-1].kernel)  # that of an embedding is no kernel of others
    grown = GraphNetwork(Spec.from_dict(described), settings, seed, graph.bits, kernel)
    for old, new in zip(graph.layers[:-1], grown.layers[:-1], strict=True):
        new.weights, new.accumulators = old.weights, old.accumulators
    last, new = graph.layers[-1], grown.layers[-1]
    new.weights, new.accumulators = _more_rows(last.weights, last.accumulators, new.weights)
    return grown


def continued(
    old: GraphTrainer, epochs: int, samples: int, seed: int, frozen: Iterable[str] | None = None
) -> GraphTrainer:
    """Return a new run that begins with the graph of an earlier one, as its governors ended.

    Thresholds stay unless a unit is never T or always, the margin is the last one, and so is the
    rate at which weights flip. epochs, samples: of the new run.  frozen: names of the layers that
    do not learn, and no others; None: those of the earlier run.
    """
    graph, governors = old.graph, old.governors
    if frozen is not None:
        graph.spec = graph.spec.frozen(frozen)
        for layer, spec in zip(graph.layers, graph.spec.layers, strict=True):
            layer.spec = spec
    for layer in graph.layers:
        layer.counts = Counts(layer.spec.outputs, layer.counts.places)
    new = GraphTrainer(graph, ended(old.constants), epochs, samples, seed, old.code)
    new.governors.thetas, new.governors.sizes = list(governors.thetas), list(governors.sizes)
    new.origin, new.schema = old.origin, old.schema
    return new


def ended(constants: Constants) -> Constants:
    """Return constants whose schedules are, from the start, at their end."""
    return replace(
        constants,
        fire_low=1,
        fire_high=SHARE - 1,
        flips_first=constants.flips_last,
        margin_first=constants.margin_last,
        short=1,
    )


def _more_rows(weights: Bits, accumulators: Accumulators, fresh: Bits) -> tuple[Bits, Accumulators]:
    """Return ``fresh`` with the rows there are in front, and accumulators that are 0 behind."""
    grown, count = np.zeros(fresh.shape, np.int16), len(weights)
    fresh[:count], grown[:count] = weights, accumulators
    return fresh, grown


def _more_settings(settings: GraphLayerSettings, outputs: int) -> GraphLayerSettings:
    """Return settings of the last layer; nothing reads its thresholds and windows."""
    return replace(
        settings,
        tau=np.full(outputs, settings.tau[0], np.int32),
        window=np.full(outputs, settings.window[0], np.int32),
    )
