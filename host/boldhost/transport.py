"""A way to move bytes between the driver and a device."""

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator

import serial

from boldhw.errors import DeviceError

REOPEN = "open the device anew and load the network"


class Transport(ABC):
    """A byte pipe to one device. Bytes may be lost or damaged; the link above repairs that.

    Attribute: ``name``, what messages call it.
    """

    name = "the port"

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send ``data``, all of it. Raises DeviceError if the device is gone."""

    @abstractmethod
    def read(self, timeout: float) -> bytes:
        """Return the bytes at hand, waiting up to ``timeout`` seconds for the first of them.

        Empty bytes mean that nothing came. Raises DeviceError if the device is gone.
        """

    @abstractmethod
    def close(self) -> None:
        """Give the port back. Closing twice is allowed."""

    def clock(self) -> float:
        """Return the time in seconds that ``timeout`` is counted in."""
        return time.monotonic()


@contextlib.contextmanager
def lost_port(name: str, fix: str = "plug the board in again") -> Iterator[None]:
    """Turn the errors of a port that went away into a DeviceError."""
    try:
        yield
    except (serial.SerialException, OSError, TypeError) as error:
        raise DeviceError(f"lost {name}: {error}; {fix}, {REOPEN}") from error
