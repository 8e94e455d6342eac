"""Convolution by the integer rule equals plain loops over Python integers."""

import numpy as np
import pytest

from boldhw.data.datasets import Dataset
from boldhw.errors import DataError
from boldhw.experiments import convolution as experiment
from boldhw.golden import convolution, rule
from boldhw.golden.hyper import Hyper

SHAPES = [(1, 2, 2, 1, 1, 3), (2, 4, 6, 2, 3, 3), (3, 4, 4, 3, 2, 5)]  # k, h, w, c, n, kernel


def case(k, h, w, c, n, side, seed=1):
    """Return (values float32 (k, h, w, c), weights bool (n, side * side * c), generator)."""
    generator = np.random.default_rng(seed)
    values = generator.integers(-1, 2, (k, h, w, c)).astype(np.float32)
    return values, generator.random((n, side * side * c)) < 0.5, generator


def taps(h, w, c, side):
    """Yield (y, x, row, column, channel, index): pixel and weight of every product inside."""
    for y in range(h):
        for x in range(w):
            for index in range(side * side * c):
                spot, channel = divmod(index, c)
                row, column = np.add((y, x), divmod(spot, side)) - side // 2
                if 0 <= row < h and 0 <= column < w:
                    yield y, x, row, column, channel, index


@pytest.mark.parametrize("shape", SHAPES)
def test_forward(shape):
    k, h, w, c, n, side = shape
    values, weights, _ = case(*shape)
    expected = np.zeros((k, h, w, n), int)
    for y, x, row, column, channel, index in taps(h, w, c, side):
        for sample in range(k):
            for j in range(n):
                sign = 1 if weights[j, index] else -1
                expected[sample, y, x, j] += int(values[sample, row, column, channel]) * sign
    sums = convolution.forward(convolution.patches(values, side), weights)
    assert sums.dtype == np.int32
    assert sums.tolist() == expected.tolist()


@pytest.mark.parametrize("shape", SHAPES)
def test_backward(shape):
    k, h, w, c, n, side = shape
    _, weights, generator = case(*shape)
    signals = generator.integers(-1, 2, (k, h, w, n), np.int8)
    expected = np.zeros((k, h, w, c), int)
    for y, x, row, column, channel, index in taps(h, w, c, side):
        for sample in range(k):
            for j in range(n):
                sign = 1 if weights[j, index] else -1
                expected[sample, row, column, channel] += int(signals[sample, y, x, j]) * sign
    sums = convolution.backward(signals, weights, side)
    assert sums.dtype == np.int32
    assert sums.tolist() == expected.tolist()


@pytest.mark.parametrize("limit", [5, rule.MAX_TERMS])
@pytest.mark.parametrize("shape", SHAPES)
def test_vote(shape, limit, monkeypatch):
    """Votes are summed over samples and positions, in as many parts as float32 needs."""
    monkeypatch.setattr(rule, "MAX_TERMS", limit)
    k, h, w, c, n, side = shape
    values, weights, generator = case(*shape)
    signals = generator.integers(-1, 2, (k, h, w, n), np.int8)
    expected = np.zeros(weights.shape, int)
    for y, x, row, column, channel, index in taps(h, w, c, side):
        for sample in range(k):
            value = int(values[sample, row, column, channel])
            for j in range(n):
                expected[j, index] += int(signals[sample, y, x, j]) * value
    votes = convolution.vote(signals, convolution.patches(values, side))
    assert votes.tolist() == expected.tolist()


def test_pool_and_back():
    """The largest of four passes, and the signal goes back to the first of them."""
    generator = np.random.default_rng(2)
    sums = generator.integers(-2, 3, (2, 4, 6, 3), np.int32)
    best, where = convolution.pool(sums)
    signals = generator.integers(-1, 2, best.shape, np.int8)
    back = convolution.unpool(signals, where)
    for k, y, x, n in np.ndindex(best.shape):
        spots = [(2 * y + a, 2 * x + b) for a in (0, 1) for b in (0, 1)]
        four = [int(sums[k, row, column, n]) for row, column in spots]
        assert best[k, y, x, n] == max(four)
        expected = [0] * 4
        expected[four.index(max(four))] = int(signals[k, y, x, n])
        assert [int(back[k, row, column, n]) for row, column in spots] == expected


def test_odd_sizes_cannot_be_pooled():
    with pytest.raises(DataError, match="3 x 4 sums cannot be pooled 2 x 2; make both sizes even"):
        convolution.pool(np.zeros((1, 3, 4, 1), np.int32))


def network(**options):
    """Return a network for images of 8 x 8."""
    settings = {"share": 0.3, "power": 0.5, **options}
    return experiment.ConvolutionalNetwork((2, 3), 8, 1, **settings)


def samples(count=100):
    """Return bits and labels that only training can tell apart."""
    generator = np.random.default_rng(3)
    return generator.random((count, 64)) < 0.3, generator.integers(0, 10, count)


def test_votes_of_a_batch_are_the_sum_of_its_samples():
    """Samples between two updates do not influence each other."""
    bits, labels = samples(6)
    whole = network().votes(bits, labels, np.random.default_rng(0))
    single = [
        network().votes(bits[k : k + 1], labels[k : k + 1], np.random.default_rng(0))
        for k in range(len(bits))
    ]
    for layer, votes in enumerate(whole):
        assert np.array_equal(votes, sum(each[layer] for each in single))
        assert np.any(votes)


@pytest.mark.parametrize("stochastic", [False, True])
def test_training_is_deterministic(stochastic):
    bits, labels = samples()
    results = []
    for _ in range(2):
        made = network(power=0.0, stochastic=stochastic)
        stats = [made.train(bits, labels, epoch, 2) for epoch in range(2)]
        results.append((stats, [weights.tolist() for weights in made.weights]))
    assert results[0] == results[1]
    active, updates, flips = results[0][0][0]
    assert updates == -(-active // 32)
    assert any(flips[:2])


def test_theta_follows_the_positions():
    """16 and 4 positions send signals; theta is halved after the first epoch, then it grows."""
    plain, root, linear = (network(power=power).thetas(1, 1 << 20) for power in (0.0, 0.5, 1.0))
    assert linear[0] == pytest.approx(4 * root[0], abs=2)
    assert root[1] == pytest.approx(2 * plain[1], abs=2)
    assert plain[2] == root[2] == linear[2]
    first = network().thetas(0, 4)
    assert first[2] == pytest.approx(2 * root[2], abs=2)


def test_thresholds_are_at_the_expected_maximum():
    """1.03 standard deviations: of 7.5 inputs that count, and of 50."""
    assert network().tau == [3, 7]
    assert network(at_maximum=False).tau == [0, 0]


def test_runs_take_the_first_samples_only():
    generator = np.random.default_rng(4)
    images = generator.integers(0, 256, (60, 64)).astype(np.uint8)
    labels = generator.integers(0, 10, 60)
    settings = {**experiment._settings((2, 3), 1), "sizes": [40, 20], "seed": 1}
    whole = Dataset(images, labels, images, labels, "whole")
    part = Dataset(images[:40], labels[:40], images[:20], labels[:20], "part")
    result = experiment.run(settings, whole)
    assert result == experiment.run(settings, part)
    assert 0 < result["active"][0] <= 1


def test_several_outputs_per_class():
    """Their sums are added: with equal weights a class scores twice as much, and wins as before."""
    single = network(hyper=Hyper())
    double = network(hyper=Hyper(outputs_per_class=2))
    assert len(double.weights[-1]) == 20
    for layer, weights in enumerate(single.weights[:-1]):
        double.weights[layer] = weights
    double.weights[-1] = np.repeat(single.weights[-1], 2, axis=0)
    bits, labels = samples(6)
    assert np.array_equal(double.forward(bits)[2], 2 * single.forward(bits)[2])
    votes = double.votes(bits, labels, np.random.default_rng(0))[-1]
    assert np.array_equal(votes[::2], votes[1::2])
    assert np.any(votes)


def test_report_of_all_runs():
    """One row per setting; only the longest runs are plotted."""
    result = {"accuracy": [0.5, 0.75], "active": [0.9, 0.4], "true": [[0.5, 0.5], [0.25, 0.5]]}
    runs = experiment.EXPERIMENT.runs(2, False)
    text, plots = experiment.EXPERIMENT.report([{"settings": r, "result": result} for r in runs])
    rows = [line for line in text.split("\n") if line.startswith("| ")]
    assert len(rows) == 2 + len(runs) / 2
    label = "8-16 channels, 4 epochs, theta x 1"
    assert f"| {label} | 11,240 | 2 | 75.00 +- 0.00 (75.00) | 40.0 | 25, 50 |" in rows
    (plot,) = plots.values()
    assert plot.count("<polyline") == sum(r["epochs"] == experiment.LONG for r in runs) / 2 == 3
