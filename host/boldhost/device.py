"""The driver: a trained or training network on a board, simulated or real."""

import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, Self

import numpy as np

from boldhost.identity import check_identity
from boldhost.link import TIMEOUT, Link
from boldhost.opening import open_transport
from boldhost.ports import find_port
from boldhost.serial_port import BAUD
from boldhw.errors import ConfigError, DataError, DeviceError
from boldhw.spec import packing
from boldhw.spec.arrays import Accumulators, Bits, Bytes, Labels, Seed, Sums
from boldhw.spec.checks import check_kind, check_range
from boldhw.spec.engine import EngineConfig
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.layout import Layout
from boldhw.spec.noise import NoiseStream
from boldhw.spec.order import Order
from boldhw.spec.packing import check_labels
from boldhw.spec.protocol import ACTIVE, COUNTERS, HIT, UPDATED, Bank, Command, Register
from boldhw.spec.registers import register_values
from boldhw.spec.settings import Settings
from boldhw.spec.state import NetworkState, check_state
from boldhw.spec.stats import TrainStats

Progress = Callable[[int], object]
Request = tuple[Command, int, bytes, int]  # command, addr, payload, bytes of the reply
PHASES = ("forward", "backward", "update")
NOTHING_LOADED = "no network is loaded; call load(network) first"
SEARCH_TIMEOUT = 0.3  # seconds for the answer of each port that is searched for a board


class Device:
    """A board that trains and infers. Its methods are those of :class:`boldhw.Network`.

    Make one with :meth:`open`; it is a context manager. Every method raises DeviceError when the
    board or the link fails, and ConfigError or DataError, before anything is sent, when what it is
    given cannot work.

    Attributes: ``identity`` (what HELLO said), ``engine`` (its EngineConfig), ``settings`` (those
    set last), ``gathered`` (active samples that wait for the next update) and ``cycles`` (clock
    cycles that training has taken since ``load``, with the keys forward, backward and update).
    """

    _layout: Layout | None
    settings: Settings | None
    gathered: int

    def __init__(self, link: Link, engine: EngineConfig | None = None) -> None:
        self._link = link
        self.identity = check_identity(link.hello(), engine)
        self.engine = self.identity.engine
        link.window = self.identity.window
        link.max_payload = min(link.max_payload, self.identity.max_payload)
        self._forget()

    @classmethod
    def open(
        cls,
        port: str,
        engine: EngineConfig | None = None,
        *,
        baud: int = BAUD,
        timeout: float = TIMEOUT,
        clock_hz: int | None = None,
    ) -> Self:
        """Return the device at ``port``: ``sim``, ``socket://HOST:PORT`` or a serial port.

        ``auto`` is the first USB serial port where a device greets. ``engine`` is the design it
        must have, any by default; ``sim`` simulates it, by default the iCEBreaker's, with
        ``clock_hz`` as its clock. ``timeout`` is in seconds. Raises ConfigError for arguments
        of another kind.
        """
        check_kind("port", port, str)
        if engine is not None:
            check_kind("engine", engine, EngineConfig)
        if port == "auto":
            port = find_port(lambda name: cls._greet(name, engine, baud))
        transport = open_transport(port, engine, baud, clock_hz)
        try:
            return cls(Link(transport, timeout), engine)
        except BaseException:
            transport.close()
            raise

    @classmethod
    def _greet(cls, port: str, engine: EngineConfig | None, baud: int) -> None:
        """Raise DeviceError unless a fitting device answers at ``port``."""
        cls.open(port, engine, baud=baud, timeout=SEARCH_TIMEOUT).close()

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

    @property
    def widths(self) -> tuple[int, ...]:
        """Layer widths of the loaded network."""
        return self._loaded().network.widths

    def load(self, network: NetworkState) -> None:
        """Copy a network into the device: layer table, registers, weights, accumulators.

        Forgets gathered samples and clears the counters. The noise generator is left alone, see
        :meth:`seed_noise`. Raises DeviceError when the checksums differ afterwards.
        """
        layout = Layout(self.engine, check_state(network).graph)
        self._check_network(network, layout)
        table = packing.pack_table(layout, network.settings)
        contents = {
            "weights": packing.pack_weights(layout, network.weights),
            "accumulators": packing.pack_accumulators(layout, network.accumulators),
        }
        self.reset()
        try:
            self._layout = layout
            self.write_memory(Bank.DATA, 0, table)
            self._write_banks(contents)
            self._write_settings(network.settings)
            # Last, since a device refuses to train and infer while this register is 0.
            self.write_register(Register.LAYERS, len(layout.layers))
        except BaseException:
            self._forget()
            raise

    def configure(self, settings: Settings) -> None:
        """Take new settings. Raises ConfigError if they do not fit or samples are gathered."""
        layout = self._loaded()
        table = packing.pack_table(layout, check_kind("settings", settings, Settings))
        self._check_frames(layout, settings.classes)
        if self.gathered:
            raise ConfigError(
                f"settings cannot change while {self.gathered} samples are gathered; "
                f"call flush() first"
            )
        self.write_memory(Bank.DATA, 0, table)
        self._write_settings(settings)

    def seed_noise(self, seed: Seed) -> None:
        """Restart the noise generator. An engine without ``stochastic`` has none to restart."""
        if self.engine.stochastic:
            for word in NoiseStream(self.engine.elements, seed).seed_words:
                self.write_register(Register.NOISE, word)

    def start_order(self, order: Order) -> None:
        """Do nothing: this device is sent its samples in order, see boldhost.stored."""

    def train(
        self,
        bits: Bits,
        labels: Labels,
        stop_at_update: bool = False,
        progress: Progress | None = None,
    ) -> TrainStats:
        """Train on samples in order; update whenever ``batch`` active ones are gathered.

        Parameters
        ----------
        bits : bool array, shape (samples, inputs)
        labels : integer array, shape (samples,), 0..classes-1
        stop_at_update : bool
            Return right after the first update.
        progress : callable or None
            Called with the number of samples trained so far.

        Returns TrainStats; ``samples`` says how many were consumed.
        """
        if not self.engine.training:
            raise ConfigError(
                "the device's design has training=False; flash one with training=True, or use "
                "infer()"
            )
        samples = packing.pack_samples(self._loaded(), bits)
        labels = self._check_labels(samples, labels)
        records = np.concatenate([labels[:, None].astype(np.uint8), samples], axis=1)
        before, results = self.stat(), bytearray()

        def receive(reply: bytes) -> None:
            self._count_gathered(np.frombuffer(reply, np.uint8))
            results.extend(reply)
            if progress:
                progress(len(results))

        most = self._link.max_payload // records.shape[1]
        if stop_at_update:
            while len(results) < len(records) and not (results and results[-1] & UPDATED):
                # An update can only come with the last sample of a frame.
                stop = len(results) + min(most, self._set().batch - self.gathered)
                receive(self._call(*_train_request(records[len(results) : stop])))
        else:
            starts = range(0, len(records), most)
            self._calls((_train_request(records[i : i + most]) for i in starts), receive)
        return self._stats(before, np.frombuffer(results, np.uint8))

    def flush(self) -> TrainStats:
        """Update with the samples gathered so far, if any; return its TrainStats."""
        self._loaded()
        before = self.stat()
        (count,) = self._call(Command.FLUSH, size=1)
        if count != self.gathered & 0xFF:
            raise DeviceError(
                f"the device had gathered {count} samples, the driver counted {self.gathered}; "
                f"another program talks to it: close that and load the network again"
            )
        self.gathered = 0
        return self._stats(before, np.zeros(0, np.uint8))

    def infer(self, bits: Bits, progress: Progress | None = None) -> Sums:
        """Return the scores, int32, shape (samples, classes). bits: bool, (samples, inputs)."""
        samples = packing.pack_samples(self._loaded(), bits)
        classes = self._set().classes
        count = self._link.max_payload // max(samples.shape[1], 2 * classes)
        parts = (samples[start : start + count] for start in range(0, len(samples), count))
        scores = bytearray()

        def receive(reply: bytes) -> None:
            scores.extend(reply)
            if progress:
                progress(len(scores) // (2 * classes))

        self._calls(
            ((Command.INFER, len(p), p.tobytes(), 2 * classes * len(p)) for p in parts), receive
        )
        return np.frombuffer(scores, "<i2").reshape(-1, classes).astype(np.int32)

    def state_crc(self) -> dict[str, int]:
        """Return the CRC-32 of both memory banks, equal to those of a golden network."""
        return {name: self._crc(name) for name in self._banks(self._loaded())}

    def read_weights(self) -> list[Bits]:
        """Return the weights: one bool array per layer, shape (outputs, fan_in)."""
        return packing.unpack_weights(self._loaded(), self._read_bank("weights"))

    def read_accumulators(self) -> list[Accumulators]:
        """Return the accumulators: one int16 array per layer, shape (outputs, fan_in)."""
        return packing.unpack_accumulators(self._loaded(), self._read_bank("accumulators"))

    def read_into(self, network: NetworkState) -> None:
        """Copy weights, accumulators and settings of the device into ``network``.

        Samples gathered since the last update stay in the device. Raises ConfigError when the
        widths of ``network`` are not those of the loaded one and DeviceError when a checksum is
        wrong; ``network`` is then as it was.
        """
        layout = self._loaded()
        if network.graph != layout.network:
            raise ConfigError(
                f"the device holds network {layout.network}, not {network.graph}; "
                f"make a Network({str(layout.network)!r}) for it"
            )
        if self.read_register(Register.LAYERS) != len(layout.layers):
            raise DeviceError("the device has lost the network, as after a restart; load it again")
        weights, accumulators = self.read_weights(), self.read_accumulators()
        network.weights, network.accumulators = weights, accumulators
        network.settings = self._set()

    def stat(self) -> dict[str, Any]:
        """Return the counters since RESET by name, modulo 2^32; ``flips`` has one per entry."""
        size = len(COUNTERS) + self.engine.max_layers
        values = struct.unpack(f"<{size}I", self._call(Command.STAT, size=4 * size))
        counts = dict(zip(COUNTERS, values, strict=False))
        return {**counts, "flips": values[len(COUNTERS) :]}

    def reset(self) -> None:
        """Clear registers, counters and gathered samples; a network must be loaded afterwards."""
        self._call(Command.RESET)
        self._forget()

    def read_register(self, register: Register) -> int:
        """Return the 16-bit value of a Register."""
        return int.from_bytes(self._call(Command.REG_READ, register, size=2), "little")

    def write_register(self, register: Register, value: int) -> None:
        """Write a Register, 0..65535."""
        value = check_range("value", value, 0, (1 << FIELD_BITS) - 1)
        self._call(Command.REG_WRITE, register, value.to_bytes(2, "little"))

    def read_memory(self, bank: Bank, first: int, count: int) -> bytes:
        """Return ``count`` items of a Bank, from item ``first`` on, as bytes."""
        item = self.item_bytes(bank)
        step, data = min(self._link.max_payload // item, 255), bytearray()
        parts = ((i, min(step, first + count - i)) for i in range(first, first + count, step))
        self._calls(
            ((Command.MEM_READ, i, bytes((bank, part)), part * item) for i, part in parts),
            data.extend,
        )
        return bytes(data)

    def write_memory(self, bank: Bank, first: int, data: bytes) -> None:
        """Write ``data``, whole items, to a Bank from item ``first`` on."""
        item = self.item_bytes(bank)
        if len(data) % item:
            raise DataError(f"{len(data)} bytes are no whole number of {item}-byte items")
        step, name = (self._link.max_payload - 1) // item, bytes((bank,))
        parts = ((i, data[i * item : (i + step) * item]) for i in range(0, len(data) // item, step))
        self._calls(
            ((Command.MEM_WRITE, first + i, name + part, 0) for i, part in parts), lambda _: None
        )

    def memory_crc(self, bank: Bank, first: int, count: int) -> int:
        """Return the CRC-32 of ``count`` items of a Bank, 1..65535, from item ``first`` on."""
        request = struct.pack("<BH", bank, count)
        return int.from_bytes(self._call(Command.STATE_CRC, first, request, 4), "little")

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

    def _forget(self) -> None:
        self._layout, self.settings, self.gathered = None, None, 0
        self.cycles = dict.fromkeys(PHASES, 0)

    def _loaded(self) -> Layout:
        if self._layout is None:
            raise ConfigError(NOTHING_LOADED)
        return self._layout

    def _set(self) -> Settings:
        if self.settings is None:
            raise ConfigError(NOTHING_LOADED)
        return self.settings

    def item_bytes(self, bank: Bank) -> int:
        """Return the bytes of one item of a Bank."""
        sizes = {Bank.DATA: self.engine.data_bytes, Bank.WEIGHTS: self.engine.block_bytes}
        return sizes.get(bank, self.engine.store_width // 8)

    def _check_network(self, network: NetworkState, layout: Layout) -> None:
        engine = self.engine
        if engine.training and network.engine.accumulator_bits != engine.accumulator_bits:
            raise ConfigError(
                f"the network has accumulator_bits={network.engine.accumulator_bits}, the device "
                f"{engine.accumulator_bits}; make it with Network(..., engine=device.engine)"
            )
        self._check_frames(layout, network.settings.classes)

    def _check_frames(self, layout: Layout, classes: int) -> None:
        longest = self._link.max_payload
        layout.check_frame(longest)
        if 2 * classes > longest:
            raise ConfigError(
                f"the scores of {classes} classes do not fit a frame; the most that work are "
                f"{longest // 2}"
            )

    @staticmethod
    def _banks(layout: Layout) -> dict[str, tuple[Bank, int, int]]:
        """Return {name in state_crc: (Bank, first item, items)}."""
        rows = layout.accumulator_end - layout.accumulator_row
        return {
            "weights": (Bank.WEIGHTS, 0, layout.weight_blocks),
            "accumulators": (Bank.DATA, layout.accumulator_row, rows),
        }

    def _crc(self, name: str) -> int:
        bank, first, count = self._banks(self._loaded())[name]
        return self.memory_crc(bank, first, count) if count else zlib.crc32(b"")

    def _write_banks(self, contents: Mapping[str, bytes]) -> None:
        """Write {name in state_crc: bytes} and check the checksums."""
        for name, (bank, first, _) in self._banks(self._loaded()).items():
            self.write_memory(bank, first, contents[name])
        for name, data in contents.items():
            self._check_crc(name, zlib.crc32(data))

    def _read_bank(self, name: str) -> bytes:
        """Return the bytes of a bank, checked against its checksum."""
        data = self.read_memory(*self._banks(self._loaded())[name])
        self._check_crc(name, zlib.crc32(data))
        return data

    def _check_crc(self, name: str, expected: int) -> None:
        self._check_found(name, self._crc(name), expected)

    @staticmethod
    def _check_found(name: str, found: int, expected: int) -> None:
        if found != expected:
            raise DeviceError(
                f"the checksum of the device's {name} is {found:08x}, not {expected:08x}; its "
                f"memory is faulty or its clock too fast: run boldhw selftest"
            )

    def _write_settings(self, settings: Settings) -> None:
        """Write the registers whose values differ from those written last."""
        layout = self._loaded()
        values = register_values(layout, settings)
        old = register_values(layout, self.settings) if self.settings else {}
        for register, value in values.items():
            if old.get(register) != value:
                self.write_register(register, value)
        self.settings = settings

    def _check_labels(self, bits: Sized, labels: Labels) -> Labels:
        """Return the labels of ``bits`` as an array. Raises DataError if they are none."""
        self._loaded()
        labels = np.asarray(labels)
        check_labels(labels, len(bits), self._set().classes)
        return labels

    def _count_gathered(self, results: Bytes) -> None:
        """Count the active samples since the last update in the result bytes of one frame."""
        updates = np.flatnonzero(results & UPDATED)
        if len(updates):
            self.gathered = 0
        waiting = results[updates[-1] + 1 :] if len(updates) else results
        self.gathered += int(np.count_nonzero(waiting & ACTIVE))

    def _stats(self, before: Mapping[str, Any], results: Bytes) -> TrainStats:
        """Return the TrainStats of what has happened since the counters were ``before``."""
        after = self.stat()
        grown = _grown(before, after)
        counted = {
            "samples": len(results),
            "hits": int(np.count_nonzero(results & HIT)),
            "active": int(np.count_nonzero(results & ACTIVE)),
        }
        wrong = [name for name in counted if grown[name] != counted[name]]
        if wrong:
            raise DeviceError(
                f"the device counted {grown[wrong[0]]} {wrong[0]}, the driver "
                f"{counted[wrong[0]]}; another program talks to it: close that and load again"
            )
        return self._train_stats(before, after)

    def _train_stats(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> TrainStats:
        """Return the TrainStats between two states of the counters."""
        grown = _grown(before, after)
        layers = len(self._loaded().layers)
        pairs = zip(after["flips"][:layers], before["flips"][:layers], strict=True)
        flips = tuple((new - old) & 0xFFFFFFFF for new, old in pairs)
        for phase in PHASES:
            self.cycles[phase] += grown[f"cycles_{phase}"]
        counts = {name: grown[name] for name in ("samples", "hits", "active", "updates")}
        return TrainStats(**counts, flips=flips)


def _grown(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, int]:
    """Return by how much each counter has grown."""
    return {name: (after[name] - before[name]) & 0xFFFFFFFF for name in COUNTERS}


def _train_request(records: Bytes) -> Request:
    """Return the arguments of a call that trains on the samples of one frame."""
    return Command.TRAIN, len(records), records.tobytes(), len(records)


def _sized(reply: bytes, command: Command, size: int) -> bytes:
    """Return the reply to a command, which must have ``size`` bytes."""
    if len(reply) != size:
        raise DeviceError(
            f"the reply to {command.name} has {len(reply)} bytes, not {size}; the bitstream "
            f"and the driver are of different versions: build and flash it again"
        )
    return reply
