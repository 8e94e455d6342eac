"""The device side of the link on top of the golden model: tests the driver without any RTL."""

import struct
import zlib

import numpy as np
from support.board_link import BoardLink, order_of

from boldhw.golden.network import Network
from boldhw.spec import packing
from boldhw.spec.engine import TABLE_ROWS
from boldhw.spec.layout import Layout
from boldhw.spec.protocol import (
    ACTIVE,
    COUNTERS,
    HIT,
    READABLE,
    STORE_REGISTERS,
    UPDATED,
    Bank,
    Register,
    Status,
    identity_bytes,
    registers_of,
)
from boldhw.spec.settings import Settings
from boldhw.spec.store import PAGE_BITS
from boldhw.spec.table import TABLE

CLOCK_HZ = 24_000_000


class GoldenBoard(BoardLink):
    """A board in Python, seen through a Transport."""

    def __init__(self, config, on_request=None, on_reply=None):
        self.config = config
        self.greeting = identity_bytes(config, CLOCK_HZ)
        super().__init__(on_request, on_reply)
        self.power_cycle()

    def power_cycle(self):
        """Lose all state."""
        config = self.config
        self.memories = {
            Bank.DATA: bytearray(config.data_rows * config.data_bytes),
            Bank.WEIGHTS: bytearray(config.weight_blocks * config.block_bytes),
        }
        self.item_bytes = {Bank.DATA: config.data_bytes, Bank.WEIGHTS: config.block_bytes}
        if config.has_store:
            self.memories[Bank.STORE] = bytearray(config.store_bytes)
            self.item_bytes[Bank.STORE] = config.store_width // 8
        self.restart_link()
        self.reset()

    # Commands

    def _hello(self, addr, payload):
        return self.greeting

    def _reset(self, addr, payload):
        self.reset()
        return b""

    def reset(self):
        """Clear registers, counters and gathered samples."""
        self.registers = dict.fromkeys(Register, 0)
        self.counters = dict.fromkeys(COUNTERS, 0)
        self.flips = [0] * self.config.max_layers
        self.noise = []
        self.network = self.order = None

    def _reg_read(self, addr, payload):
        self._check(addr in READABLE, Status.BAD_ADDRESS)
        return self.registers[Register(addr)].to_bytes(2, "little")

    def _reg_write(self, addr, payload):
        self._check(addr in registers_of(self.config), Status.BAD_ADDRESS)
        self._check(len(payload) == 2, Status.BAD_LENGTH)
        self.registers[Register(addr)] = int.from_bytes(payload, "little")
        if addr == Register.NOISE:
            self.noise.append(self.registers[Register.NOISE])
            if self.network:
                self.network._noise.write(self.noise[-1])
        elif addr not in STORE_REGISTERS:
            self._save()
        elif addr == Register.ORDER_STATE:
            self.order = order_of(self.registers, Register)
        return b""

    def _mem_read(self, addr, payload):
        self._check(len(payload) == 2, Status.BAD_LENGTH)
        self._save()
        return bytes(self.memories[payload[0]][self._span(payload[0], addr, payload[1])])

    def _mem_write(self, addr, payload):
        self._check(payload[0] in self.memories, Status.BAD_ADDRESS)
        items, rest = divmod(len(payload) - 1, self.item_bytes[payload[0]])
        self._check(not rest and items, Status.BAD_LENGTH)
        self._save()
        self.memories[payload[0]][self._span(payload[0], addr, items)] = payload[1:]
        return b""

    def _state_crc(self, addr, payload):
        bank, count = struct.unpack("<BH", payload)
        self._save()
        data = self.memories[bank][self._span(bank, addr, count)]
        return zlib.crc32(data).to_bytes(4, "little")

    def _stat(self, addr, payload):
        values = [*self.counters.values(), *self.flips]
        return struct.pack(f"<{len(values)}I", *(value & 0xFFFFFFFF for value in values))

    def _infer(self, addr, payload):
        network = self._running()
        bits = self._bits(network, np.frombuffer(payload, np.uint8).reshape(addr, -1))
        return network.infer(bits).astype("<i2").tobytes()

    def _train(self, addr, payload):
        network = self._running()
        self._check(self.config.training, Status.NO_TRAINING)
        records = np.frombuffer(payload, np.uint8).reshape(addr, -1)
        self._check(records[:, 0].max() < network.settings.classes, Status.BAD_LABEL)
        bits = self._bits(network, records[:, 1:])
        results = bytearray()
        for sample, label in zip(bits, records[:, :1].astype(int), strict=True):
            stats = network.train(sample[None], label)
            self._count(stats)
            results.append(HIT * stats.hits | ACTIVE * stats.active | UPDATED * stats.updates)
        return bytes(results)

    def _train_store(self, addr, payload):
        self._check(self.config.has_store, Status.NO_STORE)
        words = 1 + self.registers[Register.SAMPLE_WORDS]
        longest = (self.registers[Register.RECORD] & 0xFF) + 1
        self._check(longest == words * self.config.store_parts, Status.NOT_CONFIGURED)
        size = words * self.config.store_parts * self.item_bytes[Bank.STORE]
        stride = self.item_bytes[Bank.STORE] << (self.registers[Register.RECORD] >> 8)
        for sample in self.order.take(addr).tolist():
            start = (sample + 1) * stride
            record = np.frombuffer(self.memories[Bank.STORE], np.uint8)[start : start + size]
            label, *operands = record.reshape(words, -1)[:, : self.config.word_bytes]
            self._train(1, bytes(label[:1]) + b"".join(map(bytes, operands)))
        return b""

    def _flush(self, addr, payload):
        network = self._running()
        gathered = network.gathered
        self._count(network.flush())
        return bytes((gathered & 0xFF,))

    # Between memories and golden network

    def _span(self, bank, first, count):
        self._check(bank in self.memories, Status.BAD_ADDRESS)
        item = self.item_bytes[bank]
        if bank == Bank.STORE:
            first += self.registers[Register.STORE_PAGE] << PAGE_BITS
        self._check((first + count) * item <= len(self.memories[bank]), Status.BAD_ADDRESS)
        return slice(first * item, (first + count) * item)

    def _running(self):
        """Return the golden network that the memories describe."""
        self._check(self.registers[Register.LAYERS], Status.NOT_CONFIGURED)
        if self.network is None:
            self.network = self._restore()
        return self.network

    def _restore(self):
        table = self._table()
        p = self.config.elements
        inputs = [(entry["input_groups"] - 1) * p + entry["input_lanes"] for entry in table]
        widths = (*inputs, (table[-1]["groups"] - 1) * p + table[-1]["output_lanes"])
        network, layout = Network(widths, self.config), Layout(self.config, widths)
        blocks = self._span(Bank.WEIGHTS, 0, layout.weight_blocks)
        rows = layout.accumulator_end - layout.accumulator_row
        rows = self._span(Bank.DATA, layout.accumulator_row, rows)
        network.weights = packing.unpack_weights(layout, self.memories[Bank.WEIGHTS][blocks])
        network.accumulators = packing.unpack_accumulators(layout, self.memories[Bank.DATA][rows])
        network.settings = self._settings(table, inputs)
        for word in self.noise if self.config.stochastic else ():
            network._noise.write(word)
        self._places = layout, blocks, rows
        return network

    def _save(self):
        """Write the network's state to the memories, from where an idle one is restored."""
        if self.network is None:
            return
        layout, blocks, rows = self._places
        network = self.network
        self.memories[Bank.WEIGHTS][blocks] = packing.pack_weights(layout, network.weights)
        self.memories[Bank.DATA][rows] = packing.pack_accumulators(layout, network.accumulators)
        if not network.gathered:
            self.noise = self._noise_words(network) if self.config.stochastic else []
            self.network = None

    @staticmethod
    def _noise_words(network):
        state = network._noise.state
        bits = np.concatenate([np.zeros(-len(state) % 16, np.uint8), state])
        return np.packbits(bits, bitorder="little").view("<u2").tolist()

    def _table(self):
        data = bytes(self.memories[Bank.DATA])
        return [
            {
                field.key: struct.unpack_from(
                    "<H", data, (TABLE_ROWS * layer + row) * self.config.data_bytes + 2 * i
                )[0]
                for row, fields in enumerate(TABLE)
                for i, field in enumerate(fields)
            }
            for layer in range(self.registers[Register.LAYERS])
        ]

    def _tau(self, entry, inputs):
        origin = (entry["origin"] ^ 0x8000) - 0x8000
        return -origin - (0 if entry["zero_true"] else entry["words"] * self.config.lanes - inputs)

    def _settings(self, table, inputs):
        fields = ("window", "dead", "noise", "theta", "decay")
        values = {name: tuple(entry[name] for entry in table) for name in fields}
        return Settings.of_columns(
            **values,
            tau=tuple(self._tau(entry, m) for entry, m in zip(table, inputs, strict=True)),
            zero_true=tuple(bool(entry["zero_true"]) for entry in table),
            margin=self.registers[Register.MARGIN],
            rounding=self.registers[Register.ROUNDING],
            batch=self.registers[Register.BATCH],
            classes=self.registers[Register.CLASSES],
            outputs_per_class=self.registers[Register.OUTPUTS_PER_CLASS],
        )

    def _bits(self, network, samples):
        words = self.registers[Register.SAMPLE_WORDS] * self.config.word_bytes
        self._check(samples.shape[1] == words, Status.BAD_LENGTH)
        lanes = samples.reshape(len(samples), -1, self.config.word_bytes)
        bits = np.unpackbits(lanes, axis=-1, count=self.config.lanes, bitorder="little")
        return bits.reshape(len(samples), -1)[:, : network.widths[0]].astype(bool)

    def _count(self, stats):
        for name in ("samples", "active", "hits", "updates"):
            self.counters[name] += getattr(stats, name)
        self.counters["cycles_forward"] += 100 * stats.samples
        self.counters["cycles_backward"] += 10 * stats.active
        self.counters["cycles_update"] += 1000 * stats.updates
        for layer, flips in enumerate(stats.flips):
            self.flips[layer] += flips
