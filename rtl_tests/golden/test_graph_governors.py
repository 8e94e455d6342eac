"""Governors move settings towards their aims, step by step, in integers."""

from dataclasses import replace

import numpy as np
import pytest
from support.graph_cases import samples

from boldhw.errors import ConfigError
from boldhw.golden.graph.constants import Constants, power
from boldhw.golden.graph.governors import (
    FEWEST,
    FLIPS,
    HALF,
    OUTPUTS,
    PERIOD,
    PROGRESS,
    SHORT,
    SIZES,
    Governors,
    between,
    is_short,
    move_tau,
    move_window,
    period,
)
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.network import Network
from boldhw.spec.stats import TrainStats

SPEC = Network.parse("8x8-4k3p2-3")
CONSTANTS = Constants()


def graph(spec=SPEC, seed=0, bits=16, **fields):
    zero_true = [True] * len(spec.layers)
    settings = start(spec, CONSTANTS, 128, zero_true=zero_true, bits=bits, **fields)
    return GraphNetwork(spec, settings, seed=seed, bits=bits)


def stats(count=0, updates=0):
    return TrainStats(count, 0, 0, updates, (0, 0))


def test_start_values():
    settings = graph(rounding=(1, 0)).settings
    conv, dense = settings.layers
    assert conv.tau.tolist() == [2] * 4  # 1.03 standard deviations of 4.5 inputs that are T
    assert conv.window.tolist() == [2] * 4
    assert conv.theta == 4 * 16 // 2  # root of 16 samples at 4 x 4 places, half of it
    assert (conv.rounding, dense.rounding) == (1, 0)
    assert dense.theta == 16
    assert settings.margin == 3 * 8
    assert start(SPEC, CONSTANTS, 128, zero_true=(1, 1), bits=5).layers[0].theta == 15


def test_thresholds_follow_each_unit():
    layer = graph().layers[0]
    layer.counts.samples = PERIOD
    outputs = PERIOD * 16
    layer.settings.tau[:] = 5
    layer.counts.fires[:] = np.array([63, 64, 90, 91]) * outputs // 256
    move_tau(layer, CONSTANTS, 0)
    assert layer.settings.tau.tolist() == [4, 5, 5, 6]
    assert layer.counts.samples == layer.counts.fires.sum() == 0


def test_theta_starts_higher_where_a_head_has_a_target_at_each_place():
    """Votes of places that are neighbours agree."""
    described = {
        "inputs": [8, 8, 1],
        "layers": [
            {"name": "a", "kind": "conv", "kernel": {"side": 3}, "outputs": 4,
             "taps": [{"source": "input"}]},
        ],
        "head": {"kind": "pixels", "void": 9},
    }  # fmt: skip
    own = start(Network.from_dict(described), Constants(batch=1), 128, zero_true=(False,))
    assert own.layers[0].theta == 12 * 8


def test_the_band_of_a_dense_layer_is_wide():
    """Also of one that reads maps; a convolution that makes a single place keeps the narrow one."""
    spec = Network.parse("8x8-4k3p2-4k4z0-4-3")
    layers = graph(spec).layers
    expected = ([-1, 0, 1, 1], [-1, 0, 1, 1], [-1, 0, 0, 1])
    shares = ([63, 64, 91, 92], [63, 64, 91, 92], [25, 26, 230, 231])
    for layer, share, moved in zip(layers[:-1], shares, expected, strict=True):
        outputs = PERIOD * layer.counts.places
        layer.counts.samples, layer.settings.tau[:] = PERIOD, 0
        layer.counts.fires[:] = np.array(share) * outputs // 256
        move_tau(layer, CONSTANTS, 0)
        assert layer.settings.tau.tolist() == moved


def test_the_band_opens_until_thresholds_stay():
    layer = graph().layers[0]
    outputs = PERIOD * 16
    for progress, moved in ((0, [-1, -1, 1, 1]), (1 << PROGRESS - 1, [-1, 0, 0, 1]),
                            (1 << PROGRESS, [0, 0, 0, 0])):  # fmt: skip
        layer.counts.samples = PERIOD
        layer.counts.fires[:] = np.array([31, 33, 172, 174]) * outputs // 256
        layer.settings.tau[:] = 0
        move_tau(layer, CONSTANTS, progress)
        assert layer.settings.tau.tolist() == moved


def test_steps_of_thresholds_shrink_to_a_tenth():
    layer = graph(Network.parse("100x100-2k1-3k100z0-3")).layers[1]
    layer.counts.samples, found = PERIOD, []
    for progress in (0, 1 << PROGRESS - 1, (1 << PROGRESS) - 1):
        layer.counts.samples = PERIOD
        layer.counts.fires[:] = PERIOD * layer.counts.places
        layer.settings.tau[:] = 0
        move_tau(layer, CONSTANTS, progress)
        found.append(layer.settings.tau[0])
    assert found == [141 // 24, int(141 * 0.55 / 24), 1]


def test_windows_follow_each_unit():
    layer = graph().layers[0]
    layer.settings.window[:] = 32
    layer.counts.active = 1000
    layer.counts.gated[:] = np.array([40, 49, 51, 60]) * 16 * 10
    move_window(layer, CONSTANTS)
    assert layer.settings.window.tolist() == [35, 32, 32, 29]
    layer.settings.window[3] = 1
    layer.counts.active = 1000
    layer.counts.gated[:] = np.array([50, 50, 50, 60]) * 16 * 10
    move_window(layer, CONSTANTS)
    assert layer.settings.window.tolist() == [35, 32, 32, 1]
    layer.settings.window[3] = 29
    layer.counts.active = OUTPUTS // 16 - 1  # too few to tell
    move_window(layer, CONSTANTS)
    assert layer.settings.window.tolist() == [35, 32, 32, 29]


def test_windows_of_compared_units_are_not_wider_than_those_of_random_sums():
    layer = graph(Network.parse("28x28-16k5p2-10")).layers[0]  # 25 inputs
    layer.settings.window[:] = 3
    for is_compared, most in ((False, 4), (True, 5 * HALF // 256)):
        layer.counts.active = 1000
        layer.counts.gated[:] = 0  # all sums are far from the threshold: a unit that has learned
        move_window(layer, CONSTANTS, is_compared)
        assert layer.settings.window.tolist() == [most] * 16


@pytest.mark.parametrize(("flips", "up"), [(0, False), (10**6, True)])
def test_theta_follows_the_flips(flips, up):
    model = graph(Network.parse("28x28-16k5p2-10"))
    governors = Governors(model, CONSTANTS, 10**6)
    layer = model.layers[0]
    before = layer.settings.theta
    for _ in range(3):
        layer.counts.updates += 1
        governors.after(stats(updates=1))
    assert layer.settings.theta == before  # four updates are due first
    layer.counts.updates, layer.counts.flips = 4, flips
    governors.after(stats(updates=1))
    step = (before << 8) * 15 >> 8
    if up:
        assert governors.thetas[0] == (before << 8) + step
    else:
        wanted = 400 * 64 * power(CONSTANTS.flips_first, 40) / 2**40
        assert governors.thetas[0] == (before << 8) - int(step * min(1, wanted))
    assert layer.settings.theta == governors.thetas[0] >> 8
    assert layer.counts.updates == layer.counts.flips == 0


@pytest.mark.parametrize(
    ("name", "samples", "short"),
    [
        ("40-8-3", SHORT * 16, True),
        ("40-8-3", SHORT * 16 + 1, False),
        ("40-8-3", FEWEST * 16, True),
        ("40-8-3", FEWEST * 16 - 1, False),
        ("8x8-4k3p2-3", SHORT * 16, False),  # a map has votes of many places
    ],
)
def test_a_short_run_of_dense_layers_moves_theta_at_every_update(name, samples, short):
    """All steps are large, and the margin stays."""
    spec = Network.parse(name)
    constants = replace(CONSTANTS, short=SHORT)
    assert is_short(spec, samples, constants) is short
    assert not is_short(spec, samples, CONSTANTS)  # unless it is asked for
    model = graph(spec)
    governors, layer = Governors(model, constants, samples), model.layers[0]
    margin = model.settings.margin
    governors.after(stats(samples // 2))
    before = governors.thetas[0]
    layer.counts.updates, layer.counts.flips = 1, 10**6
    governors.after(stats(updates=1))
    assert governors.thetas[0] == before + (before * 15 >> 8 if short else 0)
    governors.after(stats(-(-samples // 2 // PERIOD) * PERIOD - samples // 2))
    assert (model.settings.margin == margin) is short


def test_theta_stays_within_the_accumulator():
    model = graph(bits=6)
    governors = Governors(model, CONSTANTS, 10**6)
    for _ in range(200):
        model.layers[0].counts.updates, model.layers[0].counts.flips = 4, 10**6
        governors.after(stats(updates=1))
    assert model.layers[0].settings.theta == 31


def test_dead_zone_is_a_share_of_the_mean():
    model = graph(Network.parse("8x8-4k3-4k3-3"))
    governors = Governors(model, CONSTANTS, 10**6)
    counts, found = model.layers[0].counts, []
    for size in (10, 20):
        counts.near, counts.size = SIZES, size * SIZES
        governors.after(stats(updates=1))
        found.append(model.layers[0].settings.dead)
    assert found == [10 * 179 // 256, int((10 + 10 / 8) * 179 / 256)]
    assert model.layers[1].settings.dead == 0


def test_without_counters_thresholds_windows_and_dead_zones_stay():
    """Theta and the margin move as they do with them."""
    found = {}
    for counted in (True, False):
        own = graph(bits=8)
        trainer = GraphTrainer(own, Constants(batch=4, counted=counted), 1, 600)
        bits, labels = samples(own.spec, 600, 1, 3)
        before = [(each.tau.copy(), each.window.copy(), each.dead) for each in own.settings.layers]
        list(trainer.run(bits, labels, bits[:1], labels[:1]))
        after = [(each.tau, each.window, each.dead) for each in own.settings.layers]
        found[counted] = all(
            np.array_equal(old, new)
            for one, other in zip(before, after, strict=True)
            for old, new in zip(one, other, strict=True)
        )
        start_of = start(own.spec, trainer.constants, 128, zero_true=[True] * 2, bits=8)
        assert own.settings.margin != start_of.margin
        assert [each.theta for each in own.settings.layers] != [
            each.theta for each in start_of.layers
        ]
    assert found == {True: False, False: True}


def test_margin_goes_along_a_line():
    model = graph()
    governors = Governors(model, CONSTANTS, 4 * PERIOD)
    margins = [model.settings.margin]
    for _ in range(4):
        governors.after(stats(PERIOD))
        margins.append(model.settings.margin)
    assert margins == [24, 20, 16, 12, 8]
    assert between(3, -4, 1 << PROGRESS) == -4


def test_power_is_near_and_exact_at_factors_of_two():
    assert [power(256 * n, 40) for n in range(4)] == [1 << 40 - n for n in range(4)]
    ratios = [power(x, 40) / 2 ** (40 - x / 256) for x in range(0, 5000, 7)]
    assert 1 - 1e-6 <= min(ratios)
    assert max(ratios) < 1.062


def test_trained_in_pieces_is_trained_at_once():
    """Governors act at samples and updates, wherever blocks end."""
    bits, labels = samples(SPEC, 700, 0, 3)
    trainers = [GraphTrainer(graph(), CONSTANTS, 2, 700, seed=4) for _ in range(2)]
    once = list(trainers[0].run(bits, labels, bits, labels))
    other = trainers[1]
    order = np.random.default_rng(np.random.SeedSequence(4, spawn_key=(1, 0))).permutation(700)
    for start_ in range(0, 700, 33):
        block = order[start_ : start_ + 33]
        other._train_block(bits[block], labels[block])
    other.governors.after(other.graph.flush())
    other.epoch = 1
    again = list(other.run(bits, labels, bits, labels))
    assert again[0].hits == once[1].hits
    for one, two in zip(trainers[0].graph.layers, other.graph.layers, strict=True):
        assert np.array_equal(one.weights, two.weights)
        assert np.array_equal(one.settings.tau, two.settings.tau)
    assert once[1].test_accuracy > 0.5
    assert trainers[0].governors.thetas == other.governors.thetas


@pytest.mark.parametrize(
    "fields",
    [
        {"fire_low": 100},
        {"fire_high": 256},
        {"dense_low": 231},
        {"dense_high": 256},
        {"batch": 0},
        {"gated": 1.5},
    ],
)
def test_impossible_constants_are_refused(fields):
    with pytest.raises(ConfigError):
        Constants(**fields)


def test_settings_of_other_layers_are_refused():
    with pytest.raises(ConfigError, match="zero_true has 1 entries, the network has 2 layers"):
        start(SPEC, CONSTANTS, 128, zero_true=[True])


def test_units_move_as_often_as_outputs_are_counted():
    assert [period(places) for places in (1, 196, 256, 257, 2700, 1 << 20)] == [
        256, 256, 256, 128, 16, 1,
    ]  # fmt: skip
    model = graph(Network.parse("60x60-2k3-2k60z0-3"))
    governors = Governors(model, CONSTANTS, 10**6)
    assert governors.periods == [16, 256, 256]
    moved = []
    for _ in range(16):
        assert governors.samples_left == 16
        for layer in model.layers[:-1]:
            layer.counts.samples += 16
            layer.counts.fires += 16 * layer.counts.places  # too many
        before = [int(layer.settings.tau[0]) for layer in model.layers[:-1]]
        governors.after(TrainStats(16, 0, 0, 0, (0, 0, 0)))
        after = [int(layer.settings.tau[0]) for layer in model.layers[:-1]]
        moved.append([a > b for a, b in zip(after, before, strict=True)])
    assert moved == [*[[True, False]] * 15, [True, True]]


def pixels(side=48):
    """Return a graph whose head has a class at each of ``side`` x ``side`` places."""
    described = Network.parse(f"{side}x{side}-4k3-3k1").to_dict() | {"head": {"kind": "pixels"}}
    return graph(Network.from_dict(described))


def test_flips_grow_with_the_root_of_the_places_of_a_head():
    model = pixels()
    governors = Governors(model, CONSTANTS, 10**6)
    before, layer = governors.thetas[1], model.layers[1]
    wanted = 12 * 64 * 48 * power(CONSTANTS.flips_first, 40) >> 40
    assert wanted == 1
    for flips, up in ((wanted, False), (wanted + 1, True)):
        governors.thetas[1] = before
        layer.counts.updates, layer.counts.flips = 4, flips
        governors.after(stats(updates=1))
        assert (governors.thetas[1] > before) == up


def test_a_flood_of_flips_moves_theta_at_once_where_a_head_has_many_places():
    for model, moves in ((pixels(), True), (graph(), False)):
        governors = Governors(model, CONSTANTS, 10**6)
        layer, before = model.layers[0], governors.thetas[0]
        layer.counts.updates, layer.counts.flips = 1, 4 * FLIPS
        governors.after(stats(updates=1))
        assert governors.thetas[0] == before
        layer.counts.flips += 1
        governors.after(stats(updates=1))
        assert governors.thetas[0] == before + (before >> 2) * moves
        assert layer.counts.flips == (0 if moves else 4 * FLIPS + 1)


def test_a_margin_of_errors_is_left_alone():
    described = Network.parse("8x8-4k3-3k1").to_dict() | {"head": {"kind": "residuals"}}
    model = graph(Network.from_dict(described))
    model.settings.margin = 16
    Governors(model, CONSTANTS, 4 * PERIOD).after(stats(PERIOD))
    assert model.settings.margin == 16


def test_thresholds_of_three_valued_units_end_at_0():
    described = Network.parse("8x8-4k3-3").to_dict()
    described["layers"][0]["activation"] = "ternary"
    layer = graph(Network.from_dict(described)).layers[0]
    assert layer.settings.tau.tolist() == [2] * 4
    for _ in range(5):
        layer.counts.samples = PERIOD
        move_tau(layer, CONSTANTS, 0)
    assert layer.settings.tau.tolist() == [0] * 4
