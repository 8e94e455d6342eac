"""The TCP server gives a client the board, one at a time, on this machine only."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from boldhost.tcp import SocketTransport
from support.interrupts import heed_interrupts

from boldhw.cli.main import main
from boldhw.cosim.server import bound
from boldhw.errors import ConfigError, DeviceError

SERVER = """
from support.echo import echo_verilog
from boldhw.cosim.transport import SimTransport
from boldhw.cosim.server import bound, serve
with bound("127.0.0.1:0") as listener:
    board = SimTransport(verilog=echo_verilog())
    serve(board, listener, lambda at: print(at, flush=True))
print("clean end")
"""


@pytest.fixture
def server():
    """A server process; its ``address`` is where it listens."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], cwd=Path(__file__).parents[1], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_interrupts,
    )  # fmt: skip
    process.address = process.stdout.readline().strip()
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def connect(server):
    """Make clients of the server; they are closed at the end."""
    clients = []

    def make():
        clients.append(SocketTransport(f"socket://{server.address}"))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def exchange(client, data):
    client.write(data)
    got = b""
    while len(got) < len(data):
        got += client.read(10)
    return got


def test_bytes_go_through(connect):
    client = connect()
    for data in (b"abc\0", bytes(range(256)) * 8 + b"\0", b"x\0y\0"):
        assert exchange(client, data) == data


def test_clients_follow_each_other(connect):
    for data in (b"first\0", b"second\0", b"third\0"):
        client = connect()
        assert exchange(client, data) == data
        client.close()


def test_a_client_that_leaves_in_the_middle_harms_nobody(connect):
    client = connect()
    client.write(b"z" * 3000)
    client.close()
    client = connect()
    client.write(b"\0")
    got = b""
    while not got.endswith(b"\0"):
        got += client.read(10)
    assert set(got) <= set(b"z\0")


def test_a_second_client_is_turned_away(connect):
    first, second = connect(), connect()
    with pytest.raises(DeviceError, match=r"closed the connection.*one client at a time"):
        second.read(10)
    assert exchange(first, b"still here\0") == b"still here\0"


@pytest.mark.parametrize("connected", [True, False])
def test_ctrl_c_ends_it_cleanly(server, connect, connected):
    client = connect()
    assert exchange(client, b"a\0") == b"a\0"
    if not connected:
        client.close()
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=30)
    assert (out.strip(), err, server.returncode) == ("clean end", "", 0)


def test_a_stopped_server_is_noticed(server, connect):
    client = connect()
    assert exchange(client, b"a\0") == b"a\0"
    server.kill()
    with pytest.raises(DeviceError, match="socket://127.0.0.1.*closed the connection"):
        client.read(10)


def test_a_busy_port_is_refused(server):
    busy = pytest.raises(ConfigError, match=f"{server.address} is in use; .*127.0.0.1:0 for a free")
    with busy, bound(server.address):
        pass


def test_the_address_is_looked_at_before_the_board_is_built(server, monkeypatch, capfd):
    """Fault 22: building takes a minute."""
    monkeypatch.setattr("boldhw.cosim.transport.SimTransport", None)
    assert main(["sim", "--listen", server.address]) == 2
    assert "is in use" in capfd.readouterr().err


def test_nobody_is_let_in_before_there_is_a_board():
    with bound("127.0.0.1:0") as listener:
        port = listener.getsockname()[1]
        with pytest.raises(DeviceError, match="refused; start the simulated board"):
            SocketTransport(f"socket://127.0.0.1:{port}")


def test_a_second_client_that_writes_is_told_that_the_server_is_busy(connect):
    """Fault 22: a socket has no plug."""
    first, second = connect(), connect()

    def insist():
        while True:
            second.write(b"x")
            second.read(0.01)

    with pytest.raises(DeviceError, match="one client at a time, so close the other one") as told:
        insist()
    assert "plug" not in str(told.value)
    assert exchange(first, b"still here\0") == b"still here\0"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("0.0.0.0:5555", "not on this machine only; .*127.0.0.1:5555"),
        ("192.168.1.2:0", "not on this machine only"),
        ("example.org:80", "not on this machine only"),
        ("127.0.0.1", "no address; write it like"),
        ("127.0.0.1:http", "no address; write it like"),
        ("127.0.0.1:70000", "no address; write it like"),
    ],
)
def test_other_addresses_are_refused(address, message):
    with pytest.raises(ConfigError, match=message), bound(address):
        pass
