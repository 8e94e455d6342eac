"""The device side of the link in Python: frames in, each command executed once, replies out."""

from collections import Counter

from boldhost.transport import Transport

from boldhw.spec.order import Order
from boldhw.spec.protocol import FRAME_WINDOW, REPLY, Command, Status, decode, encode


class Refusal(Exception):
    """Ends a command with a status other than OK."""


def order_of(registers, names):
    """Return the Order that registers describe. names: Register or OpRegister."""
    order = Order(registers[names.ORDER_SAMPLES], 0)
    order.taps, order.state = registers[names.ORDER_TAPS], registers[names.ORDER_STATE]
    order._next = order._table(1 << order.samples.bit_length())
    return order


class BoardLink(Transport):
    """A board seen through a Transport; a method of a subclass executes each command.

    ``_hello(addr, payload)`` and so on return the payload of the reply, or raise Refusal.

    ``on_request`` and ``on_reply`` take (count, frame) of each frame, delimiter included, and
    return the bytes that arrive instead: the place to lose, damage or repeat some. ``executed``
    counts executions by Command.
    """

    def __init__(self, on_request=None, on_reply=None):
        self.on_request = on_request or (lambda count, frame: frame)
        self.on_reply = on_reply or (lambda count, frame: frame)
        self.requests = self.replies = 0
        self.executed = Counter()
        self.closed = False
        self.restart_link()

    def restart_link(self):
        """Forget frames, as after power-on."""
        self.seq, self.stored = None, [b""] * FRAME_WINDOW
        self.received, self.sent = bytearray(), bytearray()

    # Transport

    def write(self, data):
        *frames, rest = bytes(self.received + data).split(b"\0")
        self.received[:] = rest
        for frame in frames:
            self._arrive(frame + b"\0")

    def read(self, timeout):
        data = bytes(self.sent)
        self.sent.clear()
        return data

    def close(self):
        self.closed = True

    # Link

    def _arrive(self, frame):
        if len(frame) > 1:
            self.requests += 1
            frame = self.on_request(self.requests, frame)
        *frames, self._rest = frame.split(b"\0")
        for part in filter(None, frames):
            message = decode(part)
            if message:
                self._handle(*message)
            else:
                self._send(b"\0")

    def _handle(self, kind, seq, addr, payload):
        place = seq % FRAME_WINDOW
        if kind == Command.HELLO or (self.seq is not None and seq == (self.seq + 1) & 0xFF):
            self.seq, (status, reply) = seq, self._execute(kind, addr, payload)
            self.stored[place] = encode(kind | REPLY, seq, status, reply)
        self._send(self.stored[place] or b"\0")

    def _send(self, frame):
        self.replies += 1
        self.sent += self.on_reply(self.replies, frame)

    def _execute(self, kind, addr, payload):
        try:
            command = Command(kind)
        except ValueError:
            return Status.UNKNOWN_COMMAND, b""
        try:
            reply = getattr(self, f"_{command.name.lower()}")(addr, payload)
        except Refusal as refusal:
            return refusal.args[0], b""
        self.executed[command] += 1
        return Status.OK, reply

    @staticmethod
    def _check(condition, status):
        if not condition:
            raise Refusal(status)
