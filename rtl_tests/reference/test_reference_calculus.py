"""Theorem 3.12 and the examples behind it, over every small Boolean function."""

import itertools
import operator

import numpy as np
import pytest

from boldhw.reference.calculus import (
    aggregate,
    derivative,
    difference,
    input_variations,
    partial,
    variation,
    weight_variations,
)
from boldhw.reference.linear import BooleanLinear
from boldhw.reference.logic import TERMS, slope, xnor

BOOLEANS = (False, True)
CONNECTIVES = {
    "xnor": operator.eq,
    "xor": operator.ne,
    "and": lambda x, a: x and a,
    "or": lambda x, a: x or a,
}


def functions(domain, values):
    """Every function from ``domain`` to ``values``, as a callable."""
    for row in itertools.product(values, repeat=len(domain)):
        yield dict(zip(domain, row, strict=True)).__getitem__


UNARY = list(functions(BOOLEANS, BOOLEANS))  # all 4
NUMBERS = list(functions(BOOLEANS, (-2, 0, 1, 3)))
REALS = list(functions(BOOLEANS, (-1.5, 0.25, 2.0)))


def test_variation_is_true_upwards_false_downwards_and_zero_without_change():
    assert [variation(a, b) for a in BOOLEANS for b in BOOLEANS] == [0, 1, -1, 0]
    assert variation(5, 3) == -2


@pytest.mark.parametrize("x", BOOLEANS)
class TestTheorem:
    """The rules, one test each."""

    def test_negation(self, x):
        """(not f)' = not f'."""
        for f in UNARY:
            assert derivative(lambda v, f=f: not f(v), x) == -derivative(f, x)

    def test_factor(self, x):
        """(a f)' = a f'."""
        for f, factor in itertools.product(NUMBERS + REALS, (-3, 0, 1, 2.5)):
            assert derivative(lambda v, f=f, a=factor: a * f(v), x) == factor * derivative(f, x)

    def test_sum(self, x):
        """(f + g)' = f' + g'."""
        for f, g in itertools.product(NUMBERS, REALS):
            assert derivative(lambda v, f=f, g=g: f(v) + g(v), x) == derivative(f, x) + derivative(
                g, x
            )

    @pytest.mark.parametrize("outer", [UNARY, NUMBERS, REALS], ids=["boolean", "integer", "real"])
    def test_chain_through_a_boolean(self, x, outer):
        """(g o f)' = xnor(g'(f), f')."""
        for f, g in itertools.product(UNARY, outer):
            chain = xnor(derivative(g, f(x)), derivative(f, x))
            assert derivative(lambda v, f=f, g=g: g(f(v)), x) == chain

    def test_chain_through_an_integer(self, x):
        """(g o f)' = xnor(g'(f), f') where |f'| <= 1 and g'(f) = g'(f - 1)."""
        tried = 0
        for f, g in itertools.product(
            functions(BOOLEANS, range(3)), functions(range(-1, 4), range(-1, 2))
        ):
            steps = difference(g, f(x)), difference(g, f(x) - 1)
            if abs(derivative(f, x)) <= 1 and steps[0] == steps[1]:
                tried += 1
                chain = xnor(steps[0], derivative(f, x))
                assert derivative(lambda v, f=f, g=g: g(f(v)), x) == chain
        assert tried > 300

    def test_chain_through_an_integer_needs_its_conditions(self, x):
        """Without them there are counterexamples, so the test above tests something."""
        pairs = itertools.product(
            functions(BOOLEANS, range(3)), functions(range(-1, 4), range(-1, 2))
        )
        assert any(
            derivative(lambda v, f=f, g=g: g(f(v)), x)
            != xnor(difference(g, f(x)), derivative(f, x))
            for f, g in pairs
        )

    @pytest.mark.parametrize("logic", TERMS)
    def test_connectives(self, x, logic):
        """d xnor(x, a) = a, d xor = not a, d and = T if a else 0, d or = 0 if a else T."""
        for a in BOOLEANS:
            found = derivative(lambda v, a=a: CONNECTIVES[logic](v, a), x)
            assert found == slope(logic, 1 if a else -1)


class TestManyArguments:
    def test_chain_with_every_function_of_two_arguments(self):
        """(g o f)'_i = xnor(g'(f), f'_i), all 16 functions f and 4 functions g."""
        domain = list(itertools.product(BOOLEANS, repeat=2))
        for f, g, x, i in itertools.product(functions(domain, BOOLEANS), UNARY, domain, range(2)):
            chain = xnor(derivative(g, f(x)), partial(f, x, i))
            assert partial(lambda v, f=f, g=g: g(f(v)), x, i) == chain

    def test_partial_changes_one_argument(self):
        """All 256 functions of three arguments: the others are parameters."""
        domain = list(itertools.product(BOOLEANS, repeat=3))
        for f in functions(domain, BOOLEANS):
            for x in domain:
                assert partial(f, x, 1) == derivative(lambda b, f=f, x=x: f((x[0], b, x[2])), x[1])


@pytest.mark.parametrize("logic", TERMS)
@pytest.mark.parametrize("kind", ["boolean", "three-valued", "real"])
def test_layers_aggregate_atomic_variations(logic, kind):
    """Votes and signals of a layer are the sums of eq. 7 and 8, term by term."""
    generator = np.random.default_rng(3)
    layer = BooleanLinear(7, 5, generator, logic, outgoing=1)
    x = generator.integers(-1, 2, (6, 7)).astype(np.float32)
    signals = {
        "boolean": np.where(generator.random((6, 5)) < 0.5, -1, 1),
        "three-valued": generator.integers(-1, 2, (6, 5)),
        "real": generator.normal(size=(6, 5)),
    }[kind]
    layer.forward(x)
    below = layer.backward(signals)
    weights = layer.weights.value
    assert layer.weights.votes == pytest.approx(
        aggregate(weight_variations(signals, x, logic), axis=0), abs=1e-5
    )
    assert below == pytest.approx(
        aggregate(input_variations(signals, weights, logic), axis=1), abs=1e-5
    )


def test_aggregate_counts_trues_less_falses():
    assert aggregate(np.array([1, 1, 0, -1, 1]), 0) == 2
    assert aggregate(np.array([0.5, -2.0, 0.0]), 0) == -1.5
