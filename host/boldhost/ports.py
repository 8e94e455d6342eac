"""Serial ports of this machine: which one is a board, and what keeps one from being used.

What is looked up in ``/proc`` and ``/sys`` is known on Linux only; elsewhere it is None.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from boldhw.errors import DeviceError

# USB serial chips of boards: FTDI, WCH, Silicon Labs, debug adapters by ARM's DAPLink.
VENDORS = ("0403", "1a86", "10c4", "0d28")
RULE_FILE = "/etc/udev/rules.d/70-boldhw.rules"
GROUP_MAY = stat.S_IRGRP | stat.S_IWGRP
PROCESSES, TERMINALS = Path("/proc"), Path("/sys/class/tty")


def find_port(greet: Callable[[str], object]) -> str:
    """Return the name of the first serial port for which ``greet(name)`` does not fail.

    Only ports on USB are tried: a search must not write to a built-in modem or console. Raises
    DeviceError that says what was wrong with each when all fail.
    """
    failures = []
    for name in usb_ports():
        try:
            greet(name)
            return name
        except DeviceError as error:
            failures.append(f"{name}: {error}")
    raise DeviceError(
        f"no board was found; {'; '.join(failures) or 'no USB serial port is plugged in'}"
    )


def usb_ports() -> list[str]:
    """Return the names of all serial ports on USB, the later interfaces of a chip first.

    The first interface of a two-channel chip programs the board, the second one is its line.
    """
    ports = [port for port in list_ports.comports() if port.vid is not None]
    ports.sort(key=lambda port: (-_interface(port), port.device))
    return [port.device for port in ports]


def _interface(port: Any) -> int:
    """Return the number of the USB interface, 0 if the system does not tell."""
    number = (port.location or "").rpartition(".")[2]
    return int(number) if number.isdecimal() else 0


def port_group(name: str) -> str | None:
    """Return the name of the group that owns a port, such as dialout or uucp, or None."""
    try:
        import grp

        return grp.getgrgid(os.stat(name).st_gid).gr_name
    except (ImportError, OSError, KeyError):
        return None


def permission_fix(name: str) -> str:
    """Return what gives the user a port: its group, where that may use it, or the udev rule."""
    rule = f"install the udev rule that boldhw doctor prints ({RULE_FILE})"
    if _only_root_may(name):
        return f"{rule}; or, until it is plugged in again, sudo chmod a+rw {name}"
    return f"sudo usermod -aG {port_group(name) or 'dialout'} $USER, then log in again; or {rule}"


def _only_root_may(name: str) -> bool:
    """Return whether no group but root's may use a port, False where that cannot be told."""
    try:
        found = os.stat(name)
    except OSError:
        return False
    return found.st_gid == 0 or found.st_mode & GROUP_MAY != GROUP_MAY


def port_owner(name: str) -> str | None:
    """Return "PROGRAM (process N)" of a process that has the port open, or None.

    Without root only the user's own processes can be seen.
    """
    target = os.path.realpath(name)
    for handle in PROCESSES.glob("[0-9]*/fd/*"):
        try:
            if os.readlink(handle) == target:
                process = handle.parents[1]
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:  # it has ended, or is somebody else's
            continue
    return None


def latency_timer(name: str) -> int | None:
    """Return after how many ms an FTDI chip sends a reply on, None for other ports."""
    path = TERMINALS / os.path.basename(os.path.realpath(name)) / "device" / "latency_timer"
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def udev_rule() -> str:
    """Return the text of RULE_FILE: whoever sits at the machine may use boards, without delay."""
    lines = ["# Boards of boldhw: for the user who is logged in, and with short replies sent on."]
    for vendor in VENDORS:
        lines += [
            f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vendor}", TAG+="uaccess"',
            f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor}", TAG+="uaccess"',
        ]
    lines.append(
        'ACTION=="add", SUBSYSTEM=="usb-serial", DRIVER=="ftdi_sio", ATTR{latency_timer}="1"'
    )
    return "\n".join(lines) + "\n"
