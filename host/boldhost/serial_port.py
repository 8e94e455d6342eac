"""A serial port as a Transport."""

import difflib
import errno
import logging

import serial
from serial.tools import list_ports

from boldhost.ports import permission_fix, port_owner
from boldhost.transport import Transport, lost_port
from boldhw.errors import DeviceError

LOG = logging.getLogger(__name__)
BAUD = 3_000_000
BACKENDS = ("sim", "auto", "golden")  # that are no ports


class SerialTransport(Transport):
    """A serial port such as ``/dev/ttyUSB1`` or ``COM3``, or any URL that pyserial knows.

    The port is taken for this process alone, and its driver is asked for low latency: an FTDI
    chip otherwise holds back each short reply for 16 ms.
    """

    def __init__(self, port: str, baud: int = BAUD) -> None:
        self.name = port
        try:
            self._port = serial.serial_for_url(port, baud, timeout=0, exclusive=True)
        except (serial.SerialException, ValueError) as error:
            raise _open_error(port, error) from error
        self._ask_for_low_latency()
        self._port.reset_input_buffer()

    def _ask_for_low_latency(self) -> None:
        try:
            self._port.set_low_latency_mode(True)
        except (ValueError, NotImplementedError, AttributeError, OSError) as error:
            reason = str(error) or "this system cannot do it"
            LOG.warning("%s stays without low latency: %s; replies may be late", self.name, reason)

    def write(self, data: bytes) -> None:
        with lost_port(self.name):
            self._port.write(data)

    def read(self, timeout: float) -> bytes:
        with lost_port(self.name):
            self._port.timeout = timeout
            first: bytes = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""

    def close(self) -> None:
        self._port.close()


def _open_error(port: str, error: Exception) -> DeviceError:
    """Return the DeviceError that says why ``port`` did not open and what to do."""
    text, number = str(error), getattr(error, "errno", None)
    if number in (errno.EAGAIN, errno.EBUSY) or "Access is denied" in text:
        owner = port_owner(port) or "the other program that has it open"
        return DeviceError(f"port {port} is in use; close {owner}")
    if number in (errno.EACCES, errno.EPERM):
        return DeviceError(f"no permission to open {port}; {permission_fix(port)}")
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO) or "FileNotFoundError" in text:
        return DeviceError(f"there is no port {port}; {_meant(port)}{_known_ports()}")
    return DeviceError(f"cannot open {port}: {text}; {_known_ports()}")


def _meant(port: str) -> str:
    """Return a question if a port is almost the name of a backend."""
    names = difflib.get_close_matches(port.lower(), BACKENDS, 1)
    return f"did you mean {names[0]}? " if names else ""


def _known_ports() -> str:
    found = sorted(port.device for port in list_ports.comports())
    if not found:
        return "no serial port was found; plug the board in or use sim"
    return f"ports found: {', '.join(found)}"
