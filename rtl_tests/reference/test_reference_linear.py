"""Fully connected layers: sums, votes and signals against differences."""

import numpy as np
import pytest
from support.numeric import in_doubles, numerical

from boldhw.reference.linear import BooleanLinear, RealLinear
from boldhw.reference.logic import TERMS, neuron

GENERATOR = np.random.default_rng(4)
X = GENERATOR.integers(-1, 2, (6, 7)).astype(np.float64)
Z = GENERATOR.normal(size=(6, 5))


def test_bias_is_a_weight_whose_input_is_true():
    layer = BooleanLinear(7, 5, np.random.default_rng(1), bias=True)
    widened = np.concatenate([X, np.ones((6, 1))], axis=1)
    weights = np.concatenate([layer.weights.value, layer.bias.value[:, None]], axis=1)
    assert np.array_equal(layer.forward(X), neuron(widened, weights))
    layer.backward(Z)
    assert layer.bias.votes == pytest.approx(Z.sum(axis=0))


def test_weights_are_fair_coins():
    values = BooleanLinear(300, 300, np.random.default_rng(1)).weights.value
    assert set(np.unique(values)) == {-1, 1}
    assert abs(values.mean()) < 4 / 300


@pytest.mark.parametrize("make", [BooleanLinear, RealLinear])
def test_gradients_of_the_embedding(make):
    """XNOR is a product of embeddings, so votes and signals are the gradients of sum(z s)."""
    layer = in_doubles(make(7, 5, np.random.default_rng(1)))
    if make is BooleanLinear:
        layer.outgoing = 1

    def loss(_):
        return (layer.forward(X) * Z).sum()

    layer.forward(X)
    signals = layer.backward(Z)
    votes = [each.votes for each in layer.parameters]
    assert signals == pytest.approx(numerical(loss, X), abs=1e-7)
    for parameter, vote in zip(layer.parameters, votes, strict=True):
        assert vote == pytest.approx(numerical(loss, parameter.value), abs=1e-7)


@pytest.mark.parametrize("logic", TERMS)
def test_votes_foretell_what_a_flip_does(logic):
    """The loss sum(z s) changes by -2 e(w) q when weight w is flipped, for every connective."""
    layer = BooleanLinear(7, 5, np.random.default_rng(1), logic)
    before = (layer.forward(X) * Z).sum()
    layer.backward(Z)
    votes = layer.weights.votes
    for j, i in np.ndindex(5, 7):
        weights = layer.weights.value.copy()
        weights[j, i] *= -1
        change = (neuron(X, weights, logic) * Z).sum() - before
        assert change == pytest.approx(-2 * layer.weights.value[j, i] * votes[j, i], abs=1e-6)


def test_boolean_signals_are_logic_values():
    layer = BooleanLinear(7, 5, np.random.default_rng(1), outgoing=1)
    layer.forward(X)
    real = layer.backward(Z)
    layer.boolean_signals = True
    assert np.array_equal(layer.backward(Z), np.sign(real))
