"""Three-valued and mixed logic against truth tables, neurons against sums of single terms."""

import itertools
import operator

import numpy as np
import pytest

from boldhw.errors import ConfigError
from boldhw.reference.logic import TERMS, connect, embed, negate, neuron, project, slope, xnor

TRUTH = {
    "xnor": operator.eq,
    "xor": operator.ne,
    "and": operator.and_,
    "or": operator.or_,
}
GENERATOR = np.random.default_rng(1)
INPUTS = {
    "boolean": embed(GENERATOR.random((5, 9)) < 0.5),
    "three-valued": GENERATOR.integers(-1, 2, (5, 9)),
    "integer": GENERATOR.integers(-7, 8, (5, 9)),
    "real": GENERATOR.normal(size=(5, 9)),
}


def mixed(logic, a, b):
    """L(a, b) by the definition: magnitudes multiply, logic values connect, 0 gives 0."""
    if a == 0 or b == 0:
        return 0
    return abs(a) * abs(b) * (1 if TRUTH[logic](a > 0, b > 0) else -1)


@pytest.mark.parametrize("logic", TERMS)
def test_three_valued_truth_tables(logic):
    for a, b in itertools.product((-1, 0, 1), repeat=2):
        assert connect(logic, a, b) == mixed(logic, a, b)


@pytest.mark.parametrize("logic", TERMS)
@pytest.mark.parametrize("kind", INPUTS)
def test_mixed_type(logic, kind):
    values = INPUTS[kind].ravel().tolist()
    for a, b in itertools.product(values[:12], values[12:24]):
        assert connect(logic, a, b) == pytest.approx(mixed(logic, a, b))


@pytest.mark.parametrize("logic", TERMS)
@pytest.mark.parametrize("kind", INPUTS)
def test_neuron_sums_over_inputs(logic, kind):
    x, weights = INPUTS[kind], embed(GENERATOR.random((4, 9)) < 0.5)
    expected = [
        [sum(mixed(logic, a, w) for a, w in zip(row, unit, strict=True)) for unit in weights]
        for row in x
    ]
    assert neuron(x, weights, logic) == pytest.approx(np.array(expected))


def test_xor_is_the_negation_of_xnor():
    a, b = GENERATOR.normal(size=(2, 50))
    assert np.array_equal(connect("xor", a, b), negate(xnor(a, b)))


@pytest.mark.parametrize("logic", ["and", "or"])
def test_de_morgan_and_symmetry(logic):
    other = {"and": "or", "or": "and"}[logic]
    for a, b in itertools.product((-1, 0, 1), repeat=2):
        assert negate(connect(logic, a, b)) == connect(other, negate(a), negate(b))
        assert connect(logic, a, b) == connect(logic, b, a)


def test_slopes_are_those_of_the_paper():
    true_false = np.array([1, -1])
    assert slope("xnor", true_false).tolist() == [1, -1]
    assert slope("xor", true_false).tolist() == [-1, 1]
    assert slope("and", true_false).tolist() == [1, 0]
    assert slope("or", true_false).tolist() == [0, 1]


def test_embedding_and_projection():
    assert embed(np.array([True, False])).tolist() == [1, -1]
    assert project(np.array([2.5, -3, 0])).tolist() == [1, -1, 0]


def test_unknown_connective_is_refused():
    with pytest.raises(ConfigError, match=r"logic='nand'.*use xnor, xor, and, or"):
        connect("nand", 1, 1)
