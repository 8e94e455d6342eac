"""The Boolean optimizer weight by weight, Adam against its first steps."""

import numpy as np
import pytest

from boldhw.reference.layer import Parameter
from boldhw.reference.optimizer import Adam, BooleanOptimizer


def test_boolean_optimizer_is_equations_9_to_11():
    """Twenty steps with random votes, beside the equations for single weights."""
    generator = np.random.default_rng(12)
    weights = np.where(generator.random(40) < 0.5, -1, 1).astype(np.float32)
    parameter = Parameter(weights.copy(), boolean=True)
    optimizer = BooleanOptimizer([parameter])
    expected, accumulators, beta, flips = weights.tolist(), [0.0] * 40, 1.0, 0
    for step in range(20):
        parameter.votes = generator.normal(size=40).astype(np.float32)
        eta = 0.5 + 0.01 * step
        flipped = 0
        for i, q in enumerate(parameter.votes.tolist()):
            accumulators[i] = beta * accumulators[i] + eta * q
            if accumulators[i] * expected[i] >= 1:
                expected[i], accumulators[i] = -expected[i], 0.0
                flipped += 1
        beta = 1 - flipped / 40
        flips += flipped
        optimizer.step(eta)
        assert parameter.value.tolist() == expected
        assert optimizer.accumulators[0] == pytest.approx(accumulators, abs=1e-5)
        assert optimizer.betas == [beta]
    assert optimizer.flips == [flips]
    assert flips > 10


def test_weight_flips_when_the_loss_rises_with_it():
    parameter = Parameter(np.array([1.0, 1, -1, -1]), True, np.array([1.0, -1, 1, -1]))
    BooleanOptimizer([parameter]).step(1)
    assert parameter.value.tolist() == [-1, 1, -1, 1]


def test_each_parameter_has_its_own_beta():
    first, second = (Parameter(np.ones(4), True, votes) for votes in (np.ones(4), np.zeros(4)))
    optimizer = BooleanOptimizer([first, second])
    optimizer.step(1)
    assert optimizer.betas == [0, 1]


def test_magnitudes_are_shares_of_the_accumulators():
    values = np.array([0.1, -0.3, -0.4, 0.6, -0.9, -1.5, 0, 0])
    parameter = Parameter(np.ones(8), True, values)
    optimizer = BooleanOptimizer([parameter])
    optimizer.step(1)
    assert optimizer.magnitudes() == ((3 / 8, 2 / 8, 1 / 8, 1 / 8, 1 / 8),)


def test_first_step_of_adam_is_the_rate():
    parameter = Parameter(np.zeros(3), False, np.array([5.0, -0.01, 0]))
    Adam([parameter]).step(0.1)
    assert parameter.value == pytest.approx([-0.1, 0.1, 0], abs=1e-4)


def test_adam_finds_the_minimum_of_a_parabola():
    parameter = Parameter(np.array([3.0, -2.0]), False)
    optimizer = Adam([parameter])
    for _ in range(2000):
        parameter.votes = 2 * (parameter.value - [1, 0.5])
        optimizer.step(0.01)
    assert parameter.value == pytest.approx([1, 0.5], abs=1e-3)
