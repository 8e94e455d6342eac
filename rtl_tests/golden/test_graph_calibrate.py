"""Calibration puts the units of each hidden layer where governors aim, before the first vote."""

import numpy as np
import pytest
from support.graph_cases import network, samples, settings

from boldhw.errors import DataError
from boldhw.golden.graph.calibrate import calibrate, exceeding
from boldhw.golden.graph.compiled import CompiledKernel
from boldhw.golden.graph.constants import SHARE, Constants
from boldhw.golden.graph.kernel import NumpyKernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.spec.layer import INPUT

CONSTANTS = Constants()


def graph(spec, kernel=NumpyKernel):
    settings = start(spec, CONSTANTS, 128, zero_true=[False] * len(spec.layers))
    return GraphNetwork(spec, settings, 1, kernel=kernel)


def test_the_least_value_that_more_than_a_share_reach():
    values = np.array([[5, 0], [1, 0], [3, 9], [7, 0]], np.int32)
    for share, found in ((0, [1, 0]), (63, [1, 0]), (64, [3, 0]), (128, [5, 0]), (192, [7, 9])):
        assert exceeding(values, share).tolist() == found


@pytest.mark.parametrize("name", ["chain", "pooled", "branches"])
def test_it_is_what_a_bisection_of_counts_finds(name):
    """Counts of T's and of gates alone tell the thresholds: the next ones would miss the aim."""
    spec = network(name)
    model = graph(spec)
    bits, _ = samples(spec, 50, 2)
    calibrate(model, CONSTANTS, bits)
    shape = spec.sample
    maps = {INPUT: bits.reshape(-1, shape.height, shape.width, shape.planes)}
    middle = (CONSTANTS.fire_low + CONSTANTS.fire_high) // 2
    for layer in model.layers[:-1]:
        seen = layer.forward(maps)
        maps[layer.spec.name] = seen.bits
        tau, window = layer.settings.tau, layer.settings.window
        outputs = seen.bits[..., 0].size

        def share(found, outputs=outputs):
            return np.count_nonzero(found, axis=(0, 1, 2)) * SHARE // outputs

        assert (share(seen.sums >= tau) >= middle).all()
        assert (share(seen.sums >= tau + 1) <= middle).all()
        distance = np.abs(seen.sums - tau)
        assert (share(distance <= window) >= CONSTANTS.gated).all()
        assert ((share(distance <= window - 1) <= CONSTANTS.gated) | (window == 1)).all()
        assert window.min() >= 1


def test_the_compiled_kernel_is_set_alike():
    spec = network("pooled")
    bits, _ = samples(spec, 30, 3)
    found = []
    for kernel in (NumpyKernel, CompiledKernel):
        model = graph(spec, kernel)
        calibrate(model, CONSTANTS, bits)
        found.append([(own.tau.tolist(), own.window.tolist()) for own in model.settings.layers])
    assert found[0] == found[1]


def test_the_last_layer_and_all_state_stay():
    spec = network("chain")
    model, untouched = graph(spec), graph(spec)
    calibrate(model, CONSTANTS, samples(spec, 30, 3)[0])
    assert (model.layers[-1].settings.tau == untouched.layers[-1].settings.tau).all()
    for one, other in zip(model.layers, untouched.layers, strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert not one.accumulators.any()
        assert one.counts.samples == 0


def test_other_samples_are_refused():
    with pytest.raises(DataError, match="takes bool of"):
        calibrate(graph(network("chain")), CONSTANTS, np.zeros((3, 5), bool))


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
