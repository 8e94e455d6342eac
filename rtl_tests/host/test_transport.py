"""Ports carry bytes, and every way in which one can fail to open or go away is named."""

import contextlib
import errno
import os
import pty
import socket
import sys
import threading
import tty
from importlib.metadata import EntryPoint

import pytest
import serial
from boldhost import opening, serial_port
from boldhost.device import Device
from boldhost.opening import open_transport
from boldhost.serial_port import SerialTransport
from boldhost.tcp import SocketTransport
from boldhost.transport import Transport
from serial.tools.list_ports_common import ListPortInfo
from support.driver_case import ENGINE, make_network, make_samples
from support.golden_board import GoldenBoard

from boldhw.errors import ConfigError, DeviceError, ToolError


@contextlib.contextmanager
def tcp_board(board):
    """Serve ``board`` to one client on a real socket; yield the URL."""

    def run():
        client, _ = listener.accept()
        with client:
            while data := client.recv(4096):
                board.write(data)
                client.sendall(board.read(0))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.fixture
def terminal():
    """Return (file that is the board's end, name of the serial port)."""
    board, port = pty.openpty()
    tty.setraw(port)
    with os.fdopen(board, "r+b", buffering=0) as end:
        yield end, os.ttyname(port)
        os.close(port)


def test_a_board_behind_tcp_trains_like_the_golden_model():
    network, (bits, labels) = make_network(), make_samples()
    board = GoldenBoard(ENGINE, on_reply=lambda count, frame: frame if count % 50 else b"")
    with tcp_board(board) as url, Device.open(url, ENGINE, timeout=0.05) as device:
        device.load(network)
        assert device.train(bits, labels) == network.train(bits, labels)
        assert device.state_crc() == network.state_crc()
        assert board.counters["samples"] == len(bits)


def test_a_serial_port_carries_bytes(terminal):
    board, name = terminal
    port = SerialTransport(name)
    port.write(b"\x00\x11\xff")
    assert board.read(3) == b"\x00\x11\xff"
    board.write(bytes(range(256)))
    got = b""
    while len(got) < 256:
        got += port.read(5)
    assert got == bytes(range(256))
    assert port.read(0.01) == b""
    port.close()
    port.close()


def test_what_came_before_opening_is_forgotten(terminal):
    board, name = terminal
    board.write(b"stale")
    port = SerialTransport(name)
    assert port.read(0.05) == b""
    port.close()


def test_other_urls_go_to_pyserial():
    port = open_transport("loop://")
    port.write(b"abc")
    assert port.read(1) == b"abc"
    port.close()


def test_a_port_is_taken_once(terminal):
    first = SerialTransport(terminal[1])
    with pytest.raises(DeviceError, match=r"is in use; close .* \(process \d+\)"):
        SerialTransport(terminal[1])
    first.close()


def test_a_missing_port_lists_those_that_exist(monkeypatch):
    monkeypatch.setattr(serial_port.list_ports, "comports", lambda: [])
    with pytest.raises(DeviceError, match="there is no port /dev/nothing; no serial port was fo"):
        open_transport("/dev/nothing")
    found = [ListPortInfo("/dev/ttyUSB1"), ListPortInfo("/dev/ttyUSB0")]
    monkeypatch.setattr(serial_port.list_ports, "comports", lambda: found)
    with pytest.raises(DeviceError, match="ports found: /dev/ttyUSB0, /dev/ttyUSB1"):
        open_transport("/dev/nothing")


@pytest.mark.parametrize(("name", "meant"), [("SIM", "sim"), ("Auto", "auto"), ("gold", "golden")])
def test_a_backend_that_is_misspelt_is_no_port(name, meant):
    """Fault 21."""
    with pytest.raises(DeviceError, match=f"there is no port {name}; did you mean {meant}[?]"):
        open_transport(name)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (serial.SerialException(errno.EACCES, "x"), "no permission .*dialout.*udev rule"),
        (serial.SerialException(errno.EBUSY, "x"), "in use"),
        (serial.SerialException("PermissionError(13, 'Access is denied.')"), "in use"),
        (serial.SerialException("FileNotFoundError(2, 'no file')"), "there is no port COM9"),
        (serial.SerialException("cannot configure"), "cannot open COM9: cannot configure; "),
        (ValueError("bad URL"), "cannot open COM9: bad URL"),
    ],
)
def test_each_way_of_not_opening_is_named(monkeypatch, error, message):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(serial_port.serial, "serial_for_url", fail)
    with pytest.raises(DeviceError, match=message):
        open_transport("COM9")


def test_a_port_without_low_latency_is_used_and_named(terminal, caplog):
    end, name = terminal
    port = SerialTransport(name)
    port.write(b"x")
    assert end.read(1) == b"x"
    port.close()
    assert f"{name} stays without low latency" in caplog.text


def test_an_unplugged_board_is_noticed():
    board, port = pty.openpty()
    tty.setraw(port)
    transport = SerialTransport(os.ttyname(port))
    os.close(port)
    os.close(board)
    with pytest.raises(DeviceError, match="lost /dev/.*plug the board in again"):
        transport.read(1)
    with pytest.raises(DeviceError, match="lost /dev/"):
        transport.write(b"x")
    transport.close()


def test_a_server_that_is_not_there_is_named():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(
        DeviceError, match=f"refused; start .* boldhw sim --listen 127.0.0.1:{port}"
    ):
        open_transport(f"socket://127.0.0.1:{port}")


def test_a_server_that_leaves_is_noticed():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = SocketTransport(f"socket://127.0.0.1:{listener.getsockname()[1]}")
        listener.accept()[0].close()
    with pytest.raises(DeviceError, match="closed the connection"):
        client.read(5)
    client.close()
    with pytest.raises(DeviceError, match="lost socket://"):
        client.write(b"x")


@pytest.mark.parametrize(
    "url", ["socket://", "socket://host", "socket://:5", "socket://h:99999", "socket://h:1/x"]
)
def test_a_bad_address_is_refused(url):
    with pytest.raises(ConfigError, match="is no address; write it like socket://127.0.0.1:5555"):
        open_transport(url)


def test_a_missing_simulation_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    for name in ("boldhw.cosim.transport", "boldhw.cosim.build"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(ToolError, match=r"needs the package platformdirs, .*'\.\[sim\]'"):
        open_transport("sim")


def test_another_package_can_add_a_transport(monkeypatch):
    """Its entry point's name is a port; the engine and the clock are handed on."""
    point = EntryPoint("echo", f"{__name__}:Echo", opening.GROUP)
    monkeypatch.setattr(
        opening, "entry_points", lambda group, name: [point] if name == point.name else []
    )
    port = open_transport("echo", ENGINE, clock_hz=5)
    assert (port.config, port.clock_hz) == (ENGINE, 5)
    with pytest.raises(DeviceError, match="there is no port ech"):
        open_transport("ech")


class Echo(Transport):
    """What is written is read."""

    def __init__(self, config, clock_hz):
        self.config, self.clock_hz, self.data = config, clock_hz, b""

    def write(self, data):
        self.data += data

    def read(self, timeout):
        data, self.data = self.data, b""
        return data

    def close(self):
        self.data = b""
