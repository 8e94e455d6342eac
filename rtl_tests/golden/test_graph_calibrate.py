"""Calibration puts shares of T's and of gated outputs where governors would have them."""

import numpy as np
import pytest
from support.graph_cases import network, samples, settings

from boldhw.golden.graph.calibrate import calibrate, exceeding
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.network import GraphNetwork

CONSTANTS = Constants()


def test_least_value_that_more_than_a_share_reach():
    values = np.array([[5, 1], [1, 1], [3, 9], [2, 1]], np.int32)
    assert exceeding(values, 128).tolist() == [3, 1]
    assert exceeding(values, 0).tolist() == [1, 1]


@pytest.mark.parametrize("name", ["pooled", "ternary", "chain"])
def test_shares_after_calibration(name):
    spec = network(name)
    graph = GraphNetwork(spec, settings(spec, 0), seed=1)
    bits, labels = samples(spec, 200, 0)
    weights = [layer.weights.copy() for layer in graph.layers]
    calibrate(graph, CONSTANTS, bits)
    graph.train(bits[:0], labels[:0])  # gives the last kernel its weights
    middle = (CONSTANTS.fire_low + CONSTANTS.fire_high) // 2
    for layer, seen in zip(graph.layers[:-1], graph._forward(bits), strict=False):
        own = layer.settings
        sums = seen.sums.reshape(-1, layer.spec.outputs).astype(int)
        sums = np.abs(sums) if layer.spec.is_ternary else sums
        fires = np.mean(sums >= own.tau, axis=0)
        higher = np.mean(sums >= own.tau + 1, axis=0)
        assert (fires > middle / 256).all()
        assert (higher <= middle / 256 + 1 / len(sums)).all()
        assert np.array_equal(np.mean(seen.bits.reshape(sums.shape) != 0, axis=0), fires)
        gated = np.mean(np.abs(sums - own.tau) <= own.window, axis=0)
        assert (gated > CONSTANTS.gated / 256).all()
        assert (own.window >= 1).all()
    assert all(np.array_equal(a, b.weights) for a, b in zip(weights, graph.layers, strict=True))
    graph.settings.check(spec)
