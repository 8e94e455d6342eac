"""Samples are drawn as often as their weights say."""

import numpy as np
import pytest

from boldhw.errors import ConfigError, DataError
from boldhw.golden.draws import order_of
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer


def counts(weights, seed):
    order = order_of(len(weights), np.random.default_rng(seed), np.array(weights, float))
    return np.bincount(order, minlength=len(weights))


def test_without_weights_each_comes_once():
    expected = np.random.default_rng(3).permutation(9)
    assert np.array_equal(order_of(9, np.random.default_rng(3), None), expected)
    assert counts([2.5] * 9, 3).tolist() == [1] * 9


def test_each_comes_as_often_as_its_share_rounded_down_or_up():
    weights = np.random.default_rng(0).random(50) ** 3
    weights[::7] = 0
    share = weights * 50 / weights.sum()
    found = np.array([counts(weights, seed) for seed in range(400)])
    assert (found.sum(axis=1) == 50).all()
    assert (found >= np.floor(share)).all()
    assert (found <= np.ceil(share)).all()
    assert np.abs(found.mean(axis=0) - share).max() < 0.1  # four deviations of 400 fair coins


def test_huge_and_tiny_weights_can_be_drawn():
    assert counts([1e308, 1e308, 0], 1).tolist() in ([2, 1, 0], [1, 2, 0])
    assert counts([0, 5e-324, 0], 1).tolist() == [0, 3, 0]


@pytest.mark.parametrize("weights", [[1, -1], [1, np.nan], [1, np.inf], [0, 0], [1, 1, 1]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(DataError, match="finite numbers from 0|none can be drawn"):
        order_of(2, np.random.default_rng(0), np.array(weights, float))


def test_a_chain_draws_by_weights():
    bits = np.random.default_rng(0).random((40, 8)) < 0.5
    labels = np.arange(40) % 2
    weights = np.where(labels, 1.0, 0.0)
    for stored in (False, True):
        run = Trainer(Network("8-6-2"), Hyper(), 2, stored=stored)
        stats = run.run(bits, labels, bits, labels, weights=weights)
        if stored:
            with pytest.raises(ConfigError, match="leave out weights or stored"):
                next(stats)
        else:
            assert next(stats).samples == 40
            always = Trainer(Network("8-6-2"), Hyper(), 2)
            next(always.run(bits, np.ones(40, int), bits, labels, weights=weights))
            assert always.network.state_crc() == run.network.state_crc()
