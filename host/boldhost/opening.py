"""Which Transport a port's name means.

A package adds transports as entry points of the group ``boldhost.transports``: the name of each is
a port, its object is called with ``config`` and ``clock_hz`` and returns a Transport. The simulated
board is one of them, so that the driver does not import the simulator.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from boldhost.serial_port import BAUD, SerialTransport
from boldhost.tcp import SocketTransport
from boldhost.transport import Transport
from boldhw.errors import missing_package
from boldhw.spec.engine import EngineConfig

GROUP = "boldhost.transports"


def open_transport(
    port: str,
    config: EngineConfig | None = None,
    baud: int = BAUD,
    clock_hz: int | None = None,
) -> Transport:
    """Return the Transport for ``port``.

    ``port`` is ``sim`` or the name of another entry point of ``boldhost.transports``,
    ``socket://HOST:PORT``, or a serial port. ``config`` is the design that ``sim`` simulates, and
    ``clock_hz`` its clock, the iCEBreaker's by default. Raises DeviceError if the port cannot be
    opened and ToolError if the simulation is not installed.
    """
    for entry in entry_points(group=GROUP, name=port):
        found: Transport = _loaded(entry)(config=config, clock_hz=clock_hz)
        return found
    if port.startswith("socket://"):
        return SocketTransport(port)
    return SerialTransport(port, baud)


def _loaded(entry: EntryPoint) -> Any:
    """Return the object of an entry point. Raises ToolError for a package that it lacks."""
    try:
        return entry.load()
    except ImportError as error:
        package = (error.name or entry.module).partition(".")[0]
        what = "the simulated board" if entry.name == "sim" else f"the transport {entry.name}"
        raise missing_package(what, package, "sim") from error
