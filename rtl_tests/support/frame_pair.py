"""Random commands to two boards at once, a golden one and another: their replies must be equal."""

import struct
from collections import Counter
from dataclasses import replace

import numpy as np
from boldhost.link import Link

from boldhw.errors import DeviceError
from boldhw.spec.engine import MOST_ITEMS
from boldhw.spec.ops.protocol import OpBank, OpRegister, parse_op_identity
from boldhw.spec.protocol import Command


class FramePair:
    """Two boards of op lists, seen through links, and random commands to both.

    golden: an OpBoard.  other: a Transport.
    """

    def __init__(self, golden, other, seed):
        self.golden, self.random = golden, np.random.default_rng(seed)
        self.links = [Link(each, timeout=2.0) for each in (golden, other)]
        first, second = (parse_op_identity(link.hello()) for link in self.links)
        assert first == replace(second, clock_hz=first.clock_hz)
        self.counts = Counter()

    def call(self, command, addr=0, payload=b""):
        """Have both execute a command; return the reply, or None if both refuse."""
        replies = []
        for link in self.links:
            try:
                replies.append(link.call(command, addr, payload))
            except DeviceError as error:
                if "refused" not in str(error):
                    raise
                replies.append(None)
        assert replies[0] == replies[1], (command, addr, payload)
        self.counts[command, replies[0] is not None] += 1
        return replies[0]

    def fill(self):
        """Write random bits to all of the memories."""
        for bank, (items, size) in self.golden._sizes().items():
            step = 245 // size
            for first in range(0, items, step):
                count = min(step, items - first)
                self.call(Command.MEM_WRITE, first, bytes((bank,)) + self._content(bank, count))

    def compare(self):
        """Compare all memories by their checksums."""
        for bank, (items, _) in self.golden._sizes().items():
            count = struct.pack("<BH", bank, min(items, MOST_ITEMS))
            assert self.call(Command.STATE_CRC, 0, count) is not None

    def anything(self, count):
        """Send commands of any kind, right ones and wrong ones; no list runs."""
        self.call(Command.RESET)
        kinds = [each for each in Command if each != Command.HELLO]
        for _ in range(count):
            command = kinds[self.random.integers(len(kinds))]
            addr, payload = self._request(command)
            self.call(command, addr, payload)

    def training(self, count, inputs, classes):
        """Send INFER, TRAIN and FLUSH, some of them wrong. inputs: function, a random sample."""
        for _ in range(count):
            command = (Command.INFER, Command.TRAIN, Command.FLUSH)[self.random.integers(3)]
            records = int(self.random.integers(0, 4))
            payload = b"".join(
                bytes(self.random.integers(0, classes + (self.random.random() < 0.1), 1).tolist())
                * (command == Command.TRAIN)
                + inputs()
                for _ in range(records if command != Command.FLUSH else 0)
            )
            self.call(command, records, self._spoiled(payload))

    def _request(self, command):
        """Return address and payload of a command, which may be wrong."""
        random, sizes = self.random, self.golden._sizes()
        bank = list(sizes)[random.integers(len(sizes))]
        items, size = sizes[bank]
        count = int(random.integers(1, max(2, 245 // size + 1)))
        addr = int(random.choice([0, random.integers(items), items - count, items - count + 1]))
        payload = b""
        if command in (Command.REG_READ, Command.REG_WRITE):
            addr = int(random.integers(1, 12))
            payload = random.bytes(2) if command == Command.REG_WRITE else b""
        elif command == Command.MEM_READ:
            payload = bytes((bank, count))
        elif command == Command.MEM_WRITE:
            payload = bytes((bank,)) + self._content(bank, count)
        elif command == Command.STATE_CRC:
            payload = struct.pack("<BH", bank, count)
        if random.random() < 0.1:
            addr = int(random.integers(1 << 16))
        return max(addr, 0) if addr != OpRegister.FORWARD else addr, self._spoiled(payload)

    def _spoiled(self, payload):
        """Return a payload, now and then with a byte more, or less, or another first one."""
        kind = self.random.integers(12)
        if kind == 0:
            return payload + b"\0"
        if kind == 1:
            return payload[:-1]
        if kind == 2 and payload:
            return bytes((int(self.random.integers(256)),)) + payload[1:]
        return payload

    def _content(self, bank, count):
        """Return items of a bank; bits that no memory has are 0."""
        config, size = self.golden.config, self.golden._sizes()[bank][1]
        data = np.frombuffer(self.random.bytes(count * size), np.uint8).copy()
        if bank == OpBank.WEIGHTS:
            bits, words = config.elements, config.elements
        elif bank == OpBank.DATA:
            bits, words = config.size.data_width, 1
        else:
            return data.tobytes()
        rows = np.unpackbits(data.reshape(count * words, -1), axis=1, bitorder="little")
        rows[:, bits:] = 0
        return np.packbits(rows, axis=1, bitorder="little").tobytes()
