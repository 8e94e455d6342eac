"""A device of op lists that trains on its own store, on the golden board and the simulated one."""

from dataclasses import replace

import numpy as np
import pytest
from boldhost.graph_backend import GraphBackend
from boldhost.graph_device import GraphDevice
from boldhost.link import Link
from boldhost.stored import StoredGraphDevice
from support.frame_pair import FramePair
from support.graph_driver import (
    NETWORKS,
    SIZE,
    differences,
    expected_counters,
    make_graph,
    make_samples,
)
from support.op_board import OpBoard

from boldhw.cosim.transport import SimTransport
from boldhw.errors import ConfigError, DeviceError
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.network import Network
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.packing import pack_samples, state_crc
from boldhw.spec.ops.protocol import OpBank, OpRegister
from boldhw.spec.order import Order
from boldhw.spec.protocol import Command
from boldhw.spec.store import PAGE_BITS, pack_store

ENGINE = LinkedArray(SIZE, "sdram", 1 << 18)
LONG = "20x16x2-4k3s2p2-4"  # a record of more than one burst
SAMPLES = 40


@pytest.fixture(scope="module")
def simulated():
    """The simulated board; it is built once."""
    board = SimTransport(ENGINE)
    yield board
    board.close()


@pytest.fixture(params=["golden", "sim"])
def board(request):
    return request.getfixturevalue("simulated") if request.param == "sim" else OpBoard(ENGINE)


def filled(board, text, samples=SAMPLES):
    """Load a network and fill the store; return device, graph, bits and labels."""
    graph = make_graph(text)
    device = StoredGraphDevice(Link(board, timeout=0.5), ENGINE)
    bits, labels = make_samples(graph, samples)
    device.load(graph)
    device.fill_store(bits, labels)
    return device, graph, bits, labels


@pytest.mark.parametrize("text", [*NETWORKS, LONG])
def test_samples_of_the_store_give_the_bits_of_the_same_samples_sent(board, text):
    """Records shorter than a frame, longer, and longer than a burst; in several commands."""
    device, graph, bits, labels = filled(board, text)
    order = Order(SAMPLES, 5)
    device.start_order(order)
    for count in (1, 7, SAMPLES + 9):
        seen, taken = [], order.take(count)
        expected = graph.train(bits[taken], labels[taken])
        assert device.train_store(count, seen.append) == expected
        assert seen[-1] == count
        assert device.gathered == graph.waiting
    assert device.flush() == graph.flush()
    assert differences(device, graph) == []


def test_counts_of_cycles_are_those_of_the_model(board):
    """A record is written while no list runs, which takes no cycles of lists."""
    device, _, _, _ = filled(board, NETWORKS[0])
    device.start_order(Order(SAMPLES, 2))
    device.train_store(SAMPLES)
    counts = device.stat()
    runs = [counts[name] for name in ("samples", "active", "hits", "updates")]
    del counts["flips"]
    assert counts == expected_counters(device, *runs)
    assert min(runs[1], runs[3]) > 0


def governed(text, device=None):
    """Return a trainer in the order of a store, with governors."""
    network = Network.parse(text)
    constants = replace(Constants(), batch=4)
    settings = start(network, constants, 100, zero_true=[True] * len(network.layers), bits=8)
    graph = GraphNetwork(network, settings, 3, 8)
    code = Levels((0.5,))
    trainer = GraphTrainer(graph, constants, 2, SAMPLES, 7, code, stored=True)
    return trainer


def test_epochs_with_governors(board):
    """Whole runs of the trainer give the bits of the golden graph in the same order."""
    device, _, bits, labels = filled(board, NETWORKS[0])
    pixels = bits.astype(np.float32).reshape(SAMPLES, 10, 10)
    samples = (pixels, labels, pixels[:8], labels[:8])
    golden, stored = governed(NETWORKS[0]), governed(NETWORKS[0])
    wanted = [replace(each, seconds=0) for each in golden.run(*samples)]
    backend = GraphBackend(stored.graph, device)
    backend.load()
    device.fill_store(golden.code(pixels), labels)
    stored.graph = backend
    assert [replace(each, seconds=0) for each in stored.run(*samples)] == wanted
    backend.read()
    memory = device.program.memory
    assert device.state_crc() == state_crc(memory, golden.graph)
    assert sum(each.updates for each in wanted) > 4


def test_a_list_that_was_ended_is_reported(board):
    """No sample is trained behind it, the board does not hang, and it works again afterwards."""
    device, graph, bits, labels = filled(board, NETWORKS[1])
    device.start_order(Order(SAMPLES, 3))
    limit = device.read_register(OpRegister.LIMIT)
    device.write_register(OpRegister.LIMIT, 0)
    with pytest.raises(DeviceError, match="refused TRAIN_STORE: .*longer than its limit.*load"):
        device.train_store(9)
    assert device.stat()["samples"] == 0
    device.write_register(OpRegister.LIMIT, limit)
    order = Order(SAMPLES, 4)
    device.start_order(order)
    taken = order.take(9)
    assert device.train_store(9) == graph.train(bits[taken], labels[taken])


def test_one_wrong_bit_is_noticed(board):
    """A bit of a stored sample; and a bit of a golden weight, which the comparison finds."""
    device, graph, bits, labels = filled(board, NETWORKS[3])
    bits[0, 0] ^= True
    assert device.fill_store(bits, labels) > 0
    assert device.fill_store(bits, labels) == 0
    order = Order(SAMPLES, 5)
    device.start_order(order)
    taken = order.take(SAMPLES)
    device.train_store(SAMPLES)
    graph.layers[0].weights[0, 0] ^= True
    graph.train(bits[taken], labels[taken])
    assert differences(device, graph) != []


def test_any_commands_get_the_replies_of_the_golden_board(simulated):
    """What is wrong is refused and changes nothing, in all memories, the store among them."""
    pair = FramePair(OpBoard(ENGINE), simulated, seed=5)
    pair.call(Command.RESET)
    pair.fill()
    zeros = bytes(2) * 100
    for page in range(1 << ENGINE.store_address_bits - PAGE_BITS):
        pair.call(Command.REG_WRITE, OpRegister.STORE_PAGE, page.to_bytes(2, "little"))
        for first in range(0, 1 << PAGE_BITS, 100):
            part = zeros[: 2 * ((1 << PAGE_BITS) - first)]
            pair.call(Command.MEM_WRITE, first, bytes((OpBank.STORE,)) + part)
    pair.anything(300)
    pair.compare()
    assert pair.counts[Command.MEM_WRITE, True] > 10 < pair.counts[Command.MEM_READ, True]


def test_what_cannot_work_is_refused_before_anything_is_sent():
    board = OpBoard(ENGINE)
    device = StoredGraphDevice(Link(board, timeout=0.5), ENGINE)
    with pytest.raises(ConfigError, match="no network is loaded"):
        device.fill_store(np.zeros((1, 40), bool), np.zeros(1, int))
    device, graph, bits, labels = filled(board, NETWORKS[3])
    executed = board.executed.total()
    with pytest.raises(ConfigError, match="no order is started"):
        device.train_store(3)
    with pytest.raises(ConfigError, match="order is one of 9 samples, the store holds 40"):
        device.start_order(Order(9, 1))
    with pytest.raises(ConfigError, match="32768 samples of 4 words .* holds 32767"):
        device.fill_store(np.zeros((1 << 15, 40), bool), np.zeros(1 << 15, int))
    assert board.executed.total() == executed
    device.start_order(Order(SAMPLES, 1))
    taken = Order(SAMPLES, 2).take(SAMPLES)
    with pytest.raises(ConfigError, match="not those that come next"):
        device.train(bits[taken], labels[taken])
    code = Levels((0.5,))
    with pytest.raises(ConfigError, match="cannot change from epoch to epoch"):
        GraphTrainer(graph, Constants(), 1, 9, code=code, change=lambda x, g: x, stored=True)


def test_designs_with_and_without_a_store_are_told_apart():
    with pytest.raises(DeviceError, match=r"store=sdram instead of none"):
        GraphDevice(Link(OpBoard(ENGINE), timeout=0.5), SIZE)
    device = StoredGraphDevice(Link(OpBoard(SIZE), timeout=0.5))
    device.load(make_graph(NETWORKS[3]))
    with pytest.raises(ConfigError, match="no store of samples; build one with"):
        device.fill_store(np.zeros((1, 40), bool), np.zeros(1, int))
    with pytest.raises(DeviceError, match="generated without a store of samples"):
        device._call(Command.TRAIN_STORE, 1)


def test_samples_in_flash_are_accepted_and_no_others():
    """The programmer has written them."""
    board = OpBoard(LinkedArray(SIZE, "flash", 1 << 18))
    device = StoredGraphDevice(Link(board, timeout=0.5))
    graph = make_graph(NETWORKS[0])
    bits, labels = make_samples(graph, SAMPLES)
    device.load(graph)
    image = pack_store(board.config, pack_samples(device.program.memory, bits), labels)
    board.content[: len(image)] = image
    assert device.fill_store(bits, labels) == 0
    order = Order(SAMPLES, 8)
    device.start_order(order)
    taken = order.take(SAMPLES)
    assert device.train_store(SAMPLES) == graph.train(bits[taken], labels[taken])
    with pytest.raises(ConfigError, match="write them with boldhw flash --samples"):
        device.fill_store(~bits, labels)
    with pytest.raises(DeviceError, match="address lies outside the bank"):
        device.write_memory(OpBank.STORE, 0, b"x")
