"""Frames over a transport: each command gets its reply and is executed once."""

import time
from typing import NamedTuple

from boldhw.errors import DeviceError
from boldhw.protocol import (
    MAX_PAYLOAD,
    REASONS,
    REPLY,
    Command,
    Status,
    decode,
    encode,
)

TIMEOUT = 2.0
TRIES = 5


class Reply(NamedTuple):
    """What a device answered, and how many copies of the frame it took."""

    payload: bytes
    status: int
    copies: int


class Link:
    """Stop-and-wait link to one device, see :mod:`boldhw.protocol`.

    A frame without an answer is sent again with its sequence number; the device then repeats its
    reply but not the command. When all tries fail it is unknown whether the command was executed,
    so the link refuses every command until :meth:`hello`.

    Parameters
    ----------
    transport : Transport
        Pipe to the device. The link closes it.
    timeout : float
        Seconds to wait for a reply.
    tries : int
        How often one frame is sent before the link gives up.
    """

    def __init__(self, transport, timeout=TIMEOUT, tries=TRIES):
        self._transport = transport
        self._timeout = timeout
        self._tries = tries
        self._seq = 0
        self._ready = False
        self._received = bytearray()
        self.resent = 0  # frames sent again, a measure of the line's quality

    def hello(self):
        """Greet the device, synchronise the sequence numbers and return the HELLO payload.

        Raises DeviceError if nothing answers.
        """
        return self._exchange(Command.HELLO, 0, b"").payload

    def call(self, command, addr=0, payload=b""):
        """Have the device execute one command and return the payload of its reply.

        ``addr`` is 0..65535, ``payload`` has at most 246 bytes. Raises DeviceError if the device
        refuses or does not answer.
        """
        assert len(payload) <= MAX_PAYLOAD
        if not self._ready:
            raise DeviceError(
                "the link broke down in the middle of a command, so the device's state is "
                "unknown; open the device again and load the network"
            )
        reply = self._exchange(command, addr, payload)
        if reply.status == Status.OUT_OF_SEQUENCE and reply.copies == 1:
            # The only copy was refused, so nothing has been executed: start over once.
            self.hello()
            reply = self._exchange(command, addr, payload)
        self._check(command, reply)
        return reply.payload

    def _check(self, command, reply):
        if reply.status == Status.OUT_OF_SEQUENCE:
            self._ready = False
            raise DeviceError(
                f"the device lost count of the frames at {command.name}, as after a restart or "
                f"when another program talks to it; open it again and load the network"
            )
        if reply.status != Status.OK:
            reason = REASONS.get(reply.status, f"it gives the unknown status {reply.status}")
            raise DeviceError(f"the device refused {command.name}: {reason}")

    def close(self):
        """Close the transport."""
        self._ready = False
        self._transport.close()

    def _exchange(self, command, addr, payload):
        """Return the Reply to a frame with the next sequence number."""
        self._ready = False  # also after an exception or Ctrl-C from here on
        seq = (self._seq + 1) & 0xFF
        frame = encode(command, seq, addr, payload)
        for copies in range(1, self._tries + 1):
            self.resent += copies > 1
            # The delimiter in front ends whatever a damaged frame has left in the device.
            fresh = copies == 1 and command != Command.HELLO
            self._transport.write(frame if fresh else b"\0" + frame)
            message = self._await_reply(command | REPLY, seq)
            if message:
                self._seq, self._ready = seq, True
                return Reply(payload=message[3], status=message[2], copies=copies)
            self._received.clear()
        raise DeviceError(
            f"no answer to {command.name} after {self._tries} tries of {self._timeout:g} s; check "
            f"that this is the board's port, that the board is powered and programmed (boldhw "
            f"flash), and that its baud rate is the driver's"
        )

    def _await_reply(self, kind, seq):
        """Return the awaited message (type, seq, status, payload), None when time is over."""
        deadline = time.monotonic() + self._timeout
        left = self._timeout
        while left > 0:
            data = self._transport.read(left)
            if not data:
                return None
            for frame in self._split(data):
                message = decode(frame)
                if message and message[:2] == (kind, seq):
                    return message
            left = deadline - time.monotonic()
        return None

    def _split(self, data):
        """Yield the frames that ``data`` completes, without their delimiters."""
        self._received += data
        while (end := self._received.find(0)) >= 0:
            frame = bytes(self._received[:end])
            del self._received[: end + 1]
            yield frame
