"""A client written from docs/reference/protocol.md alone trains the simulated engine to the bit.

The client, page_client.py and page_wire.py of rtl_tests/support, imports nothing of boldhw; only
what it is compared with does: the golden model.
"""

import ast
import socket
import threading
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from support import page_client, page_wire
from support.golden_board import GoldenBoard
from support.page_client import Client
from support.page_wire import Refused
from support.small_engine import DUAL, HYPER, ODD, SMALL, make_network, make_samples

from boldhw.cosim.server import bound, serve
from boldhw.cosim.transport import SimTransport
from boldhw.spec import protocol
from boldhw.spec.noise import NoiseStream
from boldhw.spec.order import Order

RUNS = {
    "two layers": (SMALL, (37, 21, 5), HYPER),
    "odd sizes, three layers": (ODD, (28, 19, 10, 4), HYPER),
    "noise, rounding and decay": (
        SMALL,
        (37, 21, 14, 5),
        replace(HYPER, rounding=1, noise=7, decay=True),
    ),
    "two ports, outputs per class": (DUAL, (37, 21, 12), replace(HYPER, outputs_per_class=3)),
}


class Pipe:
    """Bytes to and from a transport, as the client wants them: up to and with a 0x00."""

    def __init__(self, transport):
        self.transport, self.got = transport, b""

    def receive(self):
        while b"\0" not in self.got:
            data = self.transport.read(2.0)
            if not data:
                return b""
            self.got += data
        frame, _, self.got = self.got.partition(b"\0")
        return frame + b"\0"


def connected(transport, seq=250):
    """Return a client; its numbers soon come round."""
    return Client(transport.write, Pipe(transport).receive, seq)


def lists(arrays):
    return [array.astype(int).tolist() for array in arrays]


def load(client, network):
    """Have the client load what a golden network holds."""
    settings = network.settings
    client.load(
        network.widths, [asdict(layer) for layer in settings.layers], lists(network.weights),
        settings.margin, settings.batch, settings.classes, settings.rounding,
    )  # fmt: skip


def check_run(client, network, epochs=2):
    """Train both, and compare weights, accumulators, scores, counters and what TRAIN replies."""
    bits, labels = make_samples(network.widths, network.settings.classes, 60)
    load(client, network)
    for epoch in range(epochs):
        if network.config.stochastic:
            network.seed_noise(epoch)
            client.seed(NoiseStream(network.config.elements, epoch).seed_words)
        before = client.counters()
        results, stats = client.train(lists(bits), labels.tolist()), network.train(bits, labels)
        assert [sum(r >> bit & 1 for r in results) for bit in range(3)] == [
            stats.hits, stats.active, stats.updates,
        ]  # fmt: skip
        left = network.gathered
        assert client.flush() == left
        stats += network.flush()
        counted = [after - old for after, old in zip(client.counters(), before, strict=True)]
        assert tuple(counted[7 : 7 + len(stats.flips)]) == stats.flips
        assert counted[6] == stats.updates > 1
    assert sum(stats.flips) > 0
    assert client.read_weights() == lists(network.weights)
    assert client.read_accumulators() == lists(network.accumulators)
    assert any(array.any() for array in network.accumulators)
    assert client.infer(lists(bits)) == network.infer(bits).tolist()


@pytest.mark.parametrize("name", RUNS)
def test_it_trains_the_simulated_engine_to_the_bit(name):
    config, widths, hyper = RUNS[name]
    network, board = make_network(config, widths, hyper), SimTransport(config)
    if hyper.decay:
        network.configure(network.settings.changed(decay=[9000, 5000, 3000]))
    try:
        check_run(connected(board), network)
    finally:
        board.close()


def test_it_trains_from_the_store():
    """The engine's own order is that of the page; taps and first state are any that work."""
    config, widths, hyper = replace(SMALL, store="sdram", store_bytes=1 << 18), (37, 21, 5), HYPER
    network, board = make_network(config, widths, hyper), SimTransport(config)
    bits, labels = make_samples(widths, 5, 100)
    start = Order(len(bits), 7)
    try:
        client = connected(board)
        load(client, network)
        client.fill_store(lists(bits), labels.tolist())
        client.write_register("ORDER_TAPS", start.taps)
        client.write_register("ORDER_STATE", start.state)
        for _ in range(3):
            client.train_store(50)
        taken = list(islice(page_client.order(len(bits), start.taps, start.state), 150))
        assert sorted(taken[:100]) == list(range(100))
        stats = network.train(bits[taken], labels[taken])
        assert client.flush() == network.gathered
        network.flush()
        assert stats.updates > 1
        assert client.read_weights() == lists(network.weights)
        assert client.read_accumulators() == lists(network.accumulators)
    finally:
        board.close()


@contextmanager
def served(config):
    """The simulated board behind a socket, as ``boldhw sim`` has it; yields its address."""
    board, addresses = SimTransport(config), []
    with bound("127.0.0.1:0") as listener:
        ready = threading.Event()
        serving = threading.Thread(
            target=stopped_by_shutdown,
            args=(board, listener, lambda at: (addresses.append(at), ready.set())),
        )
        serving.start()
        assert ready.wait(10)
        yield addresses[0]
        listener.shutdown(socket.SHUT_RDWR)
        serving.join(10)
    board.close()


def stopped_by_shutdown(board, listener, on_ready):
    """Serve until the socket is shut down."""
    try:
        serve(board, listener, on_ready)
    except OSError:
        return


def test_it_trains_over_a_socket():
    config, widths, hyper = RUNS["two layers"]
    with served(config) as address:
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), 10) as line:
            reader = line.makefile("rb")

            def receive():
                frame = bytearray()
                while not frame.endswith(b"\0"):
                    frame += reader.read(1)
                return bytes(frame)

            check_run(Client(line.sendall, receive), make_network(config, widths, hyper), epochs=1)


def test_a_bad_line_changes_nothing():
    """Frames and replies that are lost or damaged are sent again, and executed once."""
    config, widths, hyper = RUNS["two layers"]
    spoil = {3: b"", 5: b"\5\6\7\0", 7: b"\0"}

    def harm(count, frame):
        return spoil.get(count % 9, frame)

    for hooks in ({"on_request": harm}, {"on_reply": harm}):
        board = GoldenBoard(config, **hooks)
        check_run(connected(board), make_network(config, widths, hyper))
        assert board.executed[protocol.Command.FLUSH] == 2


def test_a_refusal_is_told():
    client = connected(GoldenBoard(SMALL))
    with pytest.raises(Refused, match=str(protocol.Status.BAD_ADDRESS.value)):
        client.read_register("NOISE")
    client.write_register("MARGIN", 515)
    assert client.read_register("MARGIN") == 515


def test_it_uses_nothing_of_boldhw():
    trees = [ast.parse(Path(module.__file__).read_text()) for module in (page_wire, page_client)]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert names == {"struct", "zlib", "support.page_wire"}


@pytest.mark.parametrize("size", [0, 1, 3, 250])
def test_frames_are_those_of_the_driver(size):
    generator = np.random.default_rng(size)
    for payload in (bytes(size), generator.bytes(size)[:246], b"\1" * min(size, 246)):
        payload = payload[:246]
        frame = page_wire.framed(8, 200, 513, payload)
        assert frame == protocol.encode(8, 200, 513, payload)
        assert page_wire.unstuffed(frame[:-1])[4:-4] == payload
