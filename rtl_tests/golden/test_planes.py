"""Signals of several bits: one plane is the golden network, more equal plain Python integers."""

from functools import partial

import numpy as np
import pytest
from support.scalar_network import OPTIONS, REGISTERS, Scalar, assert_equal_runs

from boldhw.experiments import planes as experiment
from boldhw.experiments.planes import PlanesHyper
from boldhw.golden import rule
from boldhw.golden.compiled import CompiledNetwork
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE
from boldhw.golden.planes import Planes, PlanesNetwork, quantise, split
from boldhw.spec.network import Network as Graph

SHIFTS = 1, 0  # of the hidden layers
CHOSEN = "plain", "dead_zone", "noise_in_all_layers", "noise_and_rounding", "all_options"


class CompiledPlanesNetwork(Planes, CompiledNetwork):
    """The same bits in less time."""


class ScalarPlanes(Scalar):
    """A signal counts the steps that |g| exceeds, as many as its bits can."""

    def __init__(self, network, noise_seed):
        super().__init__(network, noise_seed)
        self.planes, self.shifts = network.planes, network.shifts

    def signal(self, layer, g, dead):
        steps = [dead + count * 2 ** self.shifts[layer] for count in range(2**self.planes - 1)]
        magnitude = sum(abs(g) > step for step in steps)
        return magnitude if g > 0 else -magnitude


@pytest.mark.parametrize("option", CHOSEN)
@pytest.mark.parametrize("planes", [2, 3, 4])
@pytest.mark.parametrize("base", [PlanesNetwork, CompiledPlanesNetwork])
def test_equals_scalar_rule(base, planes, option):
    kind = partial(base, planes=planes, shifts=SHIFTS)
    settings = REGISTERS.changed(**OPTIONS[option])
    network, stats = assert_equal_runs(settings, kind=kind, scalar_kind=ScalarPlanes)
    assert stats.updates > 1
    assert all(stats.flips[:2])
    ternary, _ = assert_equal_runs(settings)
    assert not np.array_equal(network.weights[0], ternary.weights[0])


@pytest.mark.parametrize("option", OPTIONS)
def test_one_plane_is_the_golden_network(option):
    """Whatever the shift is: the reference knows nothing of planes."""
    kind = partial(PlanesNetwork, planes=1, shifts=SHIFTS)
    assert_equal_runs(REGISTERS.changed(**OPTIONS[option]), kind=kind)


@pytest.mark.parametrize("planes", [1, 2, 3, 4])
@pytest.mark.parametrize("shift", [0, 2])
def test_magnitudes_grow_by_one_every_step(planes, shift):
    """0 in the dead zone or behind a closed gate, 1 just above it, then as far as the bits go."""
    dead = 3
    sums = np.arange(-40, 41, dtype=np.int32)[:, None]
    signals = quantise(sums, np.ones(sums.shape, bool), dead, planes, shift)
    assert signals.dtype == np.int8
    assert np.array_equal(signals, -signals[::-1])
    positive = signals[41:, 0].tolist()
    steps = [max(0, -(-(g - dead) // 2**shift)) for g in range(1, 41)]
    assert positive == [min(step, 2**planes - 1) for step in steps]
    assert not quantise(sums, np.zeros(sums.shape, bool), dead, planes, shift).any()


def test_planes_are_signals_of_one_bit_and_add_up():
    signals = np.arange(-15, 16, dtype=np.int8).reshape(1, -1)
    planes = list(split(signals))
    assert len(planes) == 4
    assert all(plane.dtype == np.int8 and np.abs(plane).max() == 1 for plane in planes)
    total = sum(plane.astype(int) << bit for bit, plane in enumerate(planes))
    assert np.array_equal(total, signals)


def test_signals_of_one_bit_are_one_plane():
    for signals in (np.array([[-1, 0, 1]], np.int8), np.zeros((1, 3), np.int8)):
        (plane,) = split(signals)
        assert np.array_equal(plane, signals)
        assert np.array_equal(plane, rule.ternarise(signals.astype(np.int32), plane != 0, 0))


def test_theta_is_raised_below_another_hidden_layer_only():
    widths = (784, 64, 32, 16, 10)
    plain = Hyper().settings(REFERENCE, widths, 3, 9, 150)
    raised = PlanesHyper(factor=4).settings(REFERENCE, widths, 3, 9, 150)
    thetas = plain.column("theta")
    assert raised.column("theta") == (4 * thetas[0], 4 * thetas[1], *thetas[2:])
    assert raised.changed(theta=thetas) == plain


def test_steps_halve_with_every_plane():
    """256 and 64 units above: steps of 16 and 8 with two planes, never below 1."""
    network = Graph.of("784-300-256-64-10")
    assert [experiment.shifts(network, planes) for planes in (2, 3, 4, 9)] == [
        [4, 3, 0], [3, 2, 0], [2, 1, 0], [0, 0, 0]
    ]  # fmt: skip
