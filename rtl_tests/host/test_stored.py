"""A device that trains on its own store, on the golden board and on the simulated one."""

from dataclasses import replace

import numpy as np
import pytest
from boldhost.device import Device
from boldhost.link import Link
from boldhost.stored import StoredDevice
from support.golden_board import GoldenBoard
from support.small_engine import HYPER, SMALL, make_network, make_samples

from boldhw.check.lockstep import LockStep
from boldhw.cosim.transport import SimTransport
from boldhw.errors import ConfigError, DeviceError
from boldhw.golden.hyper import Hyper
from boldhw.golden.trainer import Trainer
from boldhw.spec import cycles, packing
from boldhw.spec.layout import Layout
from boldhw.spec.order import Order
from boldhw.spec.protocol import Bank, Command
from boldhw.spec.store import PAGE_BITS

ENGINE = replace(SMALL, store="sdram", store_bytes=1 << 18)
WIDTHS = (37, 21, 5)
SAMPLES = 150


def golden_device(board=None):
    return StoredDevice(Link(board or GoldenBoard(ENGINE), timeout=0.01))


def sim_device(config=ENGINE):
    return StoredDevice(Link(SimTransport(config)))


@pytest.fixture(params=[golden_device, sim_device], ids=["golden", "sim"])
def device(request):
    with request.param() as opened:
        yield opened


def filled(device, samples=SAMPLES, seed=3):
    """Load a network, fill the store; return network, bits and labels."""
    network = make_network(ENGINE, WIDTHS)
    bits, labels = make_samples(WIDTHS, 5, samples, seed)
    device.load(network)
    device.fill_store(bits, labels)
    return network, bits, labels


@pytest.mark.parametrize("count", [1, 7, 40, SAMPLES, SAMPLES + 61])
def test_samples_of_the_store_give_the_bits_of_the_same_samples_sent(device, count):
    network, bits, labels = filled(device)
    order = Order(SAMPLES, 5)
    device.start_order(order)
    taken = order.take(count)
    seen = []
    assert device.train_store(count, seen.append) == network.train(bits[taken], labels[taken])
    assert seen[-1] == count
    assert device.gathered == network.gathered
    assert device.flush() == network.flush()
    assert device.state_crc() == network.state_crc()


HYPERS = {"plain": HYPER, "decay": replace(HYPER, decay=True), "noise": replace(HYPER, rounding=1)}


@pytest.mark.parametrize("name", HYPERS)
def test_epochs_in_lock_step(device, name):
    """Whole runs of the trainer, compared after every update; a device that is sent its samples."""
    hyper = HYPERS[name]
    network, bits, labels = filled(device)
    network.configure(hyper.settings(ENGINE, WIDTHS))
    lockstep = LockStep(network, device)
    device.load(network)
    device.fill_store(bits, labels)
    run = Trainer(network, hyper, 2, backend=lockstep, stored=True)
    list(run.run(bits, labels, bits[:20], labels[:20]))
    assert lockstep.updates_checked > 4
    sent = make_network(ENGINE, WIDTHS, hyper)
    with Device(Link(GoldenBoard(ENGINE))) as other:
        other.load(sent)
        list(Trainer(sent, hyper, 2, backend=other, stored=True).run(bits, labels, bits, labels))
        assert other.state_crc() == network.state_crc()


def test_filling_again_sends_what_is_missing(device):
    network, bits, labels = filled(device)
    assert device.fill_store(bits, labels) == 0
    labels[100] = (labels[100] + 1) % 5
    seen = []
    sent = device.fill_store(bits, labels, seen.append)
    assert 0 < sent <= 2 << 14
    assert seen[-1] >= sent
    assert device.fill_store(bits, labels) == 0


def test_an_interrupted_run_goes_on_to_the_same_bits(device):
    """What was trained before an interruption counts; the order goes on behind it."""
    network, bits, labels = filled(device)
    order = Order(SAMPLES, 9)
    device.start_order(order)
    device.train_store(33)
    order.take(33)
    again = StoredDevice(device._link)
    again.load(make_network(ENGINE, WIDTHS))
    assert again.fill_store(bits, labels) == 0
    again.start_order(Order(SAMPLES, 9))
    again.train_store(33)
    again.start_order(order)
    again.train_store(SAMPLES - 33)
    taken = Order(SAMPLES, 9).take(SAMPLES)
    network.train(bits[taken], labels[taken])
    again.flush()
    network.flush()
    assert again.state_crc() == network.state_crc()


def test_counts_of_cycles_are_those_of_the_model(device):
    network, bits, labels = filled(device)
    device.start_order(Order(SAMPLES, 2))
    stats = device.train_store(SAMPLES)
    if isinstance(device._link._transport, SimTransport):
        model = cycles.predict(ENGINE, WIDTHS)
        assert device.cycles == {
            "forward": model.forward * stats.samples,
            "backward": model.backward * stats.active,
            "update": model.update * stats.updates,
        }


def test_all_of_the_store_is_reached():
    """Words of every page at both ends of it, in the simulated memory."""
    with sim_device() as device:
        pages = 1 << ENGINE.store_address_bits - PAGE_BITS
        generator = np.random.default_rng(4)
        places = [(page, first) for page in range(pages) for first in (0, 30_000, 0xFFF0)]
        contents = {place: generator.bytes(32) for place in places}
        for (page, first), data in contents.items():
            device.write_register(10, page)
            device.write_memory(Bank.STORE, first, data)
        for (page, first), data in contents.items():
            device.write_register(10, page)
            assert device.read_memory(Bank.STORE, first, 16) == data


@pytest.mark.parametrize(("lanes", "elements"), [(12, 3), (40, 5), (48, 12)])
def test_operand_words_of_other_widths(lanes, elements):
    """Words narrower than one word of the store, wider, and a whole number of them."""
    config = replace(ENGINE, lanes=lanes, elements=elements, stochastic=False, decay=False)
    network = make_network(config, (100, 11, 4), Hyper(batch=8, theta=2, last_theta_factor=3))
    bits, labels = make_samples((100, 11, 4), 4, 60)
    order = Order(60, 1)
    with sim_device(config) as device:
        device.load(network)
        device.fill_store(bits, labels)
        device.start_order(order)
        taken = order.take(60)
        assert device.train_store(60) == network.train(bits[taken], labels[taken])
        assert device.state_crc() == network.state_crc()


def test_what_cannot_work_is_refused_before_anything_is_sent():
    board = GoldenBoard(ENGINE)
    with golden_device(board) as device:
        with pytest.raises(ConfigError, match="no network is loaded"):
            device.fill_store(np.zeros((1, 37), bool), np.zeros(1, int))
        network, bits, labels = filled(device)
        executed = board.executed.total()
        with pytest.raises(ConfigError, match="no order is started"):
            device.train_store(3)
        with pytest.raises(ConfigError, match="order is one of 9 samples, the store holds 150"):
            device.start_order(Order(9, 1))
        many = 1 << 15
        with pytest.raises(ConfigError, match="32768 samples of 4 words .* holds 32767"):
            device.fill_store(np.zeros((many, 37), bool), np.zeros(many, int))
        assert board.executed.total() == executed
        device.start_order(Order(SAMPLES, 1))
        taken = Order(SAMPLES, 2).take(SAMPLES)
        with pytest.raises(ConfigError, match="not those that come next"):
            device.train(bits[taken], labels[taken])
        with pytest.raises(ConfigError, match="cannot change from epoch to epoch"):
            Trainer(network, change=lambda bits, generator: bits, stored=True)


def test_an_engine_without_a_store_says_so():
    with StoredDevice(Link(SimTransport(SMALL))) as device:
        device.load(make_network(SMALL, WIDTHS))
        with pytest.raises(ConfigError, match="no store of samples; build one with"):
            device.fill_store(np.zeros((1, 37), bool), np.zeros(1, int))
        with pytest.raises(DeviceError, match="generated without a store of samples"):
            device._call(Command.TRAIN_STORE, 1)


def test_a_wrong_word_in_the_store_is_noticed():
    class Faulty(GoldenBoard):
        def _mem_write(self, addr, payload):
            return super()._mem_write(addr, payload[:-1] + bytes([payload[-1] ^ 1]))

    with golden_device() as device:
        device.load(make_network(ENGINE, WIDTHS))
        device._link._transport.__class__ = Faulty
        with pytest.raises(DeviceError, match="checksum of the device's store"):
            device.fill_store(*make_samples(WIDTHS, 5, 10))


def test_samples_in_flash_are_trained_as_well():
    """The programmer has written them; nothing is sent, and nothing else than them is accepted."""
    config = replace(ENGINE, store="flash", store_bytes=1 << 20)
    network = make_network(config, WIDTHS)
    bits, labels = make_samples(WIDTHS, 5, SAMPLES)
    image = packing.pack_store(Layout(config, WIDTHS), bits, labels)
    with StoredDevice(Link(SimTransport(config, flash=image))) as device:
        device.load(network)
        assert device.fill_store(bits, labels) == 0
        order = Order(SAMPLES, 8)
        device.start_order(order)
        taken = order.take(SAMPLES)
        assert device.train_store(SAMPLES) == network.train(bits[taken], labels[taken])
        assert device.state_crc() == network.state_crc()
        with pytest.raises(ConfigError, match="write them with boldhw flash --samples"):
            device.fill_store(~bits, labels)
        with pytest.raises(DeviceError, match="address lies outside the bank"):
            device.write_memory(Bank.STORE, 0, b"x")
