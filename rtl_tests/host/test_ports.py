"""A board is found by its greeting, and what keeps a port from being used is found out."""

import os
import pty
import re
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from boldhost import ports
from boldhost.client import SEARCH_TIMEOUT
from boldhost.device import Device
from serial.tools.list_ports_common import ListPortInfo
from support.driver_case import ENGINE
from support.golden_board import GoldenBoard

from boldhw.errors import DeviceError
from boldhw.spec.protocol import FRAME_WINDOW, Command


def plugged(name, location="1-2:1.0", vid=0x0403):
    port = ListPortInfo(name)
    port.location, port.vid = location, vid
    return port


@pytest.fixture
def machine(monkeypatch):
    """Two chips of two channels, and a port on the mainboard; return {port: what answers}."""
    found = [
        plugged("/dev/ttyS0", None, None),
        plugged("/dev/ttyUSB0"),
        plugged("/dev/ttyUSB1", "1-2:1.1"),
        plugged("/dev/ttyUSB2", "1-3:1.0"),
        plugged("/dev/ttyUSB3", "1-3:1.1"),
    ]
    monkeypatch.setattr(ports.list_ports, "comports", lambda: found)
    boards = {port.device: GoldenBoard(ENGINE, on_request=lambda *_: b"") for port in found}
    monkeypatch.setattr("boldhost.client.open_transport", lambda name, *_: boards[name])
    return boards


def test_a_board_is_found_by_its_greeting(machine):
    machine["/dev/ttyUSB3"] = board = GoldenBoard(ENGINE)
    with Device.open("auto") as device:
        assert device.config == ENGINE
    assert (
        board.executed[Command.HELLO] == 2 * FRAME_WINDOW
    )  # in the search, and when it was opened
    assert machine["/dev/ttyUSB1"].closed
    assert machine["/dev/ttyUSB1"].requests > 0
    assert machine["/dev/ttyS0"].requests == machine["/dev/ttyUSB0"].requests == 0


def test_no_board_says_what_each_port_did(machine):
    with pytest.raises(DeviceError, match="no board was found; /dev/ttyUSB1: no answer.*USB0: no"):
        Device.open("auto")
    assert SEARCH_TIMEOUT < 1


def test_no_port_is_said(monkeypatch):
    monkeypatch.setattr(ports.list_ports, "comports", lambda: [plugged("/dev/ttyS0", None, None)])
    with pytest.raises(DeviceError, match="no USB serial port is plugged in"):
        Device.open("auto")


def test_the_second_channel_comes_first(machine):
    assert ports.usb_ports() == [f"/dev/ttyUSB{number}" for number in (1, 3, 0, 2)]


def test_the_owner_of_a_port_is_found():
    board, port = pty.openpty()
    name = os.ttyname(port)
    comm = Path("/proc/self/comm").read_text().strip()
    assert ports.port_owner(name) == f"{comm} (process {os.getpid()})"
    os.close(port)
    os.close(board)
    assert ports.port_owner(name) is None


def test_group_and_latency(monkeypatch, tmp_path):
    assert ports.port_group("/dev/null") == "root"
    assert ports.port_group(tmp_path / "none") is None
    monkeypatch.setattr(ports, "TERMINALS", tmp_path)
    assert ports.latency_timer("/dev/ttyUSB5") is None
    (tmp_path / "ttyUSB5" / "device").mkdir(parents=True)
    (tmp_path / "ttyUSB5" / "device" / "latency_timer").write_text("16\n")
    assert ports.latency_timer("/dev/ttyUSB5") == 16


@pytest.mark.parametrize(
    ("mode", "gid", "fix"),
    [
        (0o600, 0, "sudo chmod a[+]rw NAME$"),
        (0o660, 0, "sudo chmod a[+]rw NAME$"),
        (0o600, 20, "sudo chmod a[+]rw NAME$"),
        (0o660, 20, "^sudo usermod -aG dialout"),
    ],
)
def test_a_group_that_may_not_use_the_port_is_not_advised(monkeypatch, mode, gid, fix):
    """Fault 22: crw------- root root."""
    found = SimpleNamespace(st_mode=stat.S_IFCHR | mode, st_gid=gid)
    monkeypatch.setattr(ports.os, "stat", lambda name: found)
    monkeypatch.setattr(ports, "port_group", lambda name: "dialout" if gid else "root")
    advice = ports.permission_fix("NAME")
    assert re.search(fix, advice)
    assert ports.RULE_FILE in advice


def test_the_rule_names_every_vendor_and_gives_nobody_else_the_port():
    rule = ports.udev_rule()
    assert all(f'=="{vendor}"' in rule for vendor in ports.VENDORS)
    assert "MODE" not in rule
    assert 'ATTR{latency_timer}="1"' in rule
