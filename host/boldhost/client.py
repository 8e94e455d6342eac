"""Wire access to a board: its registers, memories and counters, whatever network they hold."""

import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from boldhost.identity import check_identity
from boldhost.link import TIMEOUT, Link
from boldhost.opening import open_transport
from boldhost.ports import find_port
from boldhost.serial_port import BAUD
from boldhw.errors import DataError, DeviceError
from boldhw.spec.checks import check_kind, check_range
from boldhw.spec.counters import WORD_BITS, counter_words
from boldhw.spec.engine import EngineConfig
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.protocol import COUNTERS, Bank, Command

Request = tuple[Command, int, bytes, int]  # command, addr, payload, bytes of the reply
SEARCH_TIMEOUT = 0.3  # seconds for the answer of each port that is searched for a board


class Client:
    """A board that executes commands. It knows no network; :class:`boldhost.device.Device` does.

    Make one with :meth:`open`; it is a context manager. Every method raises DeviceError when the
    board or the link fails, and DataError or ConfigError, before anything is sent, when what it is
    given cannot work.

    Attributes
    ----------
    identity : Identity
        The reply to HELLO.
    config : EngineConfig
        The design that it names.
    """

    _kind: type = EngineConfig  # of ``config``

    def __init__(self, link: Link, config: Any = None) -> None:
        self._link = link
        self._identify(link.hello(), config)
        link.frame_window = self.identity.frame_window
        link.max_payload = min(link.max_payload, self.identity.max_payload)

    def _identify(self, payload: bytes, config: Any) -> None:
        """Take the reply to HELLO. config: the expected one, None accepts every design."""
        self.identity = check_identity(payload, config)
        self.config = self.identity.config

    @classmethod
    def open(
        cls,
        port: str,
        config: Any = None,
        *,
        baud: int = BAUD,
        timeout: float = TIMEOUT,
        clock_hz: int | None = None,
    ) -> Self:
        """Return the device at a port.

        Parameters
        ----------
        port : str
            ``sim``, the simulated board; ``socket://HOST:PORT``; a serial port; or ``auto``, the
            first USB serial port where a device greets.
        config : EngineConfig or None
            Design that it must have, any by default; ``sim`` simulates it, by default that of the
            iCEBreaker.
        baud : int
            Bits per second of a serial port.
        timeout : float
            Seconds of silence after which a frame is sent again, at most.
        clock_hz : int or None
            Clock of a simulated board; None for that of the iCEBreaker.

        Raises
        ------
        DeviceError
            When no device answers, or another one than ``config`` says.
        ConfigError
            For arguments of another kind.
        """
        check_kind("port", port, str)
        if config is not None:
            check_kind("config", config, cls._kind)
        if port == "auto":
            port = find_port(lambda name: cls._greet(name, config, baud))
        transport = open_transport(port, config, baud, clock_hz)
        try:
            return cls(Link(transport, timeout), config)
        except BaseException:
            transport.close()
            raise

    @classmethod
    def _greet(cls, port: str, config: Any, baud: int) -> None:
        """Raise DeviceError unless a fitting device answers at ``port``."""
        cls.open(port, config, baud=baud, timeout=SEARCH_TIMEOUT).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back. The device keeps its state while it has power."""
        self._link.close()

    @property
    def resent(self) -> int:
        """Frames sent again so far, a measure of the line's quality."""
        return self._link.resent

    def stat(self) -> dict[str, Any]:
        """Return the counters since RESET by name, modulo 2^32; ``flips`` has one per entry."""
        size = counter_words(self.config) * WORD_BITS // 8
        values = struct.unpack(f"<{size // 4}I", self._call(Command.STAT, size=size))
        counts = dict(zip(COUNTERS, values, strict=False))
        return {**counts, "flips": values[len(COUNTERS) :]}

    def reset(self) -> None:
        """Clear registers, counters and gathered samples; a network must be loaded afterwards."""
        self._call(Command.RESET)
        self._forget()

    def _forget(self) -> None:
        """Know of nothing in the board. Devices, which know of a network, extend it."""

    def read_register(self, register: int) -> int:
        """Return the 16-bit value of a Register."""
        return int.from_bytes(self._call(Command.REG_READ, register, size=2), "little")

    def write_register(self, register: int, value: int) -> None:
        """Write a Register, 0..65535."""
        value = check_range("value", value, 0, (1 << FIELD_BITS) - 1)
        self._call(Command.REG_WRITE, register, value.to_bytes(2, "little"))

    def read_memory(self, bank: int, first: int, count: int) -> bytes:
        """Return ``count`` items of a Bank, from item ``first`` on, as bytes."""
        item = self.item_bytes(bank)
        step, data = min(self._link.max_payload // item, 255), bytearray()
        parts = ((i, min(step, first + count - i)) for i in range(first, first + count, step))
        self._calls(
            ((Command.MEM_READ, i, bytes((bank, part)), part * item) for i, part in parts),
            data.extend,
        )
        return bytes(data)

    def write_memory(self, bank: int, first: int, data: bytes) -> None:
        """Write ``data``, whole items, to a Bank from item ``first`` on."""
        item = self.item_bytes(bank)
        if len(data) % item:
            raise DataError(f"{len(data)} bytes are no whole number of {item}-byte items")
        step, name = (self._link.max_payload - 1) // item, bytes((bank,))
        parts = ((i, data[i * item : (i + step) * item]) for i in range(0, len(data) // item, step))
        self._calls(
            ((Command.MEM_WRITE, first + i, name + part, 0) for i, part in parts), lambda _: None
        )

    def memory_crc(self, bank: int, first: int, count: int) -> int:
        """Return the CRC-32 of ``count`` items of a Bank, 1..65535, from item ``first`` on."""
        request = struct.pack("<BH", bank, count)
        return int.from_bytes(self._call(Command.STATE_CRC, first, request, 4), "little")

    def item_bytes(self, bank: int) -> int:
        """Return the bytes of one item of a Bank."""
        sizes: dict[int, int] = {
            Bank.DATA: self.config.data_bytes,
            Bank.WEIGHTS: self.config.block_bytes,
        }
        return sizes.get(bank, self.config.store_width // 8)

    def _call(self, command: Command, addr: int = 0, payload: bytes = b"", size: int = 0) -> bytes:
        """Have one command executed; return its reply, which must have ``size`` bytes."""
        return _sized(self._link.call(command, addr, payload), command, size)

    def _calls(self, requests: Iterable[Request], receive: Callable[[bytes], None]) -> None:
        """Have many commands executed, given like those of :meth:`_call`; receive their replies."""
        expected: deque[tuple[Command, int]] = deque()

        def sent() -> Iterator[tuple[Command, int, bytes]]:
            for command, addr, payload, size in requests:
                expected.append((command, size))
                yield command, addr, payload

        self._link.calls(sent(), lambda reply: receive(_sized(reply, *expected.popleft())))

    @staticmethod
    def _check_found(name: str, found: int, expected: int) -> None:
        if found != expected:
            raise DeviceError(
                f"the checksum of the device's {name} is {found:08x}, not {expected:08x}; its "
                f"memory is faulty or its clock too fast: run boldhw selftest"
            )


def _sized(reply: bytes, command: Command, size: int) -> bytes:
    """Return the reply to a command, which must have ``size`` bytes."""
    if len(reply) != size:
        raise DeviceError(
            f"the reply to {command.name} has {len(reply)} bytes, not {size}; the bitstream "
            f"and the driver are of different versions: build and flash it again"
        )
    return reply
