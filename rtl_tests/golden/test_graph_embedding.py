"""An embedding against loops over words and bits; compiled code has the same bits."""

import numpy as np
import pytest

from boldhw.golden.graph.embedding import NOTHING, NumpyEmbedding
from boldhw.golden.graph.embedding_loops import CompiledEmbedding

KERNELS = [NumpyEmbedding, CompiledEmbedding]
WAYS = [(0, 31, 16), (2, 7, 5), (3, 0, 8), (0, 255, 5)]  # dead, noise, bits
TABLES = [(9, 64), (1, 5), (40, 33)]  # rows, bits


def table(rows, width, seed=0):
    """Return weights, accumulators, and a generator for more."""
    generator = np.random.default_rng([seed, rows, width])
    weights = generator.random((rows, width)) < 0.5
    return weights, generator.integers(-9, 10, (rows, width), np.int16), generator


def voted(accumulators, rows, deltas, draws, dead, noise, bits):
    """Return the accumulators after votes, bit by bit."""
    found, top = accumulators.astype(int), 1 << bits - 1
    for word, column in np.ndindex(deltas.shape):
        g = int(deltas[word, column])
        if abs(g) > dead + (int(draws[word, column]) & noise):
            value = found[rows[word], column] - np.sign(g)
            found[rows[word], column] = min(max(value, -top), top - 1)
    return found


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_word_reads_its_row(kernel):
    weights, _, _ = table(9, 64)
    words = np.array([[3, 3, NOTHING], [0, 8, 1]], np.int32)
    bits = kernel().read(weights, words)
    assert bits.shape == (2, 3, 64)
    assert not bits[0, 2].any()
    for at in np.argwhere(words != NOTHING):
        assert np.array_equal(bits[*at], weights[words[*at]])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", TABLES)
@pytest.mark.parametrize(("dead", "noise", "bits"), WAYS)
def test_votes(kernel, shape, dead, noise, bits):
    _, accumulators, generator = table(*shape)
    rows = generator.integers(0, shape[0], 50, np.int32)  # some come again
    deltas = generator.integers(-40, 41, (50, shape[1]), np.int32)
    draws = generator.integers(0, 256, deltas.shape, np.uint8)
    expected = voted(accumulators, rows, deltas, draws, dead, noise, bits)
    size = kernel().vote(accumulators, rows, deltas, draws, dead, noise, bits)
    assert np.array_equal(accumulators, expected)
    assert size == np.abs(deltas).sum()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", TABLES)
@pytest.mark.parametrize(("theta", "chance"), [(1, 256), (4, 32), (9, 128)])
def test_flips(kernel, shape, theta, chance):
    weights, accumulators, generator = table(*shape)
    rows = np.sort(generator.permutation(shape[0])[: max(1, shape[0] // 2)]).astype(np.int32)
    draws = generator.integers(0, 256, (len(rows), shape[1]), np.uint8)
    expected, left, flips = weights.copy(), accumulators.copy(), 0
    for index, column in np.ndindex(draws.shape):
        at = rows[index], column
        if left[at] * (1 if expected[at] else -1) <= -theta and draws[index, column] < chance:
            expected[at], left[at] = not expected[at], 0
            flips += 1
    assert kernel().flip(weights, accumulators, rows, draws, theta, chance) == flips
    assert np.array_equal(weights, expected)
    assert np.array_equal(accumulators, left)


def test_the_mean_signal_grows_with_g():
    """A threshold of 0..31 passes |g| in |g| of 32 words."""
    rows, deltas = np.zeros(32, np.int32), np.full((32, 1), -8, np.int32)
    accumulators = np.zeros((1, 1), np.int16)
    draws = np.arange(32, dtype=np.uint8)[:, None]
    NumpyEmbedding().vote(accumulators, rows, deltas, draws, 0, 31, 16)
    assert accumulators.item() == 8


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_wrong_bit_is_seen(kernel):
    """One draw that differs makes the comparison of votes fail."""
    _, accumulators, generator = table(9, 64)
    rows = generator.integers(0, 9, 50, np.int32)
    deltas = np.full((50, 64), 4, np.int32)
    draws = generator.integers(0, 4, deltas.shape, np.uint8)
    expected = voted(accumulators, rows, deltas, draws, 0, 7, 16)
    draws[17, 30] ^= 4
    kernel().vote(accumulators, rows, deltas, draws, 0, 7, 16)
    assert not np.array_equal(accumulators, expected)
