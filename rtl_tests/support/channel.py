"""Bad lines: bytes are damaged, lost, repeated and put in on their way to a board and back."""

import zlib
from collections import Counter, deque

import numpy as np
from boldhost.transport import Transport
from support.golden_board import GoldenBoard

from boldhw.spec.protocol import Command, Status

BAUD = 3_000_000
BITS = 10  # on the line, for a byte
BYTE_SECONDS = BITS / BAUD
# Share of what happens at an error. Most are single bits, as on a real line.
KINDS = {"flip": 0.7, "lose": 0.08, "repeat": 0.06, "repeat all": 0.04, "insert": 0.08, "cut": 0.04}


class Noise:
    """Damage one direction of a line: ``rate`` errors a bit on average, from one seed.

    ``counts`` counts the errors by kind. A cut loses up to 600 bytes, as when a port is reset.
    """

    def __init__(self, rate, seed):
        self._rate = BITS * rate
        self._random = np.random.default_rng(seed)
        self._left = self._gap()  # bytes up to the next error
        self._lost = 0  # bytes of a cut still to come
        self.counts = Counter()

    def _gap(self):
        return int(self._random.geometric(self._rate)) - 1 if self._rate else 1 << 62

    def __call__(self, data):
        """Return what arrives of ``data``."""
        cut, self._lost = min(self._lost, len(data)), max(0, self._lost - len(data))
        out, at = bytearray(), cut
        while self._left < len(data) - at:
            out += data[at : at + self._left]
            at = self._harm(out, data, at + self._left)
            self._left = self._gap()
        self._left -= max(0, len(data) - at)
        return bytes(out + data[at:])

    def _harm(self, out, data, at):
        """Do one error at byte ``at``; return where to go on."""
        kind = self._random.choice([*KINDS], p=[*KINDS.values()])
        self.counts[str(kind)] += 1
        if kind == "flip":
            out.append(data[at] ^ 1 << self._random.integers(8))
        elif kind == "repeat":
            out += data[at : at + 1] * 2
        elif kind == "repeat all":
            out += data[at:] + data
            return len(data)
        elif kind == "insert":
            out += self._random.bytes(self._random.integers(1, 9))
            return at
        elif kind == "cut":
            end = at + int(self._random.integers(1, 600))
            self._lost = max(0, end - len(data))
            return min(end, len(data))
        return at + 1


class NoisyTransport(Transport):
    """Another transport, over a bad line."""

    def __init__(self, inner, rate, seed):
        self._inner = inner
        self.noises = Noise(rate, seed), Noise(rate, seed + 1000)

    def write(self, data):
        self._inner.write(self.noises[0](data))

    def read(self, timeout):
        while data := self._inner.read(timeout):
            if arrived := self.noises[1](data):
                return arrived
        return b""

    def close(self):
        self._inner.close()

    def clock(self):
        return self._inner.clock()


class Line(Transport):
    """A serial line of ``BAUD`` with a board in Python at its end, in simulated time.

    Each byte takes ``BYTE_SECONDS``, both directions at once. The board executes a frame in
    ``execution`` seconds and takes the next one when the reply is out. ``sent`` counts bytes.
    """

    def __init__(self, board, rate=0.0, seed=0, execution=60e-6):
        self._board = board
        self._execution = execution
        self.noises = Noise(rate, seed), Noise(rate, seed + 1000)
        self._now = self._forward = self._backward = 0.0  # the two lines are free from then on
        self._coming = deque()  # (time, bytes)
        self.sent = 0

    def write(self, data):
        self.sent += len(data)
        self._forward = max(self._now, self._forward)
        *frames, rest = self.noises[0](data).split(b"\0")
        for piece in (*(frame + b"\0" for frame in frames), rest):
            self._board.write(piece)
            self._forward += len(piece) * BYTE_SECONDS
            self._respond()

    def _respond(self):
        response = self._board.read(0)
        if response:
            start = max(self._forward + self._execution, self._backward)
            self._backward = start + len(response) * BYTE_SECONDS
            self._coming.append((self._backward, self.noises[1](response)))

    def read(self, timeout):
        end = self._now + timeout
        while self._coming and self._coming[0][0] <= end:
            arrival, data = self._coming.popleft()
            self._now = max(self._now, arrival)
            if data:
                return data
        self._now = end
        return b""

    def close(self):
        pass

    def clock(self):
        return self._now


class Chain(GoldenBoard):
    """A device whose state is a checksum of all it has executed, in order; replies depend on it.

    So a command that is lost, repeated, changed or out of order shows in every later reply.
    """

    state = 0

    def _execute(self, kind, addr, payload):
        self.executed[kind] += 1
        if kind == Command.HELLO:
            return Status.OK, self.greeting
        self.state, reply = link_of_chain(self.state, kind, addr, payload)
        return Status.OK, reply


def link_of_chain(state, kind, addr, payload):
    """Return the next state of a Chain and its reply of ``addr % 62`` words."""
    state = zlib.crc32(bytes((kind, addr & 0xFF, addr >> 8)) + payload, state)
    return state, state.to_bytes(4, "little") * (addr % 62)
