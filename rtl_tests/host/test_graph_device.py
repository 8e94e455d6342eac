"""The driver of op lists gives the golden graph's bits whatever the link does, refuses by name."""

from dataclasses import replace

import numpy as np
import pytest
from boldhost.device import Device
from boldhost.graph_backend import GraphBackend
from boldhost.graph_device import GraphDevice
from boldhost.link import Link
from support.golden_board import GoldenBoard
from support.graph_driver import (
    NETWORKS,
    SIZE,
    connect,
    differences,
    expected_counters,
    in_step,
    make_graph,
    make_samples,
    make_settings,
    with_places,
)
from support.op_board import CLOCK_HZ, OpBoard
from support.small_engine import SMALL

from boldhw.errors import ConfigError, DataError, DeviceError
from boldhw.spec.ops.fixed import fixed_of
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.packing import state_crc
from boldhw.spec.ops.program import compiled
from boldhw.spec.ops.protocol import OpBank, OpRegister
from boldhw.spec.protocol import Command


def lose_a_third(count, frame):
    """Lose or damage most kinds of frames, but never five copies in a row."""
    return {1: b"", 4: frame[:7], 7: b"\x01\x02" + frame}.get(count % 9, frame)


@pytest.mark.parametrize("text", NETWORKS)
def test_load_copies_the_network(text):
    graph = make_graph(text)
    board = OpBoard(SIZE)
    device = connect(board, graph)
    assert differences(device, graph) == []
    assert device.identity.clock_hz == CLOCK_HZ
    assert (device.config, device.size) == (LinkedArray(SIZE), SIZE)
    assert board.registers[OpRegister.FORWARD] == device.program.starts["forward"]
    bits, _ = make_samples(graph, 3)
    assert np.array_equal(device.infer(bits), graph.infer(bits))
    assert device.infer(bits[:0]).shape == (0, graph.classes)
    assert differences(device, graph) == []  # counters of T's are as they were


@pytest.mark.parametrize(("head", "fields"), [("pixels", {}), ("residuals", {"shift": 2})])
def test_scores_of_places(head, fields):
    """Of one output a class, and of two; training is refused, and the board is as it was."""
    for per_class in (1, 2):
        graph = make_graph(with_places(head, **fields), per_class=per_class)
        device = connect(OpBoard(SIZE), graph)
        bits, _ = make_samples(graph, 5)
        found, expected = device.infer(bits), graph.infer(bits)
        assert found.dtype == expected.dtype
        assert found.shape == (5, 3, 4, 10 // per_class)
        assert np.array_equal(found, expected)
        assert np.array_equal(device.infer(bits[3:]), expected[3:])
        with pytest.raises(ConfigError, match=f"has the head {head}, which op lists infer only"):
            device.train(bits, np.zeros(5, int))
        assert device.state_crc() == state_crc(device.program.memory, graph)
        weights = zip(device.read_weights(), graph.layers, strict=True)
        assert all(np.array_equal(found, layer.weights) for found, layer in weights)


@pytest.mark.parametrize("text", NETWORKS)
def test_an_array_that_infers_only(text):
    graph = make_graph(text)
    device = connect(OpBoard(replace(SIZE, inference=True)), graph)
    assert not device.config.training
    bits, labels = make_samples(graph, 5)
    assert np.array_equal(device.infer(bits), graph.infer(bits))
    with pytest.raises(ConfigError, match="made with inference=True and does not train"):
        device.train(bits, labels)


def test_an_array_that_is_made_for_one_network():
    """Opened with its size it trains that one, and takes no other; without it is not known."""
    graph, other = make_graph("4x4-4k3p2-6"), make_graph("4x4-4k3-6")
    lists = compiled(graph.spec, SIZE, graph.settings).lists
    size = replace(SIZE, fixed=fixed_of(lists.values()))
    board = OpBoard(size)
    with pytest.raises(DeviceError, match="it comes from another version"):
        connect(board)
    another = replace(size, fixed=fixed_of([lists["forward"]]))
    with pytest.raises(DeviceError, match="it comes from another version"):
        GraphDevice(Link(board, timeout=0.5), another)
    device = GraphDevice(Link(board, timeout=0.5), size)
    with pytest.raises(DataError, match="this array is made for others|which this array is made"):
        device.load(other)
    device.load(graph)
    bits, labels = make_samples(graph, 12)
    assert in_step(device, graph, bits, labels) == []


def test_an_array_that_counts_no_signals():
    """All else is as it was; its counters of T's and of gates are None, and governors refuse it."""
    graph = make_graph("4x4-4k3p2-6")
    device = connect(OpBoard(replace(SIZE, uncounted=True)), graph)
    bits, labels = make_samples(graph, 12)
    assert in_step(device, graph, bits, labels) == []
    counts = device.read_counters()[0]
    assert (counts.fires, counts.gated) == (None, None)
    assert counts.flips
    with pytest.raises(ConfigError, match="made with uncounted=True, and governors need"):
        GraphBackend(graph, device).load()
    graph = make_graph("4x4-4k3p2-6")
    backend = GraphBackend(graph, device, counted=False)
    backend.load()
    stats = backend.train(bits, labels)
    counts = graph.layers[0].counts
    assert (counts.samples, counts.active) == (len(bits), stats.active)
    assert (counts.fires, counts.gated, counts.near) == (None, None, None)
    assert counts.size > 0


@pytest.mark.parametrize("text", NETWORKS)
@pytest.mark.parametrize("hooks", [{}, {"on_request": lose_a_third}, {"on_reply": lose_a_third}])
def test_training_gives_the_golden_bits(text, hooks):
    graph = make_graph(text)
    device = connect(OpBoard(SIZE, **hooks), graph)
    bits, labels = make_samples(graph, 12)
    assert in_step(device, graph, bits, labels) == []
    assert sum(layer.counts.flips for layer in graph.layers)
    assert bool(hooks) == (device.resent > 0)


def test_a_golden_model_with_one_wrong_bit_is_noticed():
    graph = make_graph(NETWORKS[0])
    device = connect(OpBoard(SIZE), graph)
    graph.layers[0].weights[3, 2] ^= True
    assert differences(device, graph)[:2] == ["checksums", "weights of layer1"]
    graph.layers[0].weights[3, 2] ^= True
    graph.layers[1].accumulators[0, 7] += 1
    assert differences(device, graph) == ["checksums", "accumulators of layer2"]


def test_settings_are_taken_while_it_trains():
    graph = make_graph(NETWORKS[1], per_class=2)
    board = OpBoard(SIZE)
    device = connect(board, graph)
    generator = np.random.default_rng(5)
    bits, labels = make_samples(graph, 8)
    for _ in range(3):
        written = board.executed[Command.MEM_WRITE]
        device.configure(graph.settings)
        assert board.executed[Command.MEM_WRITE] == written  # nothing differs
        graph.configure(make_settings(graph.spec, generator, per_class=2))
        device.configure(graph.settings)
        assert in_step(device, graph, bits, labels) == []


def test_counters_are_those_of_the_cycle_model():
    graph = make_graph(NETWORKS[0])
    device = connect(OpBoard(SIZE), graph)
    bits, labels = make_samples(graph, 10)
    stats = device.train(bits, labels)
    more = device.flush()
    found = device.stat()
    flips = found.pop("flips")
    assert found == expected_counters(
        device, 10, stats.active, stats.hits, stats.updates + more.updates
    )
    assert flips == tuple(np.add(stats.flips, more.flips))
    device.clear_counters()
    assert device.stat()["flips"] == (0, 0)


def test_stop_at_update_stops_exactly():
    graph = make_graph(NETWORKS[3])
    device = connect(OpBoard(SIZE), graph)
    bits, labels = make_samples(graph, 30)
    seen = []
    for _ in range(3):
        stats = device.train(bits, labels, stop_at_update=True, progress=seen.append)
        assert stats == graph.train(bits, labels, stop_at_update=True)
        assert seen[-1] == stats.samples
        bits, labels = bits[stats.samples :], labels[stats.samples :]


def test_a_network_is_read_back():
    graph, other = make_graph(NETWORKS[0]), make_graph(NETWORKS[0], seed=2)
    device = connect(OpBoard(SIZE), graph)
    device.read_into(other)
    assert state_crc(device.program.memory, other) == device.state_crc()
    with pytest.raises(ConfigError, match="the device holds network 10x10-5k3p2-6, not 40-9-4"):
        device.read_into(make_graph(NETWORKS[3]))


def test_load_notices_a_faulty_memory():
    board = OpBoard(SIZE)
    device = connect(board)
    write = board._mem_write
    board._mem_write = lambda addr, payload: write(addr, payload[:-1] + b"\x0f")
    with pytest.raises(DeviceError, match="checksum of the device's weights is .*faulty"):
        device.load(make_graph(NETWORKS[0]))
    assert board.registers[OpRegister.FORWARD] == 0  # so that it refuses to train
    with pytest.raises(ConfigError, match="no network is loaded"):
        device.state_crc()


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("30x30-4k3-6k3-4", {}, "needs data_rows=.*, the array has 2048"),
        ("40-9-130", {}, "scores of 130 classes do not fit a frame; .* are 123"),
        ("40-9-4", {"batch": 9}, "batch=9 active samples, the array gathers 4"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_before_anything_is_sent(text, options, message):
    board = OpBoard(SIZE)
    device = connect(board)
    before = board.executed.total()
    with pytest.raises(ConfigError, match=message):
        device.load(make_graph(text, **options))
    assert board.executed.total() == before


def test_other_accumulators_are_refused():
    graph = make_graph(NETWORKS[0], size=replace(SIZE, accumulator_bits=6))
    with pytest.raises(ConfigError, match="accumulators of 6 bits, the device of 8"):
        connect(OpBoard(SIZE), graph)


def test_samples_and_labels_are_checked():
    graph = make_graph(NETWORKS[0])
    device = connect(OpBoard(SIZE), graph)
    bits, labels = make_samples(graph, 2)
    with pytest.raises(DataError, match="takes bool of shape"):
        device.infer(bits[:, :5])
    with pytest.raises(DataError, match="takes bool of shape"):
        device.train(bits.astype(int), labels)
    with pytest.raises(DataError, match="label"):
        device.train(bits, labels + 6)


@pytest.mark.parametrize(
    ("row", "message"),
    [(b"\x1f\x01", "INFER: an op list has an op that there is none of; load"),
     (None, "INFER: an op list ran longer than its limit and was ended; load")],
)  # fmt: skip
def test_a_list_that_was_ended_is_reported(row, message):
    graph = make_graph(NETWORKS[0])
    device = connect(OpBoard(SIZE), graph)
    if row is None:
        device.write_register(OpRegister.LIMIT, 0)
    else:
        data = row.ljust(device.item_bytes(OpBank.DATA), b"\0")
        device.write_memory(OpBank.DATA, device.program.starts["forward"], data)
    with pytest.raises(DeviceError, match=message):
        device.infer(make_samples(graph, 1)[0])


def test_the_two_kinds_of_designs_are_told_apart():
    with pytest.raises(DeviceError, match=r"runs op lists.*open it as .*GraphDevice"):
        Device(Link(OpBoard(SIZE), timeout=0.5))
    with pytest.raises(DeviceError, match=r"trains chains of dense layers.*boldhost\.Device"):
        GraphDevice(Link(GoldenBoard(SMALL), timeout=0.5))
    with pytest.raises(DeviceError, match="another design than expected: batch=4 instead of 5"):
        GraphDevice(Link(OpBoard(SIZE), timeout=0.5), replace(SIZE, batch=5))
