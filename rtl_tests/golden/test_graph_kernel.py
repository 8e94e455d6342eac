"""What a layer computes, against sums over its taps one by one."""

import numpy as np
import pytest
from support.graph_cases import NETWORKS, is_ternary, network

from boldhw.golden.graph import rule
from boldhw.golden.graph.kernel import NumpyKernel
from boldhw.golden.graph.places import Places
from boldhw.golden.graph.widths import sources
from boldhw.spec.maps import Shape

LAYERS = [(name, layer.name) for name in NETWORKS for layer in network(name).layers]
SAMPLES = 2


def embed(bit, zero_true):
    if isinstance(bit, np.int8):
        return int(bit)
    return 1 if bit else 0 if zero_true else -1


def reads(spec, layer, maps, y, x, zero_true):
    """Return what the sum at (y, x) of one sample reads, in the order of the weights."""
    if layer.kernel is None:
        return [embed(bit, zero_true) for tap in layer.taps for bit in maps[tap.source].ravel()]
    found = []
    for tap in layer.reach:
        source = maps[tap.source]
        row, column = y * layer.kernel.stride + tap.dy, x * layer.kernel.stride + tap.dx
        inside = 0 <= row < len(source) and 0 <= column < source.shape[1]
        found += [
            embed(source[row, column, plane], zero_true) if inside else 0
            for plane in range(source.shape[2])
        ]
    return found


class Case:
    """A layer with random sources and weights, its kernel, and what its sums read."""

    def __init__(self, name, layer, seed=0, zero_true=False):
        spec = network(name)
        self.layer = spec.layer(layer)
        self.generator = np.random.default_rng(seed)
        self.shapes = sources(spec, self.layer)
        self.places = Places.of(self.layer, self.shapes)
        self.maps = {
            name: self.source(s, is_ternary(spec, name)) for name, s in self.shapes.items()
        }
        self.joined = self.join(zero_true)
        self.weights = self.generator.random(self.layer.shape) < 0.5
        self.kernel = NumpyKernel(self.places)
        self.kernel.load(self.weights)
        self.inputs = np.array([
            [[reads(spec, self.layer, {n: m[k] for n, m in self.maps.items()}, y, x, zero_true)
              for x in range(self.places.columns)] for y in range(self.places.rows)]
            for k in range(SAMPLES)
        ])  # fmt: skip

    def source(self, shape, three):
        """Return a random map of a shape, bool, or int8 with three values."""
        size = SAMPLES, shape.height, shape.width, shape.planes
        if three:
            return self.generator.integers(-1, 2, size).astype(np.int8)
        return self.generator.random(size) < 0.5

    def join(self, zero_true):
        """Return the sources as one map: bool, or int8 if one of them is."""
        maps = list(self.maps.values())
        if any(bits.dtype == np.int8 for bits in maps):
            f = 0 if zero_true else -1
            maps = [np.where(m, 1, f).astype(np.int8) if m.dtype == bool else m for m in maps]
        if not self.layer.kernel:
            maps = [bits.reshape(SAMPLES, 1, 1, -1) for bits in maps]
        return np.concatenate(maps, axis=-1)

    def signals(self):
        """Return (signals of the outputs, which sum of a square, the same at each sum)."""
        shape = SAMPLES, *vars(self.places.makes).values()
        signals = self.generator.integers(-1, 2, shape).astype(np.int8)
        if self.places.pool == 1:
            return signals, np.zeros(shape, np.int8), signals
        where = self.generator.integers(0, 4, shape).astype(np.int8)
        full = np.zeros((SAMPLES, self.places.rows, self.places.columns, shape[-1]), np.int8)
        for at in np.ndindex(shape):
            k, y, x, j = at
            full[k, 2 * y + where[at] // 2, 2 * x + where[at] % 2, j] = signals[at]
        return signals, where, full


@pytest.mark.parametrize(("name", "layer"), LAYERS)
@pytest.mark.parametrize("zero_true", [False, True])
def test_sums_and_pooling(name, layer, zero_true):
    case = Case(name, layer, zero_true=zero_true)
    sums, where = case.kernel.forward(case.joined, zero_true)
    expected = case.inputs @ np.where(case.weights, 1, -1).T
    if case.places.pool == 2:
        k, r, s, n = expected.shape
        squares = expected.reshape(k, r // 2, 2, s // 2, 2, n).transpose(0, 1, 3, 5, 2, 4)
        squares = squares.reshape(k, r // 2, s // 2, n, 4)
        assert np.array_equal(where, squares.argmax(axis=-1))  # the first on ties
        expected = squares.max(axis=-1)
    assert sums.dtype == np.int16
    assert np.array_equal(sums, expected)


@pytest.mark.parametrize(("name", "layer"), LAYERS)
def test_signals_go_back_to_what_was_read(name, layer):
    """g of a bit is the change of the sum of signal * sum, when the bit is 1 instead of 0."""
    case = Case(name, layer, seed=1)
    signals, where, full = case.signals()
    deltas = case.kernel.backward(signals, where)
    assert deltas.dtype == np.int32
    assert deltas.shape == case.joined.shape
    parts = full.astype(int) @ np.where(case.weights, 1, -1)
    # Both are linear: <g, bits> equals <parts, patches(bits)>, for any bits.
    for seed in range(5):
        bits = np.random.default_rng(seed).random(case.joined.shape) < 0.3
        read = rule.patches(bits.astype(np.float32), case.places)
        assert (deltas * bits).sum() == (parts * read).sum()


@pytest.mark.parametrize(("name", "layer"), LAYERS)
def test_votes_of_each_sample(name, layer):
    case = Case(name, layer, seed=2)
    signals, where, full = case.signals()
    target = np.zeros(case.weights.shape, np.int16)
    case.kernel.vote(target, case.joined, signals, where, False, 0, 0, 16)
    expected = sum(
        np.einsum("yxj,yxi->ji", full[k].astype(int), case.inputs[k]) for k in range(SAMPLES)
    )
    assert np.array_equal(target, -expected)


def test_votes_are_rounded_by_a_counter_and_clamped_after_each_sample():
    case = Case("pooled", "layer2", seed=3)
    signals, where, full = case.signals()
    target = np.full(case.weights.shape, 5, np.int16)
    case.kernel.vote(target, case.joined, signals, where, False, 2, 6, 4)
    expected = np.full(target.shape, 5)
    for k, u in ((0, 2), (1, 3)):  # samples 6 and 7 of the batch, modulo 4
        votes = np.einsum("yxj,yxi->ji", full[k].astype(int), case.inputs[k])
        expected = np.clip(expected + np.floor((u - votes) / 4).astype(int), -8, 7)
    assert np.array_equal(target, expected)
    assert 7 in expected


def test_gate_dead_zone_and_their_counts():
    kernel = NumpyKernel(Places(Shape(1, 1, 3), 1, 1, 1, 1, 2, ()))
    deltas = np.array([[3, -4], [2, 9], [-7, 5]], np.int32).reshape(3, 1, 1, 2)
    sums = np.array([[4, 0], [1, -3], [-2, 1]], np.int16).reshape(3, 1, 1, 2)
    tau, window = np.array([1, -1], np.int32), np.array([3, 1], np.int32)
    signals, gated, size = kernel.signals(deltas, sums, tau, window, 3)
    assert signals.reshape(3, 2).tolist() == [[0, -1], [0, 0], [-1, 0]]
    assert gated.tolist() == [3, 1]
    assert size == 3 + 2 + 7 + 4
    assert kernel.count(rule.fire(sums, tau)).tolist() == [2, 2]


def test_three_values_and_their_gate():
    """T from tau, F up to -tau, 0 in between; the gate is open near either threshold."""
    kernel = NumpyKernel(Places(Shape(1, 1, 3), 1, 1, 1, 1, 1, ()))
    sums = np.arange(-6, 7, dtype=np.int16).reshape(13, 1, 1, 1)
    tau, window = np.array([3], np.int32), np.array([1], np.int32)
    values = kernel.fire(sums, tau, True)
    assert values.dtype == np.int8
    assert values.ravel().tolist() == [-1] * 4 + [0] * 5 + [1] * 4
    assert kernel.count(values).tolist() == [8]
    deltas = np.full(sums.shape, 5, np.int32)
    signals, gated, size = kernel.signals(deltas, sums, tau, window, 0, True)
    assert signals.ravel().tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0]
    assert (gated.tolist(), size) == ([6], 30)
    assert kernel.fire(sums, np.array([0], np.int32), True).ravel()[5:8].tolist() == [-1, 0, 1]


def test_flips_and_what_is_left():
    kernel = NumpyKernel(Places(Shape(1, 1, 4), 1, 1, 1, 1, 1, ()))
    weights = np.array([[True, True, False, False]])
    accumulators = np.array([[-3, 2, 3, 2]], np.int16)
    assert kernel.flip(weights, accumulators, 3) == 2
    assert weights.tolist() == [[False, True, True, False]]
    assert accumulators.tolist() == [[0, 2, 0, 2]]


def test_means_are_taken_away_rounded_to_nearest():
    balance, means = np.array([3, -5], np.int32), np.array([128, -60, 1], np.int16)
    exact = np.outer([3, -5], [128, -60, 1]) / 256
    found = rule.common(balance, means, 0)
    assert np.array_equal(found, np.floor(exact + 0.5))
    assert np.array_equal(rule.common(balance, means, 1), np.floor(exact / 2 + 0.5))


def test_a_wrong_bit_is_seen():
    """Comparisons of this file notice one weight that is not what it should be."""
    case = Case("branches", "both", seed=4)
    sums, _ = case.kernel.forward(case.joined, False)
    case.weights[3, 17] ^= True
    wrong, _ = case.kernel.forward(case.joined, False)
    assert not np.array_equal(sums, wrong)
