"""The whole system: driver, link and generated engine give the golden model's bits."""

from dataclasses import replace
from enum import IntEnum
from random import Random

import numpy as np
import pytest
from boldboards.icebreaker import ENGINE as ICEBREAKER
from boldhost.device import Device
from boldhost.link import Link
from boldhost.transport import Transport
from support.engines import WIDE
from support.frame_faults import FAULTS
from support.small_engine import RUNS, SMALL, make_network, make_samples

from boldhw import data
from boldhw.check.lockstep import LockStep
from boldhw.cosim.transport import SimTransport
from boldhw.errors import ConfigError, DeviceError
from boldhw.golden.hyper import Hyper
from boldhw.golden.trainer import Trainer
from boldhw.spec import cycles
from boldhw.spec.protocol import Bank, Command, Register

Future = IntEnum("Future", {"COMMAND": 0x7E})


def open_device(config):
    return Device.open("sim", config)


@pytest.mark.parametrize("name", RUNS)
def test_training_is_exact_to_the_bit(name):
    """Two epochs in lock-step; all weights, accumulators, counts and scores are compared."""
    config, widths, hyper = RUNS[name]
    bits, labels = make_samples(widths, widths[-1] // hyper.outputs_per_class, 120)
    network = make_network(config, widths, hyper)
    with open_device(config) as device:
        lockstep = LockStep(network, device)
        lockstep.start()
        list(Trainer(network, hyper, 2, backend=lockstep).run(bits, labels, bits, labels))
        assert lockstep.updates_checked > 2
        assert device.stat()["samples"] == 2 * len(bits)


def test_every_register_reaches_the_engine():
    """Fields that hyper-parameters leave at 0, changed between updates."""
    widths = (37, 21, 14, 5)
    bits, labels = make_samples(widths, 5, 90)
    network = make_network(SMALL, widths)
    fields = {"tau": (-5, 3, 2), "zero_true": (False, True, True), "decay": (300, 0, 65535)}
    with open_device(SMALL) as device:
        lockstep = LockStep(network, device)
        lockstep.start()
        for change in (fields, {"noise": (0, 255, 0), "dead": (1, 0, 2)}, {"theta": (65535, 1, 4)}):
            lockstep.configure(network.settings.changed(**change))
            lockstep.seed_noise(len(change))
            lockstep.train(bits, labels)
            lockstep.infer(bits)
            lockstep.flush()
        assert lockstep.updates_checked > 6


def test_the_device_alone_gives_the_same_bits():
    """Frames of many samples, updates in their middle, and samples gathered at the end."""
    widths = (37, 21, 5)
    bits, labels = make_samples(widths, 5, 300)
    network, read = make_network(SMALL, widths), make_network(SMALL, widths, seed=8)
    with open_device(SMALL) as device:
        device.load(network)
        assert device.train(bits, labels) == network.train(bits, labels)
        assert device.gathered == network.gathered
        assert np.array_equal(device.infer(bits), network.infer(bits))
        assert device.flush() == network.flush()
        assert device.flush().updates == 0
        device.read_into(read)
        assert read.state_crc() == network.state_crc() == device.state_crc()
        assert all(count > 0 for count in device.cycles.values())


def test_one_device_takes_network_after_network():
    with open_device(SMALL) as device:
        for widths in ((37, 21, 5), (5, 3), (60, 20, 9, 4)):
            network = make_network(SMALL, widths)
            bits, labels = make_samples(widths, widths[-1], 60)
            device.load(network)
            assert device.train(bits, labels) == network.train(bits, labels)
            assert device.state_crc() == network.state_crc()


def test_an_engine_without_training_infers():
    config = replace(SMALL, training=False, stochastic=False, decay=False)
    widths = (37, 21, 5)
    network, (bits, labels) = make_network(config, widths), make_samples(widths, 5, 50)
    with open_device(config) as device:
        device.load(network)
        assert np.array_equal(device.infer(bits), network.infer(bits))
        assert device.state_crc() == network.state_crc()
        with pytest.raises(ConfigError, match="training=False"):
            device.train(bits, labels)
        for command in (Command.TRAIN, Command.FLUSH):
            with pytest.raises(DeviceError, match="generated without training units"):
                device._link.call(command, 1, bytes(10) if command == Command.TRAIN else b"")


class Faulty(Transport):
    """A transport on which every fifth frame or so, in both directions, meets a fault."""

    def __init__(self, board, fault):
        self.board, self.fault, self.random = board, fault, Random(1)

    def _pass_on(self, data):
        return self.fault(data) if len(data) > 4 and self.random.random() < 0.2 else data

    def write(self, data):
        self.board.write(self._pass_on(data))

    def read(self, timeout):
        return self._pass_on(self.board.read(timeout))

    def close(self):
        self.board.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_line_changes_no_bit(fault):
    widths = (37, 21, 5)
    bits, labels = make_samples(widths, 5, 60)
    network = make_network(SMALL, widths)
    board = SimTransport(SMALL)
    with Device(Link(Faulty(board, fault), timeout=0.05, tries=20)) as device:
        device.load(network)
        assert device.train(bits, labels) == network.train(bits, labels)
        assert device.flush() == network.flush()
        assert device.state_crc() == network.state_crc()
        assert device.stat()["samples"] == 60


def test_power_off_is_noticed():
    widths = (37, 21, 5)
    bits, labels = make_samples(widths, 5, 30)
    network, board = make_network(SMALL, widths), SimTransport(SMALL)
    with Device(Link(board)) as device:
        device.load(network)
        board.power_cycle()
        with pytest.raises(DeviceError, match="it has restarted.* open the device again"):
            device.train(bits, labels)
        again = Device(Link(board))
        again.load(network)
        assert again.train(bits, labels) == network.train(bits, labels)


@pytest.mark.parametrize(
    ("command", "addr", "payload", "reason"),
    [
        (Command.REG_READ, 99, b"", "address"),
        (Command.REG_WRITE, 99, b"xx", "address"),
        (Command.REG_WRITE, Register.MARGIN, b"x", "length"),
        (Command.MEM_READ, SMALL.data_rows, bytes((Bank.DATA, 1)), "address"),
        (Command.MEM_READ, SMALL.data_rows - 1, bytes((Bank.DATA, 2)), "address"),
        (Command.MEM_READ, 0, bytes((Bank.DATA, 200)), "length"),
        (Command.MEM_READ, 0, bytes((7, 1)), "address"),
        (Command.MEM_WRITE, SMALL.weight_blocks, bytes((Bank.WEIGHTS,)) + bytes(4), "address"),
        (Command.MEM_WRITE, 0, bytes((Bank.DATA,)) + bytes(5), "length"),
        (Command.STATE_CRC, SMALL.data_rows - 1, bytes((Bank.DATA, 2, 0)), "address"),
        (Command.TRAIN, 1, bytes(3), "length"),
        (Command.TRAIN, 1, b"\x05" + bytes(6), "label"),
        (Command.INFER, 2, bytes(6), "length"),
        (Command.STAT, 0, b"x", "length"),
        (Future.COMMAND, 0, b"", "does not know this command"),
    ],
)
def test_a_bad_command_is_refused_and_changes_nothing(command, addr, payload, reason):
    widths = (37, 21, 5)
    network = make_network(SMALL, widths)
    with open_device(SMALL) as device:
        device.load(network)
        before = device.stat()
        with pytest.raises(DeviceError, match=reason):
            device._link.call(command, addr, payload)
        assert device.stat() == before
        assert device.state_crc() == network.state_crc()
        assert device.read_register(Register.MARGIN) == network.settings.margin


@pytest.mark.parametrize(
    ("config", "widths", "updates"), [(WIDE, (784, 120, 10), 20), (ICEBREAKER, (784, 72, 10), 5)]
)
def test_real_digits(config, widths, updates):
    """State after every update, counters at the end, on digits, for the published engines."""
    digits = data.load("mnist5k")
    bits, labels = data.booleanise(digits.x_train), digits.y_train
    network = make_network(config, widths, Hyper(batch=config.batch, theta=6, grow=5.0))
    with open_device(config) as device:
        device.load(network)
        total = network.train(bits[:0], labels[:0])
        while total.updates < updates:
            rest = slice(total.samples, None)
            step = network.train(bits[rest], labels[rest], stop_at_update=True)
            used = slice(total.samples, total.samples + step.samples)
            assert device.train(bits[used], labels[used]) == step
            assert device.state_crc() == network.state_crc()
            total += step
        counters, model = device.stat(), cycles.predict(config, widths)
        assert counters["cycles_forward"] == model.forward * total.samples
        assert counters["cycles_backward"] == model.backward * total.active
        assert counters["cycles_update"] == model.update * total.updates
        assert np.array_equal(device.infer(bits[:10]), network.infer(bits[:10]))
