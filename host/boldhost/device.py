"""The driver: a trained or training network on a board, simulated or real."""

import zlib
from collections.abc import Callable, Mapping, Sized
from typing import Any

import numpy as np

from boldhost.client import Client, Request
from boldhost.counted import check_counted, gathered_after, grown, train_stats
from boldhost.link import Link
from boldhw.errors import ConfigError, DeviceError
from boldhw.spec import packing
from boldhw.spec.arrays import Accumulators, Bits, Bytes, Labels, Seed, Sums
from boldhw.spec.checks import check_kind
from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.noise import NoiseStream
from boldhw.spec.order import Order
from boldhw.spec.packing import check_labels
from boldhw.spec.protocol import UPDATED, Bank, Command, Register
from boldhw.spec.registers import register_values
from boldhw.spec.settings import Settings
from boldhw.spec.state import NetworkState, check_state
from boldhw.spec.stats import TrainStats

Progress = Callable[[int], object]
PHASES = ("forward", "backward", "update")
NOTHING_LOADED = "no network is loaded; call load(network) first"


class Device(Client):
    """A board that trains and infers. Its methods are those of :class:`boldhw.Network`.

    Make one with :meth:`open`; it is a context manager. Every method raises DeviceError when the
    board or the link fails, and ConfigError or DataError, before anything is sent, when what it is
    given cannot work.

    Attributes
    ----------
    settings : Settings or None
        Those set last; None before ``load``.
    gathered : int
        Active samples that wait for the next update.
    cycles : dict
        Clock cycles that training has taken since ``load``: forward, backward and update.
    """

    _layout: Layout | None
    settings: Settings | None
    gathered: int

    def __init__(self, link: Link, config: EngineConfig | None = None) -> None:
        super().__init__(link, config)
        self._forget()

    @property
    def widths(self) -> tuple[int, ...]:
        """Layer widths of the loaded network."""
        return self._loaded().network.widths

    def load(self, network: NetworkState) -> None:
        """Copy a network into the device: layer table, registers, weights, accumulators.

        Forgets gathered samples and clears the counters. The noise generator is left alone, see
        :meth:`seed_noise`. Raises DeviceError when the checksums differ afterwards.
        """
        layout = Layout(self.config, check_state(network).graph)
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
        if self.config.stochastic:
            for word in NoiseStream(self.config.elements, seed).seed_words:
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

        Returns
        -------
        TrainStats
            ``samples`` says how many were consumed.
        """
        if not self.config.training:
            raise ConfigError(
                "the device's design has training=False; flash one with training=True, or use "
                "infer()"
            )
        samples = packing.pack_samples(self._loaded(), bits)
        labels = self._check_labels(samples, labels)
        records = np.concatenate([labels[:, None].astype(np.uint8), samples], axis=1)
        before, results = self.stat(), bytearray()

        def receive(reply: bytes) -> None:
            self.gathered = gathered_after(self.gathered, np.frombuffer(reply, np.uint8))
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

    def _forget(self) -> None:
        super()._forget()
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

    def _check_network(self, network: NetworkState, layout: Layout) -> None:
        config = self.config
        if config.training and network.config.accumulator_bits != config.accumulator_bits:
            raise ConfigError(
                f"the network has accumulator_bits={network.config.accumulator_bits}, the device "
                f"{config.accumulator_bits}; make it with Network(..., config=device.config)"
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

    def _stats(self, before: Mapping[str, Any], results: Bytes) -> TrainStats:
        """Return the TrainStats of what has happened since the counters were ``before``."""
        after = self.stat()
        check_counted(grown(before, after), results)
        return self._train_stats(before, after)

    def _train_stats(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> TrainStats:
        """Return the TrainStats between two states of the counters, and count the cycles."""
        growth = grown(before, after)
        for phase in PHASES:
            self.cycles[phase] += growth[f"cycles_{phase}"]
        return train_stats(before, after, len(self._loaded().layers))


def _train_request(records: Bytes) -> Request:
    """Return the arguments of a call that trains on the samples of one frame."""
    return Command.TRAIN, len(records), records.tobytes(), len(records)
