"""The order of stored samples: a permutation for every number of samples."""

import numpy as np
import pytest
from support import simulate

from boldhw.errors import ConfigError
from boldhw.gateware.store.order import OrderUnit
from boldhw.spec.engine import ORDER_STEPS
from boldhw.spec.order import MOST_SAMPLES, Order, is_primitive


class BitLoop:
    """The order as its docstring states it, one step at a time."""

    def __init__(self, order):
        self.state, self.taps, self.samples = order.state, order.taps, order.samples

    def take(self):
        while True:
            for _ in range(ORDER_STEPS):
                self.state = self.state >> 1 ^ (self.taps if self.state & 1 else 0)
            if self.state <= self.samples:
                return self.state - 1


@pytest.mark.parametrize("seed", [1, 2])
def test_every_epoch_is_a_permutation(seed):
    generator = np.random.default_rng(seed)
    many = [*range(1, 300), *generator.integers(300, MOST_SAMPLES, 6).tolist(), MOST_SAMPLES]
    for samples in many:
        order = Order(samples, seed)
        for _ in range(2):
            assert sorted(order.take(samples).tolist()) == list(range(samples)), samples


@pytest.mark.parametrize("samples", [1, 2, 3, 100, 4096, 60_000])
def test_equals_bit_loop(samples):
    order = Order(samples, 5)
    loop = BitLoop(order)
    for count in (1, 0, 7, 300):
        assert order.take(count).tolist() == [loop.take() for _ in range(count)]
        assert order.state == loop.state


def test_epochs_differ_in_more_than_their_start():
    """The successor of each sample changes with the seed."""
    one, two = (Order(1000, seed).take(1001) for seed in (1, 2))
    followers = [dict(zip(order[:-1], order[1:], strict=True)) for order in (one, two)]
    same = sum(followers[0][sample] == followers[1][sample] for sample in range(1000))
    assert same < 20


def test_neighbours_are_spread():
    """Samples that follow each other lie no nearer than in an order by chance, within 6 sigma."""
    order = Order(4000, 3).take(4000)
    distance = np.abs(np.diff(order)).mean() / 4000
    assert abs(distance - 1 / 3) < 6 * (1 / 18 / 4000) ** 0.5


@pytest.mark.parametrize(("degree", "count"), [(1, 1), (2, 1), (3, 2), (4, 2), (8, 16), (10, 60)])
def test_number_of_primitive_polynomials(degree, count):
    """Euler's totient of 2^degree - 1, divided by the degree (Golomb, Shift Register Sequences)."""
    assert sum(is_primitive(p, degree) for p in range(1 << degree + 1)) == count


def test_seeds_and_seed_sequences():
    assert Order(100, 5).taps == Order(100, np.random.SeedSequence(5)).taps
    spawned = Order(100, np.random.SeedSequence(5, spawn_key=(2, 0)))
    assert spawned.take(100).tolist() != Order(100, 5).take(100).tolist()


@pytest.mark.parametrize("samples", [0, MOST_SAMPLES + 1])
def test_samples_out_of_range(samples):
    with pytest.raises(ConfigError, match=f"samples={samples} must be"):
        Order(samples, 1)


def test_order_unit(sim):
    simulate.run(OrderUnit(), "bench_order", sim, tests=3)
