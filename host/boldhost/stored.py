"""Devices with a store: they hold the data set themselves and train without being sent samples."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from boldhost.client import Client
from boldhost.device import Device, Progress
from boldhost.graph_device import GraphDevice
from boldhw.errors import ConfigError
from boldhw.spec import cycles, packing
from boldhw.spec.arrays import Bits, Bytes, Labels
from boldhw.spec.ops import packing as graph_packing
from boldhw.spec.ops.heads import check_trained
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import RECORD_BITS
from boldhw.spec.order import MOST_SAMPLES, Order
from boldhw.spec.packing import check_labels
from boldhw.spec.protocol import Bank, Command, Register
from boldhw.spec.stats import TrainStats
from boldhw.spec.store import PAGE_BITS, pack_store, record_stride, record_words

PIECE = 1 << 14  # words of the store that are compared, and sent, at a time
MOST_CYCLES = 1_000_000  # of one command, so that no link waits too long
MOST_RECORD = 1 << 8  # words of a record of a chain, one burst
NO_ORDER = "no order is started; call start_order(order)"


class StoredSamples(Client):
    """What devices of chains and of graphs do with a store; their ``train`` counts samples.

    After :meth:`fill_store`, and :meth:`start_order` for each epoch, the device takes samples in
    that order from its store. Everything else is as without a store, and so are the bits.
    """

    # What both devices have.
    gathered: int
    _set: Callable[[], Any]
    _train_stats: Callable[[Mapping[str, Any], Mapping[str, Any]], TrainStats]

    _labels: Labels | None
    _order: Order | None

    def fill_store(self, bits: Bits, labels: Labels, progress: Progress | None = None) -> int:
        """Put samples into the store, those that are not there yet; a network must be loaded.

        Parameters
        ----------
        bits : bool array, shape (samples, inputs)
        labels : integer array, shape (samples,), 0..classes-1
        progress : callable or None
            Called with the number of bytes that are in the store so far.

        Samples are compared by checksum and sent where it differs, so filling again what is there
        takes no time, and an interrupted filling goes on. Returns the bytes that were sent. Raises
        ConfigError if the store is too small or cannot be written, and does not hold them already.
        """
        labels = self._checked(bits, labels)
        self._check_store(len(bits))
        image, sent = pack_store(self.config, self._packed(bits), labels), 0
        size = PIECE * self.item_bytes(Bank.STORE)
        for start in range(0, len(image), size):
            sent += self._fill_piece(start // size * PIECE, image[start : start + size])
            if progress:
                progress(min(start + size, len(image)))
        self._labels, self._order = labels, None
        return sent

    def stored_bytes(self, samples: int) -> int:
        """Return the bytes that so many samples take in the store. Raises ConfigError like it."""
        self._check_store(samples)
        stride = record_stride(self.config, self._sample_words())
        return (samples + 1) * stride * self.item_bytes(Bank.STORE)

    def start_order(self, order: Order) -> None:
        """Take samples of the store in an Order from now on. Raises ConfigError if it is empty."""
        if self._labels is None or order.samples != len(self._labels):
            raise ConfigError(
                f"the order is one of {order.samples} samples, the store holds "
                f"{0 if self._labels is None else len(self._labels)}; call fill_store(bits, labels)"
            )
        stride = record_stride(self.config, self._sample_words()).bit_length() - 1
        for register, value in (
            (Register.RECORD, self._record(stride)),
            (Register.ORDER_SAMPLES, order.samples),
            (Register.ORDER_TAPS, order.taps),
            (Register.ORDER_STATE, order.state),  # last, it begins the order
        ):
            self.write_register(register, value)
        self._order = order.copy()

    def train_store(self, count: int, progress: Progress | None = None) -> TrainStats:
        """Train on the next ``count`` samples of the store; return their TrainStats.

        ``progress`` is called with the number of samples trained so far. Several commands of
        :data:`MOST_CYCLES` cycles at most are sent; interrupted between them, by an exception of
        ``progress``, the device has trained on what was counted.
        """
        if self._order is None:
            raise ConfigError(NO_ORDER)
        before, done = self.stat(), 0
        step = self._samples_at_once()
        parts = [min(step, count - start) for start in range(0, count, step)]
        sizes = iter(parts)

        def receive(reply: bytes) -> None:
            nonlocal done
            done += next(sizes)
            if progress:
                progress(done)

        self._calls(((Command.TRAIN_STORE, part, b"", 0) for part in parts), receive)
        self._order.take(count)
        stats = self._train_stats(before, self.stat())
        self.gathered += stats.active - stats.updates * self._set().batch
        return stats

    def train(
        self,
        bits: Bits,
        labels: Labels,
        stop_at_update: bool = False,
        progress: Progress | None = None,
    ) -> TrainStats:
        """Train on the next ``len(labels)`` samples of the store, which must be those given.

        Arguments and result are those of :meth:`Device.train`. Raises ConfigError if the labels are
        not those of the samples that come next.
        """
        labels = self._checked(bits, labels)
        if self._order is None or self._labels is None:
            raise ConfigError(NO_ORDER)
        if not np.array_equal(labels, self._labels[self._order.copy().take(len(labels))]):
            raise ConfigError(
                "the samples are not those that come next in the store's order; use the bits and "
                "labels of fill_store() in the order of start_order()"
            )
        if not stop_at_update:
            return self.train_store(len(labels), progress)
        total = self.train_store(0)
        while total.samples < len(labels) and not total.updates:
            # An update can only come with the last sample of a command.
            rest = len(labels) - total.samples
            total += self.train_store(min(rest, self._set().batch - self.gathered))
            if progress:
                progress(total.samples)
        return total

    # What differs between chains and graphs.

    @abstractmethod
    def _checked(self, bits: Bits, labels: Labels) -> Labels:
        """Return the labels of samples as an array. Raises DataError if they are none."""

    @abstractmethod
    def _packed(self, bits: Bits) -> Bytes:
        """Return operand words of samples as the link has them: uint8, shape (samples, bytes)."""

    @abstractmethod
    def _sample_words(self) -> int:
        """Return the operand words of a sample."""

    @abstractmethod
    def _record(self, stride: int) -> int:
        """Return the value of register RECORD. stride: the binary logarithm of that of records."""

    @abstractmethod
    def _most_words(self) -> int:
        """Return the most words of a record."""

    @abstractmethod
    def _cycles(self) -> tuple[int, int]:
        """Return the cycles of a sample and of an update at most."""

    def _forget(self) -> None:
        super()._forget()
        self._labels, self._order = None, None

    def _check_store(self, samples: int) -> None:
        """Raise ConfigError if so many samples of the network do not fit the store."""
        config, items = self.config, self._sample_words()
        if not config.has_store:
            raise ConfigError(
                "the device's design has no store of samples; build one with boldhw build --store, "
                "or train without --store"
            )
        words, longest = record_words(config, items), self._most_words()
        most = min((1 << config.store_address_bits) // record_stride(config, items) - 1,
                   MOST_SAMPLES)  # fmt: skip
        if samples > most or words > longest:
            raise ConfigError(
                f"{samples} samples of {words} words do not fit the store; it holds "
                f"{most if words <= longest else 0} of this network's"
            )

    def _fill_piece(self, word: int, data: bytes) -> int:
        """Have ``data`` in the store from a word on; return the bytes that were sent."""
        item = self.item_bytes(Bank.STORE)
        first = word % (1 << PAGE_BITS)
        self.write_register(Register.STORE_PAGE, word >> PAGE_BITS)
        crc, count = zlib.crc32(data), len(data) // item
        if self.memory_crc(Bank.STORE, first, count) == crc:
            return 0
        if self.config.store == "flash":
            raise ConfigError(
                "the flash does not hold these samples of this network; write them with boldhw "
                "flash --samples and the same --network, --data, --threshold and --train-size"
            )
        self.write_memory(Bank.STORE, first, data)
        self._check_found("store", self.memory_crc(Bank.STORE, first, count), crc)
        return len(data)

    def _samples_at_once(self) -> int:
        """Return the samples that one command trains on at most."""
        sample, update = self._cycles()
        # Reading a record from flash takes up to four cycles a word.
        sample += 4 * record_words(self.config, self._sample_words()) + 100
        batch: int = self._set().batch
        return max(1, (MOST_CYCLES - update) * batch // (sample * batch + update))


class StoredDevice(StoredSamples, Device):
    """A Device whose store holds the samples; see :class:`StoredSamples`."""

    def _checked(self, bits: Bits, labels: Labels) -> Labels:
        return self._check_labels(bits, labels)

    def _packed(self, bits: Bits) -> Bytes:
        return packing.pack_samples(self._loaded(), bits)

    def _sample_words(self) -> int:
        return self._loaded().layers[0].words

    def _record(self, stride: int) -> int:
        return stride << 8 | self._loaded().record_words - 1

    def _most_words(self) -> int:
        return MOST_RECORD

    def _cycles(self) -> tuple[int, int]:
        model = cycles.predict(self.config, self._loaded().network)
        return model.forward + model.backward, model.update


class StoredGraphDevice(StoredSamples, GraphDevice):
    """A GraphDevice whose store holds the samples; see :class:`StoredSamples`.

    :meth:`open` takes a LinkedArray, with its store. Records may be longer than a frame of the
    link.
    """

    _kind = LinkedArray

    def _checked(self, bits: Bits, labels: Labels) -> Labels:
        check_trained(self._loaded().network, self.size)
        found = np.asarray(labels)
        check_labels(found, len(bits), self._classes)
        return found

    def _packed(self, bits: Bits) -> Bytes:
        return graph_packing.pack_samples(self._loaded(), bits)

    def _sample_words(self) -> int:
        return graph_packing.sample_words(self._loaded())

    def _record(self, stride: int) -> int:
        return stride << RECORD_BITS | self._sample_words()

    def _most_words(self) -> int:
        return (1 << RECORD_BITS) * self.config.store_parts

    def _cycles(self) -> tuple[int, int]:
        assert self.program is not None  # _loaded() says so first
        longest = self.program.longest
        return 2 * longest, longest
