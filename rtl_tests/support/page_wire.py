"""Frames and commands of an engine, written from docs/reference/protocol.md alone.

Nothing of boldhw is in here, nor in page_client.py, which makes a client of it.
"""

import struct
import zlib

HELLO, RESET, REG_READ, REG_WRITE, MEM_READ, MEM_WRITE = 1, 2, 3, 4, 5, 6
INFER, TRAIN, FLUSH, STAT, STATE_CRC, TRAIN_STORE = 7, 8, 9, 10, 11, 12
DATA, WEIGHTS, STORE = 0, 1, 2
REGISTERS = {
    "LAYERS": 0, "BATCH": 1, "MARGIN": 2, "ROUNDING": 3, "CLASSES": 4, "OUTPUTS_PER_CLASS": 5,
    "SLOT_ROW": 6, "SLOT_STRIDE": 7, "SAMPLE_WORDS": 8, "NOISE": 9, "STORE_PAGE": 10,
    "RECORD": 11, "ORDER_SAMPLES": 12, "ORDER_TAPS": 13, "ORDER_STATE": 14,
}  # fmt: skip
IDENTITY = (
    "magic version flags digest elements lanes batch accumulator_bits popcount_registers "
    "max_layers window max_payload max_fan_in weight_rows last_data_row signal_rows clock_hz "
    "store_bits"
).split()
VERSION, TRIES = 4, 5


class Refused(Exception):
    """The engine refused a command; the argument is the status."""


def stuffed(data):
    """Return bytes in COBS, and the delimiter."""
    return b"".join(bytes([len(piece) + 1]) + piece for piece in data.split(b"\0")) + b"\0"


def unstuffed(frame):
    """Return what a frame without its delimiter holds, None if it is none."""
    data, place = bytearray(), 0
    while place < len(frame):
        length = frame[place]
        data += frame[place + 1 : place + length] + b"\0"
        place += length
    return bytes(data[:-1]) if place == len(frame) else None


def framed(kind, seq, addr, payload):
    body = struct.pack("<BBH", kind, seq, addr) + payload
    return stuffed(body + struct.pack("<I", zlib.crc32(body)))


def up(a, b):
    """Return a / b rounded up."""
    return -(-a // b)


class Wire:
    """An engine behind two functions; its greeting is in ``engine``.

    send     takes bytes
    receive  returns the next bytes up to and with a 0x00, or b"" when none come for long enough
    """

    def __init__(self, send, receive, seq=0):
        self._send, self._receive, self._seq = send, receive, seq
        self._call(HELLO)
        greeting = struct.unpack("<4sBB8sHHHBBBBBHHHHIB", self._call(HELLO))
        self.engine = dict(zip(IDENTITY, greeting, strict=True))
        assert (self.engine["magic"], self.engine["version"]) == (b"BOLD", VERSION)
        self.p, self.s = self.engine["elements"], self.engine["lanes"]
        self.training = self.engine["flags"] & 1
        row = max(64, self.s, self.p * self.engine["accumulator_bits"] * self.training)
        self.item = {DATA: up(row, 8), WEIGHTS: self.p * up(self.p, 8), STORE: self._store_bytes()}

    def _call(self, kind, addr=0, payload=b""):
        """Have a command executed once; return the payload of its reply."""
        self._seq = self._seq + 1 & 0xFF
        frame = framed(kind, self._seq, addr, payload)
        for _ in range(TRIES):
            self._send(b"\0" + frame)
            while len(reply := self._receive()) > 1:
                body = unstuffed(reply[:-1])
                if not body or struct.pack("<I", zlib.crc32(body[:-4])) != body[-4:]:
                    continue
                found, seq, status = struct.unpack_from("<BBH", body)
                if (found, seq) == (kind | 0x80, self._seq):
                    if status:
                        raise Refused(status)
                    return body[4:-4]
        raise TimeoutError(f"no reply to command {kind}")

    def write_register(self, name, value):
        self._call(REG_WRITE, REGISTERS[name], struct.pack("<H", value))

    def read_register(self, name):
        return struct.unpack("<H", self._call(REG_READ, REGISTERS[name]))[0]

    def write(self, bank, first, data):
        """Write whole items, as many in a frame as it holds."""
        item = self.item[bank]
        step = (self.engine["max_payload"] - 1) // item * item
        for start in range(0, len(data), step):
            part = bytes([bank]) + data[start : start + step]
            self._call(MEM_WRITE, first + start // item, part)

    def read(self, bank, first, count):
        step = min(self.engine["max_payload"] // self.item[bank], 255)
        parts = [(i, min(step, first + count - i)) for i in range(first, first + count, step)]
        return b"".join(self._call(MEM_READ, i, bytes([bank, n])) for i, n in parts)

    def check(self, bank, first, data):
        """Compare a bank with what was written to it."""
        request = struct.pack("<BH", bank, len(data) // self.item[bank])
        assert struct.unpack("<I", self._call(STATE_CRC, first, request))[0] == zlib.crc32(data)

    def counters(self):
        """Return the counters, the flips of the layers last."""
        data = self._call(STAT)
        return struct.unpack(f"<{len(data) // 4}I", data)

    def _store_bytes(self):
        """Return the bytes of a word of the store."""
        return 1 if self.engine["flags"] & 8 else 2
