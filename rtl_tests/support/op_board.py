"""A board of op lists on top of the golden model: tests the driver without any RTL."""

import struct
import zlib

import numpy as np
from support.board_link import BoardLink, Refusal, order_of

from boldhw.errors import DataError
from boldhw.golden.ops.machine import MOST_OPS, execute
from boldhw.golden.ops.memories import Memories
from boldhw.spec.engine import MAX_PAYLOAD
from boldhw.spec.ops import packing
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.link import LIMIT_CYCLES, LinkedArray
from boldhw.spec.ops.program import BACKWARD, FORWARD, UPDATE, decoded, from_bits
from boldhw.spec.ops.protocol import (
    OP_READABLE,
    RECORD_BITS,
    ListStatus,
    OpBank,
    OpRegister,
    op_identity_bytes,
    op_registers_of,
    register_bits,
)
from boldhw.spec.protocol import ACTIVE, COUNTERS, HIT, UPDATED, Status
from boldhw.spec.store import PAGE_BITS

CLOCK_HZ = 24_000_000
COUNTED = {FORWARD: "cycles_forward", BACKWARD: "cycles_backward", UPDATE: "cycles_update"}


class OpBoard(BoardLink):
    """A board in Python that runs op lists; ``memories`` holds what its commands read and write.

    A list is decoded each time that it runs: nothing is known of it but its rows. design: an
    ArraySize, or a LinkedArray with a store.
    """

    def __init__(self, design, on_request=None, on_reply=None):
        self.config = design if isinstance(design, LinkedArray) else LinkedArray(design)
        self.size = size = self.config.size
        self.greeting = op_identity_bytes(self.config, CLOCK_HZ)
        super().__init__(on_request, on_reply)
        self.memories = Memories(size)
        self.content, self.order = bytearray(self.config.store_bytes), None
        self.reset()

    # Commands

    def _hello(self, addr, payload):
        self._check(not payload, Status.BAD_LENGTH)
        return self.greeting

    def _train_store(self, addr, payload):
        config, registers = self.config, self.registers
        self._check(config.has_store, Status.NO_STORE)
        self._check(registers[OpRegister.FORWARD], Status.NOT_CONFIGURED)
        self._check(addr, Status.BAD_LENGTH)
        record = registers[OpRegister.RECORD]
        words = record & (1 << RECORD_BITS) - 1
        self._check(words, Status.NOT_CONFIGURED)
        self._check(not payload, Status.BAD_LENGTH)
        item = config.store_width // 8
        size, stride = config.store_parts * item, item << (record >> RECORD_BITS)
        for sample in self.order.take(addr).tolist():
            start = (sample + 1) * stride
            content = np.frombuffer(self.content, np.uint8)[start : start + (1 + words) * size]
            label, *operands = content.reshape(1 + words, size)[:, : config.word_bytes]
            self._trained(int(label[0]), np.concatenate(operands))
        return b""

    def _reset(self, addr, payload):
        self._check(not payload, Status.BAD_LENGTH)
        self.reset()
        return b""

    def reset(self):
        """Clear registers, counters and votes."""
        self.registers = dict.fromkeys(op_registers_of(self.config), 0)
        self.counters = dict.fromkeys(COUNTERS, 0)
        self.memories.count = 0

    def _reg_read(self, addr, payload):
        self._check(addr in OP_READABLE, Status.BAD_ADDRESS)
        self._check(not payload, Status.BAD_LENGTH)
        return self.registers[OpRegister(addr)].to_bytes(2, "little")

    def _reg_write(self, addr, payload):
        self._check(addr in self.registers, Status.BAD_ADDRESS)
        self._check(len(payload) == 2, Status.BAD_LENGTH)
        value = int.from_bytes(payload, "little")
        bits = register_bits(self.config)[OpRegister(addr)]
        self.registers[OpRegister(addr)] = value & (1 << bits) - 1
        if addr == OpRegister.ORDER_STATE:
            self.order = order_of(self.registers, OpRegister)
        return b""

    def _mem_read(self, addr, payload):
        self._check(len(payload) == 2 and payload[1], Status.BAD_LENGTH)
        return self._fitting(self._items(payload[0], addr, payload[1]))

    def _mem_write(self, addr, payload):
        self._check(len(payload), Status.BAD_LENGTH)
        bank = self._bank(payload[0])
        items, rest = divmod(len(payload) - 1, self._sizes()[bank][1])
        self._check(not rest and items, Status.BAD_LENGTH)
        wraps = bank == OpBank.STORE
        self._check(wraps or addr + items <= self._sizes()[bank][0], Status.BAD_ADDRESS)
        self._store(bank, addr, payload[1:])
        return b""

    def _state_crc(self, addr, payload):
        self._check(len(payload) == 3 and any(payload[1:]), Status.BAD_LENGTH)
        bank, count = struct.unpack("<BH", payload)
        return zlib.crc32(self._items(bank, addr, count)).to_bytes(4, "little")

    def _stat(self, addr, payload):
        self._check(not payload, Status.BAD_LENGTH)
        values = [value & 0xFFFFFFFF for value in self.counters.values()]
        return struct.pack(f"<{len(values)}I", *values)

    def _infer(self, addr, payload):
        self._check(self.registers[OpRegister.FORWARD], Status.NOT_CONFIGURED)
        records = self._records(addr, payload)
        self._fitting(bytes(2 * addr * self.registers[OpRegister.CLASSES]))
        scores = [self._forward(sample) for sample in records]
        return np.array(scores).astype("<i2").tobytes()

    def _train(self, addr, payload):
        self._check(self.registers[OpRegister.FORWARD], Status.NOT_CONFIGURED)
        records = self._records(addr, payload, 1)
        self._check(records[:, 0].max() < self.registers[OpRegister.CLASSES], Status.BAD_LABEL)
        return bytes(self._trained(int(record[0]), record[1:]) for record in records)

    def _flush(self, addr, payload):
        self._check(self.registers[OpRegister.FORWARD], Status.NOT_CONFIGURED)
        self._check(not payload, Status.BAD_LENGTH)
        count = self.memories.count
        if count:
            self._update()
        return bytes((count & 0xFF,))

    # What commands do

    def _trained(self, label, words):
        """Train on a sample; return the result byte."""
        memories, registers = self.memories, self.registers
        memories.label, memories.margin = label, registers[OpRegister.MARGIN]
        hit = int(np.argmax(self._forward(words))) == label
        result = HIT * hit | ACTIVE * memories.active
        for name, grown in (("samples", 1), ("hits", hit), ("active", memories.active)):
            self.counters[name] += grown
        if memories.active:
            self._run(BACKWARD)
            memories.count += 1
            if memories.count == registers[OpRegister.BATCH]:
                self._update()
                result |= UPDATED
        return result

    def _update(self):
        self._run(UPDATE)
        self.memories.count = 0
        self.counters["updates"] += 1

    def _forward(self, words):
        """Write a sample, unless it is there; return the scores of the classes."""
        if len(words):
            packed = words.reshape(-1, self.config.word_bytes)
            bits = np.unpackbits(packed, axis=1, count=self.size.lanes, bitorder="little")
            first = bits.astype(bool)
            row = self.registers[OpRegister.SAMPLE_ROW]
            self.memories.write_pairs(row, first, np.zeros_like(first))
        self._run(FORWARD)
        each, classes = (
            self.registers[getattr(OpRegister, name)] for name in ("OUTPUTS_PER_CLASS", "CLASSES")
        )
        return self.memories.scores[: each * classes].reshape(-1, each).sum(axis=1)

    def _run(self, name):
        row = self.registers[OpRegister[name.upper()]]
        try:
            ops = decoded(from_bits(self.memories.data[row:]), MOST_OPS)
        except DataError:
            raise Refusal(ListStatus.BAD_OP) from None
        took = sum(cycles(ops, self.size))
        self._check(took <= self.registers[OpRegister.LIMIT] * LIMIT_CYCLES, ListStatus.TOO_LONG)
        execute(self.memories, ops)
        self.counters[COUNTED[name]] += took

    # Payloads

    def _fitting(self, reply):
        self._check(len(reply) <= MAX_PAYLOAD, Status.BAD_LENGTH)
        return reply

    def _records(self, count, payload, more=0):
        """Return the bytes of each sample. more: bytes in front of its words."""
        size = self.registers[OpRegister.SAMPLE_WORDS] * self.config.word_bytes + more
        self._check(0 < count < 256 and len(payload) == count * size, Status.BAD_LENGTH)
        return np.frombuffer(payload, np.uint8).reshape(count, size)

    def _sizes(self):
        """Return {bank: (items, bytes of one)}."""
        config = self.config
        store = {OpBank.STORE: (1 << PAGE_BITS, config.store_width // 8)}
        return (store if config.has_store else {}) | {
            OpBank.DATA: (config.data_rows, config.data_bytes),
            OpBank.WEIGHTS: (config.weight_blocks, config.block_bytes),
            OpBank.UNITS: (config.unit_rows, config.unit_bytes),
            OpBank.COUNTERS: (config.counter_rows, config.unit_bytes),
            OpBank.SCORES: (config.score_items, config.unit_bytes),
        }

    def _bank(self, number):
        self._check(number in self._sizes(), Status.BAD_ADDRESS)
        return OpBank(number)

    def _items(self, number, first, count):
        bank = self._bank(number)
        items, size = self._sizes()[bank]
        if bank == OpBank.STORE:
            return self._words()[self._places(first, count)].tobytes()
        self._check(first + count <= items, Status.BAD_ADDRESS)
        return self._bytes(bank)[first * size : (first + count) * size]

    def _words(self):
        """Return the words of the store: a view, uint8, shape (words, bytes)."""
        return np.frombuffer(self.content, np.uint8).reshape(-1, self.config.store_width // 8)

    def _places(self, first, count):
        """Return the numbers of words of the page in the store; behind its last one is its first.

        So it is with pages.
        """
        page = self.registers[OpRegister.STORE_PAGE] << PAGE_BITS
        words = (first + np.arange(count)) % (1 << PAGE_BITS)
        return (page + words) % (1 << self.config.store_address_bits)

    def _bytes(self, bank):
        """Return a whole memory."""
        memories = self.memories
        if bank == OpBank.DATA:
            return packing.pack_rows(self.size, memories.data)
        if bank == OpBank.WEIGHTS:
            return packing.pack_blocks(self.size, memories.weights)
        if bank == OpBank.UNITS:
            return packing.pack_units(memories.units)
        if bank == OpBank.SCORES:
            scores = np.zeros(self.config.score_items * self.size.elements, np.int64)
            scores[: len(memories.scores)] = memories.scores & 0xFFFF
            return scores.astype("<u4").tobytes()
        return (memories.counters & 0xFFFFFFFF).astype("<u4").tobytes()

    def _store(self, bank, first, data):
        """Write items of a memory."""
        memories, size = self.memories, self._sizes()[bank][1]
        if bank == OpBank.STORE:
            self._check(self.config.store == "sdram", Status.BAD_ADDRESS)
            items = np.frombuffer(data, np.uint8).reshape(-1, size)
            self._words()[self._places(first, len(items))] = items
            return
        whole = bytearray(self._bytes(bank))
        whole[first * size : first * size + len(data)] = data
        if bank == OpBank.DATA:
            memories.data[...] = packing.unpack_rows(self.size, bytes(whole))
        elif bank == OpBank.WEIGHTS:
            memories.weights[...] = packing.unpack_blocks(self.size, bytes(whole))
        elif bank == OpBank.UNITS:
            memories.units[...] = packing.unpack_units(self.size, bytes(whole))
        elif bank == OpBank.SCORES:
            memories.scores = packing.unpack_scores(bytes(whole))
        else:
            memories.counters[...] = packing.unpack_counters(self.size, bytes(whole))
