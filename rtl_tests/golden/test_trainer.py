"""Epochs: reproducible from one seed, with the schedule, the decay and any backend."""

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from support.trained import BITS, HYPER, LABELS, OPTIONS, TEST, WIDTHS

from boldhw.errors import ConfigError, DataError
from boldhw.golden.network import REFERENCE, Network
from boldhw.golden.trainer import Trainer


class Spy:
    """A backend that is a Network of its own and writes down how it is used."""

    def __init__(self, network):
        self.network = network
        self.settings, self.seeds, self.calls, self.updates = [], [], [], []

    def configure(self, settings):
        self.settings.append(settings)
        self.network.configure(settings)

    def seed_noise(self, seed):
        self.seeds.append(seed)
        self.network.seed_noise(seed)

    def train(self, bits, labels, stop_at_update=False):
        stats = self.network.train(bits, labels, stop_at_update=stop_at_update)
        self.calls.append((bits[: stats.samples], labels[: stats.samples]))
        self.updates.append(stats)
        return stats

    def flush(self):
        self.updates.append(self.network.flush())
        return self.updates[-1]

    def infer(self, bits):
        return self.network.infer(bits)


def run(hyper, seed=1, epochs=3, backend=None):
    network = Network(WIDTHS, seed=seed)
    trainer = Trainer(network, hyper, epochs, seed, backend)
    return trainer, list(trainer.run(BITS, LABELS, *TEST))


@pytest.mark.parametrize("hyper", OPTIONS)
def test_learns_what_can_be_learnt(hyper):
    """Three noisy prototypes: nearly all correct, and every sample trained in every epoch."""
    trainer, stats = run(hyper, epochs=5)
    assert stats[-1].test_accuracy > 0.9
    assert [epoch.epoch for epoch in stats] == [1, 2, 3, 4, 5]
    assert {epoch.samples for epoch in stats} == {1300}
    assert all(epoch.updates == -(-epoch.active // 8) for epoch in stats)
    assert all(epoch.seconds > 0 for epoch in stats)
    assert stats[0].flips[0] > 0
    predicted = trainer.network.infer(TEST[0]).argmax(axis=1)
    assert stats[-1].test_accuracy == np.mean(predicted == TEST[1])


@pytest.mark.parametrize("hyper", OPTIONS)
def test_one_seed_one_result(hyper):
    crcs = [run(hyper, seed)[0].network.state_crc() for seed in (1, 1, 2)]
    assert crcs[0] == crcs[1] != crcs[2]


def test_order_and_noise_change_with_the_epoch():
    """Every epoch sees all samples, in an order of its own; noise restarts from a new seed."""
    spy = Spy(Network(WIDTHS, seed=1))
    trainer, _ = run(replace(HYPER, rounding=1), backend=spy)
    bits = np.concatenate([bits for bits, _ in spy.calls]).reshape(3, 1300, 20)
    labels = np.concatenate([labels for _, labels in spy.calls]).reshape(3, 1300)
    rows = [in_some_order(*epoch) for epoch in zip(bits, labels, strict=True)]
    assert rows[0] == rows[1] == rows[2] == in_some_order(BITS, LABELS)
    assert not (labels[0] == labels[1]).all()
    states = {tuple(seed.generate_state(4).tolist()) for seed in spy.seeds}
    assert len(states) == 3
    assert trainer.network.state_crc() == Network(WIDTHS, seed=1).state_crc()


def test_changed_bits_are_trained_on_and_others_in_every_epoch():
    """The change sees the same bits in every epoch, and a generator of that epoch."""
    spy, seen = Spy(Network(WIDTHS)), []

    def change(bits, generator):
        assert np.array_equal(bits, BITS)
        seen.append(generator.random(bits.shape) < 0.5)
        return seen[-1]

    network = Network(WIDTHS, seed=1)
    list(Trainer(network, HYPER, 2, 1, spy, change).run(BITS, LABELS, *TEST))
    trained = np.concatenate([bits for bits, _ in spy.calls]).reshape(2, 1300, 20)
    for epoch, changed in enumerate(seen):
        expected = in_some_order(changed, np.zeros(1300))
        assert in_some_order(trained[epoch], np.zeros(1300)) == expected
    assert not np.array_equal(*seen)


def test_settings_follow_the_schedule():
    """One setting per epoch, with theta of that epoch and the mean popcount of the samples."""
    spy = Spy(Network(WIDTHS))
    run(HYPER, backend=spy)
    popcount = BITS.sum() / 1300
    expected = [HYPER.settings(REFERENCE, WIDTHS, epoch, 3, popcount) for epoch in range(3)]
    assert spy.settings == expected
    first, second, third = (settings.column("theta") for settings in expected)
    assert first < second < third


def test_decay_is_the_share_of_flips_of_the_last_update():
    """After every update, the field of each layer is flipped * 65536 // total, at most 65535."""
    spy = Spy(Network(WIDTHS, seed=3))
    trainer, _ = run(replace(HYPER, decay=True), backend=spy)
    assert {stats.updates for stats in spy.updates} == {0, 1}
    updates = [stats for stats in spy.updates if stats.updates]
    shares = [(0, 0)] + [tuple(decay_of(stats)) for stats in updates]
    # An epoch starts with the fields that the update before it left.
    decays = [settings.column("decay") for settings in spy.settings]
    assert without_repeats(decays) == without_repeats(shares)
    assert trainer.decay == shares[-1]
    assert any(first for first, _ in shares)


def in_some_order(bits, labels):
    return sorted((sample.tobytes(), label) for sample, label in zip(bits, labels, strict=True))


def decay_of(stats):
    totals = (20 * 12, 12 * 3)
    return (min(65535, f * 65536 // t) for f, t in zip(stats.flips, totals, strict=True))


def without_repeats(items):
    return [item for item, _ in groupby(items)]


def test_decay_changes_the_result():
    assert run(HYPER)[0].network.state_crc() != run(OPTIONS[2])[0].network.state_crc()


def test_progress_reaches_every_sample():
    calls = []
    trainer = Trainer(Network(WIDTHS), HYPER, 2)
    list(trainer.run(BITS, LABELS, *TEST, progress=lambda *call: calls.append(call)))
    assert calls == [(0, 1000), (0, 1300), (1, 1000), (1, 1300)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"seed": -1}, "seed=-1"),
        ({"hyper": replace(HYPER, batch=99)}, "batch=99"),
    ],
)
def test_bad_parameters(arguments, message):
    with pytest.raises(ConfigError, match=message):
        Trainer(Network(WIDTHS), **arguments)


@pytest.mark.parametrize(("train", "test"), [(0, 5), (5, 0)])
def test_empty_sets_are_refused(train, test):
    trainer = Trainer(Network(WIDTHS), HYPER)
    with pytest.raises(DataError, match="set is empty"):
        next(trainer.run(BITS[:train], LABELS[:train], BITS[:test], LABELS[:test]))
    assert trainer.epoch == 0


@pytest.mark.parametrize("label", [-1, 3])
@pytest.mark.parametrize("wrong", ["training", "test"])
def test_labels_of_both_sets_are_those_of_classes(label, wrong):
    """Fault 17: before anything is trained."""
    train, test = LABELS.copy(), TEST[1].copy()
    (train if wrong == "training" else test)[7] = label
    trainer = Trainer(Network(WIDTHS), HYPER, 1)
    before = trainer.network.state_crc()
    with pytest.raises(DataError, match=rf"{wrong} set: labels run from .*{label}.*classes 0 to 2"):
        next(trainer.run(BITS, train, TEST[0], test))
    assert trainer.network.state_crc() == before
    with pytest.raises(DataError, match=r"classes 0 to 2: give it a class for every label"):
        trainer.accuracy(TEST[0], np.full(200, label))
    with pytest.raises(DataError, match=r"shape \(200,\), one per sample; got shape \(3,\)"):
        trainer.accuracy(TEST[0], np.zeros(3, int))


def test_classes_share_outputs():
    """Six outputs, two a class: label 3 is none."""
    trainer = Trainer(Network((20, 12, 6)), replace(HYPER, outputs_per_class=2), 1)
    with pytest.raises(DataError, match="classes 0 to 2"):
        trainer.check(BITS, LABELS + 1, *TEST)
    trainer.check(BITS, LABELS, *TEST)
