"""The golden model against the rule of docs/architecture.md written with plain Python integers."""

from dataclasses import replace

import numpy as np
import pytest
from support.engines import WIDE
from support.scalar_network import ENGINE, OPTIONS, REGISTERS, WIDTHS, assert_equal_runs, samples

from boldhw.errors import ConfigError, DataError
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE, Network
from boldhw.spec.stats import TrainStats


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("seed", [0, 1])
def test_equals_scalar_rule(option, seed):
    """Vectorised training is one-sample-at-a-time training, with every option."""
    _, stats = assert_equal_runs(REGISTERS.changed(**OPTIONS[option]), seed=seed)
    assert stats.active > 5
    assert stats.updates > 1


@pytest.mark.parametrize("widths", [(5, 2), (30, 4, 3), (4, 3, 3, 3, 2)])
@pytest.mark.parametrize("elements", [2, 4, 17])
def test_equals_scalar_rule_whatever_the_shape(widths, elements):
    config = replace(ENGINE, elements=elements, lanes=elements * 4)
    layers = len(widths) - 1
    hyper = Hyper(batch=5, theta=2, rounding=1, margin=2.0)
    settings = hyper.settings(config, widths).changed(noise=(3,) * layers, decay=(1000,) * layers)
    assert_equal_runs(settings, config, widths, count=80)


def test_accumulators_saturate_both_ways():
    """With theta out of reach they stick to -8 and 7, and a weight never flips."""
    network, stats = assert_equal_runs(REGISTERS.changed(theta=(99, 99, 99), margin=500))
    extremes = {int(f(array)) for array in network.accumulators for f in (np.min, np.max)}
    assert extremes == {-8, 7}
    assert stats.flips == (0, 0, 0)


def test_theta_at_the_edge_flips_true_weights_only():
    """-2**(A-1) is within reach of the accumulator of a T weight, 2**(A-1) is not."""
    network, start = Network(WIDTHS, ENGINE), Network(WIDTHS, ENGINE)
    network.configure(REGISTERS.changed(theta=(8, 8, 8), margin=500))
    flips = network.train(*samples(300)).flips
    assert sum(flips) > 0
    for before, after in zip(start.weights, network.weights, strict=True):
        assert not (after & ~before).any()


def test_ties_go_to_the_lowest_index():
    """With all weights T every class has the same score: class 0 is predicted, or the rival."""
    network = Network((8, 4), ENGINE)
    network.weights[0][:] = True
    settings = Hyper(theta=99, batch=5).settings(ENGINE, (8, 4))
    network.configure(settings)
    bits = np.ones((2, 8), bool)
    assert network.infer(bits).tolist() == [[8] * 4] * 2
    stats = network.train(bits, np.array([0, 2]))
    assert (stats.hits, stats.active) == (1, 2)
    network.flush()
    # Sample 0 votes T for class 1 and F for class 0, sample 1 T for class 0 and F for class 2.
    assert network.accumulators[0][:, 0].tolist() == [0, -1, 1, 0]


@pytest.mark.parametrize("settings", [REGISTERS, REGISTERS.changed(noise=(3, 1, 0), rounding=1)])
def test_any_cut_of_the_samples_gives_the_same_bits(settings):
    """Whole, in pieces of one, stopping at every update: one state, one sum of stats."""
    bits, labels = samples(120)
    results = []
    for train in (train_whole, train_singly, train_by_update):
        network = Network(WIDTHS, ENGINE, seed=4)
        network.configure(settings)
        stats = train(network, bits, labels)
        results.append((stats, network.state_crc(), network.gathered))
    assert results[0] == results[1] == results[2]
    assert results[0][0].updates > 3


def train_whole(network, bits, labels):
    return network.train(bits, labels)


def train_singly(network, bits, labels):
    parts = [network.train(bits[k : k + 1], labels[k : k + 1]) for k in range(len(bits))]
    return sum(parts[1:], parts[0])


def train_by_update(network, bits, labels):
    stats = network.train(bits, labels, stop_at_update=True)
    assert stats.updates == 1
    assert network.gathered == 0
    while stats.samples < len(bits):
        part = network.train(bits[stats.samples :], labels[stats.samples :], stop_at_update=True)
        assert part.updates == 1 or stats.samples + part.samples == len(bits)
        stats += part
    return stats


def test_flush_without_samples_changes_nothing():
    network = Network(WIDTHS, ENGINE)
    before = network.state_crc()
    assert network.flush() == TrainStats(0, 0, 0, 0, (0, 0, 0))
    assert network.state_crc() == before


def test_deterministic_results_do_not_depend_on_elements():
    """Without noise P is a matter of speed; with noise it is part of the rule."""
    results = {}
    for elements in (3, 6, 12):
        config = replace(ENGINE, elements=elements, lanes=24)
        for rounding in (0, 1):
            network = Network(WIDTHS, config, seed=2)
            network.configure(REGISTERS.changed(rounding=rounding))
            network.train(*samples(200))
            state = tuple(weights.tobytes() for weights in network.weights)
            results.setdefault(rounding, set()).add(state)
    assert len(results[0]) == 1
    assert len(results[1]) == 3


def test_state_crc_detects_one_wrong_bit():
    """The check that all others rest on: any one weight or accumulator bit changes the CRC."""
    network = Network(WIDTHS, ENGINE, seed=1)
    network.configure(REGISTERS)
    network.train(*samples(50))
    right = network.state_crc()
    for layer, (m, n) in enumerate(network.shapes):
        for j in range(n):
            for i in range(m):
                wrong = network.copy()
                wrong.weights[layer][j, i] ^= True
                wrong.accumulators[layer][j, i] ^= 1
                crc = wrong.state_crc()
                assert crc["weights"] != right["weights"]
                assert crc["accumulators"] != right["accumulators"]
    assert network.state_crc() == right


def test_one_wrong_bit_before_training_is_seen_after_it():
    wrong = Network(WIDTHS, ENGINE, seed=1)
    right = wrong.copy()
    wrong.accumulators[0][2, 3] ^= 1
    for network in (right, wrong):
        network.configure(REGISTERS)
        network.train(*samples(30))
    assert wrong.state_crc()["accumulators"] != right.state_crc()["accumulators"]


def test_copy_is_independent():
    network = Network(WIDTHS, ENGINE)
    network.configure(REGISTERS.changed(rounding=1))
    network.train(*samples(33))
    twin, before = network.copy(), network.state_crc()
    twin.train(*samples(100, seed=1))
    assert network.state_crc() == before
    network.train(*samples(100, seed=1))
    assert network.state_crc() == twin.state_crc()


def test_seed_decides_everything():
    states = [Network("13-7-6", ENGINE, seed).state_crc()["weights"] for seed in (1, 1, 2)]
    assert states[0] == states[1] != states[2]
    assert abs(Network("784-256-10", seed=3).weights[0].mean() - 0.5) < 0.01


def test_free_standing_network_is_trained_on_the_reference_engine():
    network = Network()
    assert network.widths == (784, 120, 10)
    assert network.config == REFERENCE
    assert network.infer(np.zeros((3, 784), bool)).shape == (3, 10)
    assert network.infer(np.zeros((0, 784), bool)).shape == (0, 10)


def test_network_may_be_larger_than_its_engine():
    """Memories matter for the checksum of what lies in them only."""
    network = Network("2000-120-10", WIDE)
    assert network.infer(np.zeros((1, 2000), bool)).shape == (1, 10)
    with pytest.raises(ConfigError, match="max_fan_in=2000"):
        network.state_crc()


BITS, LABELS = samples(8)


@pytest.mark.parametrize(
    ("bits", "labels", "message"),
    [
        (BITS.astype(np.uint8), LABELS, "type uint8"),
        (BITS.tolist(), LABELS, "type list"),
        (BITS[:, :12], LABELS, "has 12 bits, network .* takes 13"),
        (BITS[0], LABELS, r"\(13,\)"),
        (BITS, LABELS[:7], r"shape \(7,\)"),
        (BITS, LABELS.astype(float), "integer array"),
        (BITS, LABELS.tolist(), "integer array"),
        (BITS, LABELS + 6, "classes 0 to 5"),
        (BITS, LABELS - 6, "classes 0 to 5"),
    ],
)
def test_bad_samples_change_nothing(bits, labels, message):
    network = Network(WIDTHS, ENGINE)
    before = network.state_crc()
    with pytest.raises(DataError, match=message):
        network.train(bits, labels)
    assert network.state_crc() == before
    assert network.gathered == 0


def test_registers_hold_while_samples_are_gathered():
    network = Network(WIDTHS, ENGINE)
    network.configure(REGISTERS.changed(margin=500))
    network.train(BITS[:3], LABELS[:3])
    with pytest.raises(ConfigError, match="3 samples are gathered; call flush"):
        network.configure(REGISTERS)
    assert network.settings.margin == 500
    network.flush()
    network.configure(REGISTERS)


def test_registers_must_fit():
    network = Network(WIDTHS, ENGINE)
    before = network.settings
    with pytest.raises(ConfigError, match="batch=6"):
        network.configure(REGISTERS.changed(batch=6))
    assert network.settings == before


def test_inference_engine_does_not_train():
    network = Network(WIDTHS, replace(ENGINE, training=False))
    with pytest.raises(ConfigError, match="training=True"):
        network.train(BITS, LABELS)
    assert network.infer(BITS).shape == (8, 6)
