"""The driver of a board that runs op lists: a network of layers, training or trained, on it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from boldhost.client import Request
from boldhost.counted import MASK, check_counted, gathered_after, grown
from boldhost.graph_memories import GraphMemories
from boldhw.errors import ConfigError, DeviceError
from boldhw.spec.arrays import Bits, Bytes, Labels, Sums
from boldhw.spec.checks import check_range
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops import images, packing
from boldhw.spec.ops.heads import check_trained, is_trained, margin_of, place_scores, score_rows
from boldhw.spec.ops.link import LIMIT_CYCLES
from boldhw.spec.ops.packing import GraphState, check_scores
from boldhw.spec.ops.program import BACKWARD, FORWARD, UPDATE, Program, compiled
from boldhw.spec.ops.protocol import OpBank, OpRegister
from boldhw.spec.ops.settings import NetworkValues
from boldhw.spec.order import Order
from boldhw.spec.packing import check_labels
from boldhw.spec.protocol import UPDATED, Command
from boldhw.spec.stats import TrainStats

Progress = Callable[[int], object]
MOST_CLASSES = 255


class GraphDevice(GraphMemories):
    """A board that trains and infers a network of layers by op lists.

    Make one with :meth:`open`, whose ``config`` is the ArraySize that is expected, or simulated; it
    is a context manager. Every method raises DeviceError when the board or the link fails, and
    ConfigError or DataError, before anything is sent, when what it is given cannot work: lists are
    checked before they are sent.
    """

    def load(self, network: GraphState) -> None:
        """Copy a network into the device: lists, registers, weights, accumulators, thresholds.

        Forgets votes and clears all counters. Raises DeviceError when checksums differ afterwards.
        """
        if network.bits != self.size.accumulator_bits:
            raise ConfigError(
                f"the network has accumulators of {network.bits} bits, the device of "
                f"{self.size.accumulator_bits}; make it with bits={self.size.accumulator_bits}"
            )
        program = self._compiled(network.spec, network.settings)
        memory, first = program.memory, packing.accumulator_span(program.memory)[0]
        weights = packing.pack_weights(memory, [each.weights for each in network.layers])
        values = packing.pack_accumulators(memory, [each.accumulators for each in network.layers])
        self.reset()
        try:
            self.program = program
            self.write_memory(OpBank.WEIGHTS, 0, weights)
            self.write_memory(OpBank.DATA, first, values)
            self._write_settings(program, network.settings)
            self.clear_counters()
            self._check_state({"weights": zlib.crc32(weights), "accumulators": zlib.crc32(values)})
            # Last, since a device refuses to train and infer while this register is 0.
            self.write_register(OpRegister.FORWARD, program.starts[FORWARD])
        except BaseException:
            self._forget()
            raise

    def configure(self, settings: NetworkValues) -> None:
        """Take new settings; all other state stays. Raises ConfigError, and changes nothing."""
        program = self._compiled(self._loaded().network, settings)
        if program.memory.balanced != self._loaded().balanced:
            raise ConfigError(
                "layers with means take rows of the memories; load a network to change which "
                "layers have them"
            )
        self._write_settings(program, settings)

    def train(
        self,
        bits: Bits,
        labels: Labels,
        stop_at_update: bool = False,
        progress: Progress | None = None,
    ) -> TrainStats:
        """Train on samples in order; update whenever ``batch`` active ones have voted.

        Parameters
        ----------
        bits : bool array, shape (samples, inputs)
        labels : integer array, shape (samples,), 0..classes-1
        stop_at_update : bool
            Return right after the first update.
        progress : callable or None
            Called with the number of samples trained so far.

        Returns TrainStats; ``samples`` says how many were consumed. Raises ConfigError for a
        network whose head has no loss on a device.
        """
        check_trained(self._loaded().network, self.size)
        samples = packing.pack_samples(self._loaded(), bits)
        labels = np.asarray(labels)
        check_labels(labels, len(samples), self._classes)
        before, results = self.stat(), bytearray()

        def receive(reply: bytes) -> None:
            if reply:
                found = np.frombuffer(reply, np.uint8)
                self.gathered = gathered_after(self.gathered, found)
                results.extend(reply)
                if progress:
                    progress(len(results))

        most = self._samples_of_frame(1)
        if stop_at_update:
            while len(results) < len(samples) and not (results and results[-1] & UPDATED):
                # An update can only come with the last sample of a frame.
                stop = len(results) + min(most, self._set().batch - self.gathered)
                part = slice(len(results), stop)
                self._calls(self._requests(Command.TRAIN, samples[part], labels[part]), receive)
        else:
            self._calls(self._requests(Command.TRAIN, samples, labels), receive)
        return self._stats(before, np.frombuffer(results, np.uint8))

    def start_order(self, order: Order) -> None:
        """Do nothing: this device is sent its samples in order, see boldhost.stored."""

    def flush(self) -> TrainStats:
        """Update with the votes given so far, if any; return its TrainStats."""
        self._loaded()
        before = self.stat()
        (count,) = self._call(Command.FLUSH, size=1)
        if count != self.gathered & 0xFF:
            raise DeviceError(
                f"the device had votes of {count} samples, the driver counted {self.gathered}; "
                f"another program talks to it: close that and load the network again"
            )
        self.gathered = 0
        return self._stats(before, np.zeros(0, np.uint8))

    def infer(self, bits: Bits, progress: Progress | None = None) -> Sums:
        """Return the scores, int32, first index the sample. bits: bool, (samples, inputs).

        Those of a head of classes have shape (samples, classes); of one of pixels or residuals
        (samples, rows, columns, classes). Counters of layers, which count T's of these samples
        too, are put back as they were.
        """
        samples = packing.pack_samples(self._loaded(), bits)
        rows = self._loaded().used("counter")
        counted = self.read_memory(OpBank.COUNTERS, 0, rows)
        infer = self._class_scores if is_trained(self._loaded().network) else self._place_scores
        try:
            return infer(samples, progress)
        finally:
            self.write_memory(OpBank.COUNTERS, 0, counted)

    def _class_scores(self, samples: Bytes, progress: Progress | None) -> Sums:
        scores, classes = bytearray(), self._classes

        def receive(reply: bytes) -> None:
            scores.extend(reply)
            if progress:
                progress(len(scores) // (2 * classes))

        self._calls(self._requests(Command.INFER, samples), receive)
        return np.frombuffer(scores, "<i2").reshape(-1, classes).astype(np.int32)

    def _place_scores(self, samples: Bytes, progress: Progress | None) -> Sums:
        """Infer sample by sample, and read the sums of all places each time."""
        network = self._loaded().network
        count = score_rows(network)
        sums = np.zeros((len(samples), count), np.int32)
        for number in range(len(samples)):
            part = slice(number, number + 1)
            self._calls(self._requests(Command.INFER, samples[part]), lambda _: None)
            data = self.read_memory(OpBank.SCORES, 0, ceil_div(count, self.size.elements))
            sums[number] = packing.unpack_scores(data)[:count]
            if progress:
                progress(number + 1)
        return place_scores(network, sums, self._set().outputs_per_class)

    def stat(self) -> dict[str, Any]:
        """Return the counters since RESET by name, modulo 2^32; ``flips`` has one per layer."""
        found = super().stat()
        flips = self.read_counters() if self.program else []
        return {**found, "flips": tuple(each.flips for each in flips)}

    def read_into(self, network: GraphState) -> None:
        """Copy weights and accumulators of the device into ``network``.

        Raises ConfigError when ``network`` is another one than that loaded, and DeviceError when a
        checksum is wrong; ``network`` is then as it was.
        """
        memory = self._loaded()
        if network.spec != memory.network:
            raise ConfigError(
                f"the device holds network {memory.network.label}, not {network.spec.label}"
            )
        weights, accumulators = self.read_weights(), self.read_accumulators()
        for layer, matrix, values in zip(network.layers, weights, accumulators, strict=True):
            layer.weights, layer.accumulators = matrix, values

    def _compiled(self, network: Any, settings: NetworkValues) -> Program:
        """Return the program of a network. Raises ConfigError unless link and array can run it."""
        classes = network.output.outputs // settings.outputs_per_class
        most = min(MOST_CLASSES, self._link.max_payload // 2)
        if classes > most:
            raise ConfigError(
                f"the scores of {classes} classes do not fit a frame; the most that work are {most}"
            )
        check_range("batch", settings.batch, 1, 1024)
        check_scores(network, settings.outputs_per_class)
        return compiled(network, self.size, settings)

    def _write_settings(self, program: Program, settings: NetworkValues) -> None:
        """Write what differs from what was written last: lists, thresholds, registers."""
        units = packing.pack_units(images.unit_rows(program.memory, settings))
        self._write_items(OpBank.DATA, program.row, packing.pack_lists(program))
        self._write_items(OpBank.UNITS, 0, units)
        for register, value in self._values(program, settings).items():
            if self._registers.get(register) != value:
                self.write_register(register, value)
                self._registers[register] = value
        self.program, self.settings = program, settings

    def _values(self, program: Program, settings: NetworkValues) -> dict[OpRegister, int]:
        """Return the values of all registers but FORWARD."""
        memory, outputs = program.memory, program.memory.network.output.outputs
        words = packing.sample_words(memory)
        return {
            OpRegister.BATCH: settings.batch,
            OpRegister.MARGIN: margin_of(memory.network, settings),
            OpRegister.BACKWARD: program.starts[BACKWARD],
            OpRegister.CLASSES: outputs // settings.outputs_per_class,
            OpRegister.OUTPUTS_PER_CLASS: settings.outputs_per_class,
            OpRegister.SAMPLE_ROW: packing.sample_row(memory),
            OpRegister.UPDATE: program.starts[UPDATE],
            OpRegister.SAMPLE_WORDS: words if self._fits(words) else 0,
            OpRegister.LIMIT: ceil_div(program.longest, LIMIT_CYCLES),
        }

    def _fits(self, words: int) -> bool:
        """Whether a sample and its label are a payload."""
        return words * self.identity.config.word_bytes < self._link.max_payload and words < 256

    def _samples_of_frame(self, more: int) -> int:
        """Return the most samples of a frame. more: bytes that go with each, or come back."""
        words = packing.sample_words(self._loaded())
        if not self._fits(words):
            return 1
        size = words * self.identity.config.word_bytes + more
        return max(1, min(self._link.max_payload // size, 255))

    def _requests(
        self, command: Command, samples: Bytes, labels: Labels | None = None
    ) -> Iterator[Request]:
        """Yield the calls that train on samples, or infer them."""
        words = packing.sample_words(self._loaded())
        if labels is not None:
            marks = labels[:, None].astype(np.uint8)
            most, reply = self._samples_of_frame(1), 1
        else:
            marks = np.zeros((len(samples), 0), np.uint8)
            reply = 2 * self._classes
            most = min(self._samples_of_frame(0), self._link.max_payload // reply)
        if self._fits(words):
            records = np.concatenate([marks, samples], axis=1)
            for start in range(0, len(records), most):
                part = records[start : start + most]
                yield command, len(part), part.tobytes(), reply * len(part)
            return
        for sample, mark in zip(samples, marks, strict=True):
            yield from self._written(sample.reshape(words, -1))
            yield command, 1, mark.tobytes(), reply

    def _written(self, sample: Bytes) -> Iterator[Request]:
        """Yield the calls that write a sample. sample: uint8, shape (words, bytes)."""
        row, item = packing.sample_row(self._loaded()), self.identity.config.data_bytes
        step, name = (self._link.max_payload - 1) // item, bytes((OpBank.DATA,))
        rows = np.zeros((len(sample), item), np.uint8)
        rows[:, : sample.shape[1]] = sample
        for start in range(0, len(rows), step):
            part = rows[start : start + step].tobytes()
            yield Command.MEM_WRITE, row + start, name + part, 0

    def _stats(self, before: dict[str, Any], results: Bytes) -> TrainStats:
        """Return the TrainStats of what has happened since the counters were ``before``."""
        after = self.stat()
        check_counted(grown(before, after), results)
        return self._train_stats(before, after)

    def _train_stats(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> TrainStats:
        """Return the TrainStats between two states of the counters."""
        growth = grown(before, after)
        pairs = zip(after["flips"], before["flips"], strict=True)
        return TrainStats(
            **{name: growth[name] for name in ("samples", "hits", "active", "updates")},
            flips=tuple((new - old) & MASK for new, old in pairs),
        )
