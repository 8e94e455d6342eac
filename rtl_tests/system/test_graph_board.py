"""The simulated board trains networks of layers to the bit, in the cycles of the model."""

import numpy as np
import pytest
from boldhost.graph_device import GraphDevice
from boldhost.link import Link
from support.frame_pair import FramePair
from support.graph_driver import (
    NETWORKS,
    SIZE,
    connect,
    differences,
    expected_counters,
    in_step,
    make_graph,
    make_samples,
    with_places,
)
from support.op_board import OpBoard

from boldhw.cosim.transport import SimTransport
from boldhw.errors import ConfigError, DeviceError
from boldhw.spec.ops import packing
from boldhw.spec.ops.protocol import OpBank, OpRegister
from boldhw.spec.protocol import Command


@pytest.fixture(scope="module")
def board():
    """The simulated board; it is built once."""
    board = SimTransport(SIZE)
    yield board
    board.close()


@pytest.mark.parametrize("text", NETWORKS)
@pytest.mark.parametrize("seed", [1, 2])
def test_it_trains_in_step_with_the_golden_graph(board, text, seed):
    """Weights, accumulators and counters after every update; cycles, and scores."""
    graph = make_graph(text, seed, per_class=seed)
    device = connect(board, graph)
    assert differences(device, graph) == []
    bits, labels = make_samples(graph, 24, seed)
    assert in_step(device, graph, bits, labels) == []
    counts = device.stat()
    runs = [counts[name] for name in ("samples", "active", "hits", "updates")]
    assert runs[0] == 24
    assert min(runs[1], runs[3]) > 0
    flips = counts.pop("flips")
    assert counts == expected_counters(device, *runs)
    assert flips == tuple(layer.counts.flips for layer in graph.layers)
    assert np.array_equal(device.infer(bits), graph.infer(bits))


@pytest.mark.parametrize(("head", "fields"), [("pixels", {}), ("residuals", {"shift": 2})])
def test_scores_of_places(board, head, fields):
    """Of one output a class, and of two; training is refused, and the board is as it was."""
    for per_class in (1, 2):
        graph = make_graph(with_places(head, **fields), per_class=per_class)
        device = connect(board, graph)
        bits, _ = make_samples(graph, 5)
        found, expected = device.infer(bits), graph.infer(bits)
        assert found.dtype == expected.dtype
        assert found.shape == (5, 3, 4, 10 // per_class)
        assert np.array_equal(found, expected)
        assert np.array_equal(device.infer(bits[3:]), expected[3:])
        with pytest.raises(ConfigError, match=f"has the head {head}, which op lists infer only"):
            device.train(bits, np.zeros(5, int))
        assert device.state_crc() == packing.state_crc(device.program.memory, graph)
        weights = zip(device.read_weights(), graph.layers, strict=True)
        assert all(np.array_equal(found, layer.weights) for found, layer in weights)


def test_frozen_layers_stay(board):
    graph = make_graph(NETWORKS[1], frozen=["layer2"])
    device = connect(board, graph)
    before = graph.layers[1].weights.copy()
    assert in_step(device, graph, *make_samples(graph, 12)) == []
    assert np.array_equal(device.read_weights()[1], before)


def test_one_wrong_bit_is_noticed(board):
    """A weight of the board that differs from the golden one."""
    graph = make_graph(NETWORKS[0])
    device = connect(board, graph)
    block = bytearray(device.read_memory(OpBank.WEIGHTS, 0, 1))
    block[0] ^= 1
    device.write_memory(OpBank.WEIGHTS, 0, bytes(block))
    assert "checksums" in differences(device, graph)
    assert in_step(device, graph, *make_samples(graph, 12)) != []


def test_a_list_that_was_ended_is_reported(board):
    """The board says so, does not hang, and trains again when the network is loaded again."""
    graph = make_graph(NETWORKS[0])
    device = connect(board, graph)
    bits, labels = make_samples(graph, 4)
    runs = {"TRAIN": lambda: device.train(bits, labels), "INFER": lambda: device.infer(bits)}
    device.write_register(OpRegister.LIMIT, 0)
    for name, run in runs.items():
        with pytest.raises(DeviceError, match=f"refused {name}: .*longer than its limit.*load"):
            run()
    device.load(graph)
    row = b"\x1f\x01".ljust(device.item_bytes(OpBank.DATA), b"\0")
    device.write_memory(OpBank.DATA, device.program.starts["forward"], row)
    for name, run in runs.items():
        with pytest.raises(DeviceError, match=f"refused {name}: .*op that there is none of"):
            run()
    device = GraphDevice(Link(board, timeout=2.0))
    device.load(graph)
    assert in_step(device, graph, bits, labels) == []


def test_any_commands_get_the_replies_of_the_golden_board(board):
    """What is wrong is refused and changes nothing, in all memories."""
    pair = FramePair(OpBoard(SIZE), board, seed=1)
    pair.call(Command.RESET)
    pair.fill()
    pair.anything(1000)
    pair.compare()
    assert {ok for _, ok in pair.counts} == {True, False}
    assert pair.counts[Command.MEM_WRITE, True] > 30 < pair.counts[Command.MEM_READ, True]
    assert pair.counts[Command.MEM_WRITE, False] > 5 < pair.counts[Command.STATE_CRC, False]


def test_any_samples_get_the_replies_of_the_golden_board(board):
    """Samples that are too long or too short, and labels that there are none of, among others."""
    graph = make_graph(NETWORKS[0])
    golden = OpBoard(SIZE)
    for each in (golden, board):
        device = connect(each, graph)
    pair = FramePair(golden, board, seed=3)
    memory = device.program.memory

    def sample():
        bits = pair.random.random((1, graph.spec.inputs)) < 0.4
        return packing.pack_samples(memory, bits).tobytes()

    pair.training(150, sample, graph.classes)
    for bank, first, count in (*device._spans().values(), (OpBank.COUNTERS, 0, 6)):
        request = bytes((bank, *count.to_bytes(2, "little")))
        assert pair.call(Command.STATE_CRC, first, request) is not None
    assert pair.call(Command.STAT) is not None
    for command in (Command.INFER, Command.TRAIN):
        assert pair.counts[command, True] > 10 < pair.counts[command, False]
