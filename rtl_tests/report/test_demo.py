"""The demonstration records what it checked, epoch by epoch."""

import json

import numpy as np
import pytest
from boldhost import Device
from boldhost.link import Link
from support.golden_board import GoldenBoard

from boldhw import data
from boldhw.errors import DataError
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer
from boldhw.report.html import read_run, unpack
from boldhw.report.run import Job, run_demo
from boldhw.spec.engine import EngineConfig

ENGINE = EngineConfig(
    elements=4,
    lanes=16,
    batch=8,
    accumulator_bits=6,
    weight_rows=64,
    data_rows=2048,
    signal_rows=64,
)
JOB = Job(
    widths=(64, 20, 10), data="digits", train_size=300, test_size=80, epochs=2, seed=5,
    hyper=Hyper(theta=4, batch=16),
)  # fmt: skip


@pytest.fixture
def device():
    return Device(Link(GoldenBoard(ENGINE)), ENGINE)


def test_run_is_the_golden_models(device, tmp_path):
    run = run_demo(device, JOB, tmp_path)
    network = Network(JOB.widths, ENGINE, JOB.seed)
    start = network.weights[0].copy()
    dataset = data.load("digits", 300, 80)
    trainer = Trainer(network, Hyper(theta=4, batch=8), 2, JOB.seed)
    bits, test_bits = data.booleanise(dataset.x_train), data.booleanise(dataset.x_test)
    stats = list(trainer.run(bits, dataset.y_train, test_bits, dataset.y_test))
    assert run["bit_exact"]
    assert run["test_accuracy"] == stats[-1].test_accuracy
    assert run["updates_checked"] == sum(epoch.updates for epoch in stats) > 10
    assert run["samples"] == 600
    assert run["hyper"]["batch"] == 8
    assert run["cycles"] == sum(each["cycles"] for each in run["passes"]) > 0
    assert [each["runs"] for each in run["passes"]] == [
        600,
        sum(epoch.active for epoch in stats),
        run["updates_checked"],
    ]
    assert np.array_equal(unpack(run["weights"]["start"], start.shape), start)
    assert np.array_equal(unpack(run["weights"]["end"], start.shape), network.weights[0])


def test_files_hold_the_run_and_a_line_per_epoch(device, tmp_path):
    seen, trained = [], []
    run = run_demo(device, JOB, tmp_path, seen.append, lambda stats: trained.append(stats.samples))
    written, epochs = read_run(tmp_path)
    assert written == json.loads(json.dumps(run))
    assert epochs == seen
    assert [entry["epoch"] for entry in epochs] == [1, 2]
    assert all(entry["accuracy"] == entry["golden_accuracy"] for entry in epochs)
    assert sum(trained) == 600


def test_first_difference_ends_the_run(device, tmp_path):
    right = device.state_crc
    calls = []

    def state_crc():
        calls.append(None)
        return right() if len(calls) < 6 else {**right(), "accumulators": 0}

    device.state_crc = state_crc
    run = run_demo(device, JOB, tmp_path)
    assert not run["bit_exact"]
    assert run["updates_checked"] == 5
    assert run["first_difference"].startswith("after update 5: checksum of accumulators")
    assert read_run(tmp_path)[0]["bit_exact"] is False


def test_interrupted_run_can_be_read(device, tmp_path):
    def stop(entry):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_demo(device, JOB, tmp_path, on_epoch=stop)
    run, epochs = read_run(tmp_path)
    assert run["samples"] == 300
    assert len(epochs) == 1


def test_missing_data_is_refused_before_anything_is_written(device, tmp_path):
    with pytest.raises(DataError, match="4000 samples asked for"):
        run_demo(device, Job(widths=(64, 20, 10), data="digits", epochs=1), tmp_path)
    assert not list(tmp_path.iterdir())
