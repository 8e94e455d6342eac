"""Kernels that differ from the rule in one thing, and in nothing else."""

import numpy as np
import pytest
from support.graph_cases import network, samples, settings, state

from boldhw.experiments.wishes import FirstFired, Noise, OneNumber, WholeBatch
from boldhw.golden.graph.kernel import NumpyKernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.places import Places
from boldhw.golden.graph.widths import sources


def layer_of(kind, index=0):
    """Return a kernel with random weights for a pooled layer, its places and random maps."""
    spec = network("pooled")
    places = Places.of(spec.layers[index], sources(spec, spec.layers[index]))
    generator = np.random.default_rng(5)
    kernel = kind(places)
    kernel.load(generator.random((places.outputs, places.inputs)) < 0.5)
    return kernel, generator.random((3, *vars(places.reads).values())) < 0.4


def test_signals_go_to_the_first_sum_that_fired():
    (kernel, maps), (plain, _) = layer_of(FirstFired), layer_of(NumpyKernel)
    tau = np.arange(kernel.places.outputs, dtype=np.int32) - 2
    sums, where = kernel.forward(maps, False)
    largest, index = plain.forward(maps, False)
    assert np.array_equal(sums, largest)
    bits = kernel.fire(sums, tau)
    assert np.array_equal(bits, plain.fire(largest, tau))
    every = NumpyKernel.forward(_single(plain), maps, False)[0]
    seen = set()
    for k, y, x, j in np.ndindex(sums.shape):
        square = every[k, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2, j].ravel()
        fired = np.flatnonzero(square >= tau[j])
        assert where[k, y, x, j] == (fired[0] if len(fired) else index[k, y, x, j])
        seen.add((len(fired), where[k, y, x, j] == index[k, y, x, j]))
    assert {(0, True), (4, False)} <= seen


def _single(kernel):
    """Return a kernel of the same weights that does not pool."""
    places = kernel.places
    found = NumpyKernel(
        Places(places.reads, places.rows, places.columns, places.stride, 1, places.outputs,
               places.pieces)
    )  # fmt: skip
    found.load(kernel._weights)
    return found


def test_noise_rounds_up_or_down_and_right_on_average():
    (kernel, maps), (plain, _) = layer_of(Noise, 0), layer_of(NumpyKernel, 0)
    sums, where = plain.forward(maps, True)
    signals = np.random.default_rng(1).integers(-1, 2, sums.shape).astype(np.int8)
    exact = np.zeros((kernel.places.outputs, kernel.places.inputs), np.int16)
    plain.vote(exact, maps[:1], signals[:1], where[:1], True, 0, 0, 16)
    total = np.zeros(exact.shape)
    for _ in range(400):
        target = np.zeros_like(exact)
        kernel.vote(target, maps[:1], signals[:1], where[:1], True, 2, 0, 16)
        assert np.all((target == exact >> 2) | (target == -(-exact >> 2)))
        total += target
    assert np.abs(total / 400 - exact / 4).max() < 0.15


def test_one_number_rounds_a_whole_layer():
    (kernel, maps), (plain, _) = layer_of(OneNumber, 0), layer_of(NumpyKernel, 0)
    sums, where = plain.forward(maps, True)
    signals = np.random.default_rng(1).integers(-1, 2, sums.shape).astype(np.int8)

    def voted(kernel, first):
        target = np.zeros((kernel.places.outputs, kernel.places.inputs), np.int16)
        kernel.vote(target, maps[:1], signals[:1], where[:1], True, 2, first, 16)
        return target.tolist()

    rounded = [voted(plain, number) for number in range(4)]
    assert len({str(each) for each in rounded}) == 4
    found = [rounded.index(voted(kernel, 0)) for _ in range(40)]
    assert set(found) == {0, 1, 2, 3}


def test_a_batch_is_rounded_and_clamped_once():
    (kernel, maps), (plain, _) = layer_of(WholeBatch, 0), layer_of(NumpyKernel, 0)
    sums, where = plain.forward(maps, True)
    generator = np.random.default_rng(1)
    weights = generator.random((plain.places.outputs, plain.places.inputs)) < 0.5
    found, wanted = (np.zeros(weights.shape, np.int16) for _ in range(2))
    clamped = flipped = 0
    for update in range(6):
        signals = generator.integers(-1, 2, sums.shape).astype(np.int8)
        for first in range(3):
            part = slice(first, first + 1)
            kernel.vote(found, maps[part], signals[part], where[part], True, 1, first, 3)
        exact = np.zeros_like(found)
        plain.vote(exact, maps[:3], signals[:3], where[:3], True, 0, 0, 16)
        total = wanted + (exact.astype(int) + update % 2 >> 1)
        clamped += np.count_nonzero((total > 3) | (total < -4))
        wanted = np.clip(total, -4, 3).astype(np.int16)
        own, others = weights.copy(), weights.copy()
        flipped += plain.flip(others, wanted, 3)
        kernel.flip(own, found, 3)
        assert np.array_equal(own, others)
        assert np.array_equal(found, wanted)
    assert clamped > 0
    assert flipped > 0


@pytest.mark.parametrize("kind", [Noise, OneNumber])
def test_without_rounding_noise_is_the_rule(kind):
    spec = network("pooled")
    bits, labels = samples(spec, 40, 1)
    graphs = [
        GraphNetwork(spec, settings(spec, 1, dead=0), 0, 9, each) for each in (NumpyKernel, kind)
    ]
    for graph in graphs:
        graph.train(bits, labels)
    for one, other in zip(*map(state, graphs), strict=True):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])
