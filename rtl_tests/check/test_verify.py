"""Lock-step finds the first wrong bit and says where it is."""

import json
from dataclasses import replace

import numpy as np
import pytest
from boldhost import Device
from boldhost.link import Link
from support.golden_board import GoldenBoard

from boldhw.check.lockstep import Difference, LockStep, random_samples, verify
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.packing import pack_accumulators, pack_weights
from boldhw.spec.protocol import Bank

ENGINE = EngineConfig(
    elements=4,
    lanes=8,
    batch=8,
    accumulator_bits=6,
    weight_rows=64,
    data_rows=1024,
    signal_rows=64,
)
WIDTHS = (21, 13, 3)
HYPER = Hyper(batch=8, theta=2)


@pytest.fixture
def lockstep():
    """A golden network and a device that is right, in lock-step."""
    golden = Network(WIDTHS, ENGINE, seed=3)
    return LockStep(golden, Device(Link(GoldenBoard(ENGINE)), ENGINE))


def samples():
    return random_samples(WIDTHS[0], WIDTHS[-1], seed=4, count=100)


def test_equal_device_is_bit_exact(lockstep):
    result = verify(lockstep, HYPER, *samples(), updates=7)
    assert result == {
        "bit_exact": True,
        "updates_checked": 7,
        "weights_checked": 7 * (21 * 13 + 13 * 3),
        "first_difference": None,
    }


def test_samples_that_teach_nothing_end_the_run(lockstep):
    bits, _ = samples()
    lockstep.golden.configure(replace(HYPER, margin=0).settings(ENGINE, WIDTHS))
    known = lockstep.golden.infer(bits).argmax(axis=1)
    result = verify(lockstep, replace(HYPER, margin=0), bits, known, updates=5)
    assert result["bit_exact"]
    assert result["updates_checked"] == 0


def test_noise_and_decay_are_compared(lockstep):
    config = replace(ENGINE, stochastic=True, decay=True)
    golden = Network(WIDTHS, config, seed=3)
    lockstep = LockStep(golden, Device(Link(GoldenBoard(config)), config))
    hyper = replace(HYPER, rounding=1, decay=True)
    assert verify(lockstep, hyper, *samples(), updates=6)["bit_exact"]
    assert any(golden.settings.column("decay"))


@pytest.mark.parametrize(
    ("layer", "neuron", "column"), [(1, 0, 0), (1, 12, 20), (2, 2, 12), (2, 0, 3)]
)
def test_wrong_weight_is_named(lockstep, layer, neuron, column):
    spoil(lockstep, Bank.WEIGHTS, layer, neuron, column, np.logical_not)
    found = verify(lockstep, HYPER, *samples(), updates=20)
    place = found["first_difference"]
    assert (place["layer"], place["neuron"], place["input"]) == (layer, neuron, column)
    assert (place["update"], place["what"]) == (2, "weight")
    assert {place["golden"], place["device"]} == {0, 1}
    assert not found["bit_exact"]
    assert found["updates_checked"] == 2
    assert json.loads(json.dumps(found)) == found


def test_wrong_accumulator_is_named(lockstep):
    spoil(lockstep, Bank.DATA, 1, 5, 6, lambda value: value + 1)
    place = verify(lockstep, HYPER, *samples(), updates=20)["first_difference"]
    assert (place["layer"], place["neuron"], place["input"]) == (1, 5, 6)
    assert place["what"] == "accumulator"
    assert place["device"] == place["golden"] + 1
    assert "accumulator, layer 1, neuron 5, input 6 is" in place["message"]


def test_wrong_transposed_plane_is_found(lockstep):
    device = lockstep.device
    right = device.state_crc
    device.state_crc = lambda: {**right(), "weights": 1}
    place = verify(lockstep, HYPER, *samples(), updates=20)["first_difference"]
    assert place["update"] == 0
    assert "transposed plane" in place["what"]


def test_wrong_count_is_found(lockstep):
    lockstep.start()
    bits, labels = samples()
    lockstep.device.train(bits[:8], labels[:8])
    with pytest.raises(Difference, match=r"after update 1: (accumulator|weight|count)"):
        lockstep.train(bits, labels)


def test_wrong_score_is_found(lockstep):
    lockstep.start()
    bits, _ = samples()
    right = lockstep.device.infer
    lockstep.device.infer = lambda bits: right(bits) + np.eye(len(bits), 3, dtype=np.int32)
    with pytest.raises(Difference, match="score 0 of sample 0"):
        lockstep.infer(bits)


def test_trainer_sees_one_network(lockstep):
    lockstep.start()
    bits, labels = samples()
    golden = lockstep.golden.copy()
    stats = lockstep.train(bits, labels) + lockstep.flush()
    assert stats == golden.train(bits, labels) + golden.flush()
    assert lockstep.state_crc() == golden.state_crc()
    assert np.array_equal(lockstep.infer(bits), golden.infer(bits))


def spoil(lockstep, bank, layer, neuron, column, change):
    """Change one value in the device's memory at the end of its second update."""
    device, layout = lockstep.device, Layout(ENGINE, WIDTHS)
    right, calls = device.state_crc, []

    def state_crc():
        calls.append(None)
        if len(calls) == 3:  # after loading, the first update and the second one
            weights, accumulators = device.read_weights(), device.read_accumulators()
            values = weights if bank is Bank.WEIGHTS else accumulators
            values[layer - 1][neuron, column] = change(values[layer - 1][neuron, column])
            device.write_memory(Bank.WEIGHTS, 0, pack_weights(layout, weights))
            rows = pack_accumulators(layout, accumulators)
            device.write_memory(Bank.DATA, layout.accumulator_row, rows)
        return right()

    device.state_crc = state_crc
