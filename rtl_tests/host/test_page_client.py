"""A client written from docs/reference/protocol.md alone trains the simulated engine to the bit.

The client, rtl_tests/support/page_client.py, imports nothing of boldhw; only what it is compared
with does: the golden model.
"""

import ast
import socket
import threading
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from support import page_client
from support.golden_board import GoldenBoard
from support.page_client import Client, Refused
from support.small_engine import DUAL, HYPER, ODD, SMALL, make_network, make_samples

from boldhw.cosim.server import bound, serve
from boldhw.cosim.transport import SimTransport
from boldhw.spec import protocol

RUNS = {
    "two layers": (SMALL, (37, 21, 5), HYPER),
    "odd sizes, three layers": (ODD, (28, 19, 10, 4), HYPER),
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
        settings.margin, settings.batch, settings.classes,
    )  # fmt: skip


def check_run(client, network, epochs=2):
    """Train both, and compare weights, accumulators, scores, counters and what TRAIN replies."""
    bits, labels = make_samples(network.widths, network.settings.classes, 60)
    load(client, network)
    for _ in range(epochs):
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
    board = SimTransport(config)
    try:
        check_run(connected(board), make_network(config, widths, hyper))
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
    tree = ast.parse(Path(page_client.__file__).read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name for node in nodes for alias in node.names}
    assert names == {"struct", "zlib"}


@pytest.mark.parametrize("size", [0, 1, 3, 250])
def test_frames_are_those_of_the_driver(size):
    generator = np.random.default_rng(size)
    for payload in (bytes(size), generator.bytes(size)[:246], b"\1" * min(size, 246)):
        payload = payload[:246]
        frame = page_client.framed(8, 200, 513, payload)
        assert frame == protocol.encode(8, 200, 513, payload)
        assert page_client.unstuffed(frame[:-1])[4:-4] == payload
