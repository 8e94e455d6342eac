"""Bits are comparisons with edges: where edges are, and which are left out."""

import numpy as np
import pytest

from boldhw.data.coder import CODES, EVEN, QUANTILES, Coder, even_table
from boldhw.errors import ConfigError, DataError

GENERATOR = np.random.default_rng(4)
VALUES = np.stack(
    [GENERATOR.normal(size=500), GENERATOR.exponential(size=500), GENERATOR.integers(0, 3, 500)], 1
)


def edges_of(coder, feature):
    return coder.edges[coder.columns == feature].tolist()


def test_bits_are_comparisons():
    coder = Coder(2, np.array([0, 1, 0]), np.array([0.5, -1, 2]))
    bits = coder(np.array([[0.5, 0], [0.6, -1], [3, -0.5]]))
    assert bits.dtype == np.bool_
    assert bits.tolist() == [[False, True, False], [True, False, False], [True, True, True]]


@pytest.mark.parametrize("samples", [1, 4095, 4096, 4097, 9000])
def test_blocks_are_joined(samples):
    values = GENERATOR.normal(size=(samples, 3))
    coder = Coder.fit(VALUES)
    assert (coder(values) == (values[:, coder.columns] > coder.edges)).all()


@pytest.mark.parametrize("levels", [1, 3, 8])
def test_quantiles_divide_the_samples_alike(levels):
    coder = Coder.fit(VALUES, QUANTILES, levels)
    for feature in (0, 1):
        edges = edges_of(coder, feature)
        assert len(edges) == levels
        counts = np.diff([0, *np.searchsorted(np.sort(VALUES[:, feature]), edges), 500])
        assert counts.max() - counts.min() <= 2
        assert not np.isin(edges, VALUES[:, feature]).any()  # they are between two values


def test_few_values_have_an_edge_between_any_two():
    assert edges_of(Coder.fit(VALUES, QUANTILES, 8), 2) == [0.5, 1.5]
    column = np.array([[0.0], [1.0], [10.0], [1.0]])
    assert Coder.fit(column).edges.tolist() == [0.5, 5.5]


@pytest.mark.parametrize("rare", ["least", "greatest"])
def test_a_rare_value_is_told_from_a_frequent_one(rare):
    """Of 2000 samples all but 20 have one value: every quantile is that value."""
    column = np.zeros((2000, 1))
    column[:20, 0] = np.arange(1, 21) * (1 if rare == "greatest" else -1)
    bits = Coder.fit(column)(column)
    assert len(np.unique(bits, axis=0)) >= 2


def test_even_edges_divide_the_range():
    coder = Coder.fit(VALUES, EVEN, 4)
    low, high = VALUES[:, 0].min(), VALUES[:, 0].max()
    assert edges_of(coder, 0) == pytest.approx(np.linspace(low, high, 6)[1:-1].tolist())
    assert even_table(VALUES, 1).tolist() == [((VALUES.min(0) + VALUES.max(0)) / 2).tolist()]


def test_given_edges():
    coder = Coder.given(VALUES, [[1.5, -0.5, 99, 1.5], [], [0, 1, 2, -1]])
    assert edges_of(coder, 0) == [-0.5, 1.5]
    assert (edges_of(coder, 1), coder.unread.tolist()) == ([], [1])
    assert edges_of(coder, 2) == [0, 1]


@pytest.mark.parametrize("code", CODES)
def test_every_bit_changes(code):
    bits = Coder.fit(VALUES, code, 30)(VALUES)
    assert (bits.any(axis=0) & ~bits.all(axis=0)).all()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "column",
    [[-1e308, 1e308, 0], [5e-324, 0, 0], [1, np.nextafter(1, 2), 1], [2**53, 2**53 + 2, 0]],
)
def test_extreme_values(code, column):
    values = np.array(column, np.float64)[:, None]
    bits = Coder.fit(values, code)(values)
    assert len(np.unique(bits, axis=0)) >= 2


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64])
def test_whole_numbers(dtype):
    values = np.array([[0, 1], [1, 1], [1, 0]], dtype)
    assert Coder.fit(values)(values).tolist() == [[False, True], [True, True], [True, False]]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Coder.fit(VALUES, levels=0), ConfigError, "levels=0 must be an integer from 1"),
        (lambda: Coder.fit(VALUES, levels=256), ConfigError, "works is levels=255"),
        (lambda: Coder.fit(VALUES, "log"), ConfigError, "'log' is no code; use quantiles or even"),
        (lambda: Coder.fit(VALUES * 0), DataError, "every feature is constant"),
        (lambda: Coder.fit(VALUES * 0, EVEN), DataError, "every feature is constant"),
        (lambda: Coder.given(VALUES, [[99], [], []]), DataError, "on one side of its edges"),
        (lambda: Coder.fit(VALUES)(VALUES[:, :2]), DataError, r"\(2,\), their code is for 3"),
        (lambda: Coder(1, np.array([1]), np.array([0.0])), DataError, "of 1 features reads others"),
        (lambda: Coder(1, np.array([0]), np.array([np.nan])), DataError, "has no edges"),
        (lambda: Coder(1, np.array([0]), np.array([0])), DataError, "int64 edges"),
        (lambda: Coder(1, np.array([0, 0]), np.array([0.0])), DataError, r"\(2,\) columns and"),
    ],
)
def test_what_cannot_be_coded(make, error, words):
    with pytest.raises(error, match=words):
        make()
