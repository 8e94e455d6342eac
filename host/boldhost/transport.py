"""Ways to move bytes between the driver and a device: serial port, TCP socket, simulation."""

import contextlib
import difflib
import errno
import logging
import select
import socket
import time
from abc import ABC, abstractmethod
from urllib.parse import urlsplit

import serial
from serial.tools import list_ports

from boldhost.ports import permission_fix, port_owner
from boldhw.errors import ConfigError, DeviceError, missing_package

LOG = logging.getLogger(__name__)
BAUD = 3_000_000
CONNECT_SECONDS = 5.0
GONE = (
    "it serves one client at a time, so close the other one, or start the server again if it "
    "has ended"
)
BACKENDS = ("sim", "auto", "golden")  # that are no ports
REOPEN = "open the device anew and load the network"


class Transport(ABC):
    """A byte pipe to one device. Bytes may be lost or damaged; the link above repairs that.

    Attribute: ``name``, what messages call it.
    """

    name = "the port"

    @abstractmethod
    def write(self, data):
        """Send ``data``, all of it. Raises DeviceError if the device is gone."""

    @abstractmethod
    def read(self, timeout):
        """Return the bytes at hand, waiting up to ``timeout`` seconds for the first of them.

        Empty bytes mean that nothing came. Raises DeviceError if the device is gone.
        """

    @abstractmethod
    def close(self):
        """Give the port back. Closing twice is allowed."""

    def clock(self):
        """Return the time in seconds that ``timeout`` is counted in."""
        return time.monotonic()


class SerialTransport(Transport):
    """A serial port such as ``/dev/ttyUSB1`` or ``COM3``, or any URL that pyserial knows.

    The port is taken for this process alone, and its driver is asked for low latency: an FTDI
    chip otherwise holds back each short reply for 16 ms.
    """

    def __init__(self, port, baud=BAUD):
        self.name = port
        try:
            self._port = serial.serial_for_url(port, baud, timeout=0, exclusive=True)
        except (serial.SerialException, ValueError) as error:
            raise _open_error(port, error) from error
        self._ask_for_low_latency()
        self._port.reset_input_buffer()

    def _ask_for_low_latency(self):
        try:
            self._port.set_low_latency_mode(True)
        except (ValueError, NotImplementedError, AttributeError, OSError) as error:
            reason = str(error) or "this system cannot do it"
            LOG.warning("%s stays without low latency: %s; replies may be late", self.name, reason)

    def write(self, data):
        with _lost_port(self.name):
            self._port.write(data)

    def read(self, timeout):
        with _lost_port(self.name):
            self._port.timeout = timeout
            first = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""

    def close(self):
        self._port.close()


class SocketTransport(Transport):
    """A TCP connection, written ``socket://127.0.0.1:5555``: a simulated or a remote board.

    This is not pyserial's ``socket://``, which reads byte by byte and waits 0.3 s on close.
    """

    def __init__(self, url):
        self.name = url
        address = _host_and_port(url)
        try:
            self._socket = socket.create_connection(address, CONNECT_SECONDS)
        except OSError as error:
            raise DeviceError(
                f"cannot connect to {url}: {error.strerror or error}; start the simulated board "
                f"with: boldhw sim --listen {address[0]}:{address[1]}"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, data):
        with _lost_port(self.name, GONE):
            self._socket.sendall(data)

    def read(self, timeout):
        with _lost_port(self.name, GONE):
            if not select.select([self._socket], [], [], timeout)[0]:
                return b""
            data = self._socket.recv(4096)
        if not data:
            raise DeviceError(f"{self.name} closed the connection; {GONE}, {REOPEN}")
        return data

    def close(self):
        self._socket.close()


def open_transport(port, engine=None, baud=BAUD, clock_hz=None):
    """Return the Transport for ``port``: ``sim``, ``socket://HOST:PORT`` or a serial port.

    ``engine`` is the design that ``sim`` simulates, and ``clock_hz`` its clock, the iCEBreaker's by
    default. Raises DeviceError if the port cannot be opened and ToolError if the simulation is not
    installed.
    """
    if port == "sim":
        return _open_simulation(engine, clock_hz)
    if port.startswith("socket://"):
        return SocketTransport(port)
    return SerialTransport(port, baud)


def _open_simulation(engine, clock_hz):
    # Imported here because a machine that only drives a board has no HDL tools.
    try:
        from boldhw.cosim.transport import SimTransport
    except ImportError as error:
        package = error.name.partition(".")[0]
        raise missing_package("the simulated board", package, "sim") from error
    given = {} if engine is None else {"engine": engine}
    return SimTransport(**given, clock_hz=clock_hz)


def _host_and_port(url):
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.path or parts.query:
        raise ConfigError(f"{url!r} is no address; write it like socket://127.0.0.1:5555")
    return host, port


@contextlib.contextmanager
def _lost_port(name, fix="plug the board in again"):
    """Turn the errors of a port that went away into a DeviceError."""
    try:
        yield
    except (serial.SerialException, OSError, TypeError) as error:
        raise DeviceError(f"lost {name}: {error}; {fix}, {REOPEN}") from error


def _open_error(port, error):
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


def _meant(port):
    """Return a question if a port is almost the name of a backend."""
    names = difflib.get_close_matches(port.lower(), BACKENDS, 1)
    return f"did you mean {names[0]}? " if names else ""


def _known_ports():
    found = sorted(port.device for port in list_ports.comports())
    if not found:
        return "no serial port was found; plug the board in or use sim"
    return f"ports found: {', '.join(found)}"
