"""Frames over a transport: each command gets its reply and is executed once."""

import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from boldhost.transport import Transport
from boldhw.errors import DeviceError
from boldhw.spec.ops.protocol import ALL_REASONS
from boldhw.spec.protocol import (
    FRAME_WINDOW,
    MAX_PAYLOAD,
    REPLY,
    Command,
    Status,
    decode,
    encode,
)

Message = tuple[int, int, bytes]  # command, addr, payload
NAMES = {command.value: command.name for command in Command}
TIMEOUT = 2.0
TRIES = 5
SHORTEST_WAIT = 0.03  # seconds; a driver or USB chip that sleeps is no reason to send again
PATIENCE = 4  # times the slowest reply to the same command
ROUNDS = 1000  # of sending again to a device that answers, but not what is awaited
STRANGE = 2  # time-outs for which what comes may be no frame of the protocol, when it is greeted
SHOWN = 16  # bytes of that in a message


@dataclass
class _Request:
    """A frame on its way, when it was sent (None: more than once), and what was answered."""

    command: int
    frame: bytes
    since: float | None
    payload: bytes | None = None
    status: int = Status.OK


_Waiting = dict[int, _Request]  # by sequence number, the oldest first


@dataclass
class _Heard:
    """What has come since a greeting began: first bytes, and frames that are replies or echoes."""

    since: float
    start: bytes = b""
    replies: int = 0
    echoes: int = 0

    def check(self, name: str) -> None:
        """Raise the DeviceError that says why what came from ``name`` can be no device's."""
        if self.replies or not self.start:
            return
        if self.echoes:
            raise DeviceError(
                f"no answer to HELLO: what is sent to {name} comes back from it, so its RX and TX "
                f"are connected to each other; connect them to TX and RX of the board"
            )
        raise DeviceError(
            f"no answer to HELLO: bytes come from {name}, but no frame of the protocol (the first "
            f"are {self.start.hex(' ')}); another device is there, or its baud rate is not the "
            f"driver's: check that this is the board's port and that the board is programmed "
            f"(boldhw flash)"
        )


class Link:
    """Go-back-N link to one device, see :mod:`boldhw.spec.protocol`.

    Up to ``window`` frames wait for their replies. Each copy of a frame that reaches the device has
    one response, in order; when all copies have had theirs, or after a silence, the frames without
    a reply are sent again. The device repeats replies but not commands, so each command is executed
    once. When all tries fail it is unknown whether a command was executed, so the link refuses
    every command until :meth:`hello`.

    Parameters
    ----------
    transport : Transport
        Pipe to the device. The link closes it.
    timeout : float
        Longest silence, in seconds, before a frame is sent again. It is shorter for commands whose
        usual time is known.
    tries : int
        Silences in a row after which the link gives up.

    Attributes: ``window`` and ``max_payload``, which the owner lowers to what the device says, and
    ``resent``, frames sent again, a measure of the line's quality.
    """

    def __init__(self, transport: Transport, timeout: float = TIMEOUT, tries: int = TRIES) -> None:
        self._transport = transport
        self._timeout = timeout
        self._tries = tries
        self._seq = secrets.randbelow(256)  # replies to an earlier program may still be on the way
        self._ready = False
        self._received = bytearray()
        # Sequence numbers of frames sent that may have a response yet.
        self._copies: deque[int] = deque()
        # By command, the longest time between frame and reply, in seconds.
        self._slowest: dict[int, float] = {}
        self._heard = _Heard(transport.clock())
        self.frame_window, self.max_payload = 1, MAX_PAYLOAD
        self.resent = 0

    def hello(self) -> bytes:
        """Greet the device, synchronise the sequence numbers and return the HELLO payload.

        Raises DeviceError if nothing answers.
        """
        self._ready = False
        self._copies.clear()
        self._heard = _Heard(self._transport.clock())
        for _ in range(FRAME_WINDOW):
            greeting = self._single(Command.HELLO)
        return greeting

    def call(self, command: int, addr: int = 0, payload: bytes = b"") -> bytes:
        """Have the device execute one command and return the payload of its reply.

        ``addr`` is 0..65535, ``payload`` has at most 246 bytes. Raises DeviceError if the device
        refuses or does not answer.
        """
        self._check_ready()
        return self._single(command, addr, payload)

    def calls(self, requests: Iterable[Message], receive: Callable[[bytes], None]) -> None:
        """Have the device execute many commands and give the payload of each reply to ``receive``.

        ``requests`` are (command, addr, payload) as :meth:`call` takes them; each is asked for when
        it can be sent. Raises DeviceError, when all is answered that was sent, if the device
        refuses one; ``receive`` is not called for it or any after it.
        """
        self._check_ready()
        self._stream(requests, receive, self.frame_window)

    def close(self) -> None:
        """Close the transport."""
        self._ready = False
        self._transport.close()

    def _check_ready(self) -> None:
        if not self._ready:
            raise DeviceError(
                "the link broke down in the middle of a command, so the device's state is "
                "unknown; open the device again and load the network"
            )

    def _single(self, command: int, addr: int = 0, payload: bytes = b"") -> bytes:
        replies: list[bytes] = []
        self._stream([(command, addr, payload)], replies.append, 1)
        return replies[0]

    def _stream(
        self, requests: Iterable[Message], receive: Callable[[bytes], None], window: int
    ) -> None:
        """Send ``requests``, at most ``window`` ahead of their replies; see :meth:`calls`."""
        unsent = iter(requests)
        waiting: _Waiting = {}
        refusal: DeviceError | None = None
        self._ready = False  # also after an exception or Ctrl-C from here on
        while True:
            while len(waiting) < window and not refusal and (request := next(unsent, None)):
                self._send_new(waiting, *request)
            if not waiting:
                break
            self._await_oldest(waiting)
            while waiting and (oldest := next(iter(waiting.values()))).payload is not None:
                del waiting[next(iter(waiting))]
                refusal = refusal or _refusal(oldest)
                if not refusal:
                    receive(oldest.payload)
        self._ready = True
        if refusal:
            raise refusal

    def _send_new(self, waiting: _Waiting, command: int, addr: int, payload: bytes) -> None:
        assert len(payload) <= MAX_PAYLOAD
        self._seq = (self._seq + 1) & 0xFF
        frame = encode(command, self._seq, addr, payload)
        waiting[self._seq] = _Request(command, frame, self._transport.clock())
        self._copies.append(self._seq)
        # The delimiter in front ends whatever an earlier program has left in the device.
        self._transport.write(b"\0" + frame if command == Command.HELLO else frame)

    def _send_again(self, waiting: _Waiting) -> None:
        """Send the frames without a reply again."""
        self._copies.clear()
        lost = {seq: request for seq, request in waiting.items() if request.payload is None}
        # The delimiter in front ends whatever a damaged frame has left in the device.
        self._transport.write(b"\0" + b"".join(request.frame for request in lost.values()))
        self._copies.extend(lost)
        self.resent += len(lost)
        for request in lost.values():
            request.since = None

    def _await_oldest(self, waiting: _Waiting) -> None:
        """Return when the oldest frame has its reply; send again what is lost until then."""
        oldest = next(iter(waiting.values()))
        wait, silences, rounds = self._wait(oldest.command), 0, 0
        while oldest.payload is None:
            frames = self._listen(wait)
            if frames:
                silences = 0
            else:
                silences, wait = silences + 1, min(2 * wait, self._timeout)
                self._copies.clear()
                self._received.clear()
            for frame in frames:
                self._take(frame, waiting)
            if oldest.payload is None and not self._copies:
                rounds += 1
                self._check_hope(oldest.command, silences, rounds)
                self._send_again(waiting)

    def _wait(self, command: int) -> float:
        """Return how long to wait for the reply to a command, in seconds."""
        usual = PATIENCE * self._slowest.get(command, self._timeout)
        return min(max(usual, SHORTEST_WAIT), self._timeout)

    def _check_hope(self, command: int, silences: int, rounds: int) -> None:
        hello = command == Command.HELLO
        if hello and (silences >= self._tries or rounds >= ROUNDS or self._is_strange()):
            self._heard.check(self._transport.name)
        if silences >= self._tries or (rounds >= ROUNDS and hello):
            raise DeviceError(
                f"no answer to {_name(command)} after {rounds} tries of up to "
                f"{self._timeout:g} s; check that this is the board's port, that the board is "
                f"powered and programmed (boldhw flash), and that its baud rate is the driver's"
            )
        if rounds >= ROUNDS:
            raise DeviceError(
                f"the device answers, but not to {_name(command)}: it has restarted, "
                f"another program talks to it, or the line is too bad; check the cable, open the "
                f"device again and load the network"
            )

    def _is_strange(self) -> bool:
        """Return whether a greeting has had nothing but strange bytes for long enough."""
        since = self._transport.clock() - self._heard.since
        return since >= STRANGE * self._timeout and not self._heard.replies

    def _listen(self, wait: float) -> list[bytes]:
        """Return the frames that end next, without delimiters; none when ``wait`` is over.

        Bytes are looked for once more behind that: this process may have been stopped meanwhile.
        """
        left = wait
        frames: list[bytes] = []
        deadline = self._transport.clock() + wait
        while not frames and left > 0:
            left = deadline - self._transport.clock()
            data = self._transport.read(max(left, 0))
            if not data:
                break
            self._heard.start += data[: SHOWN - len(self._heard.start)]
            *frames, rest = bytes(self._received + data).split(b"\0")
            self._received[:] = rest
        return frames

    def _take(self, frame: bytes, waiting: _Waiting) -> None:
        """Take one response: a reply, or anything else that stands for a frame that was lost."""
        message = decode(frame)
        request = waiting.get(message[1]) if message else None
        self._heard.replies += bool(message and message[0] & REPLY)
        self._heard.echoes += request is not None and frame + b"\0" == request.frame
        if message is None or request is None or message[0] != request.command | REPLY:
            if self._copies:
                self._copies.popleft()
            return
        seq = message[1]
        while seq in self._copies:
            self._copies.popleft()
        if request.payload is None:
            request.status, request.payload = message[2], message[3]
            if request.since is not None:
                took = self._transport.clock() - request.since
                self._slowest[request.command] = max(took, self._slowest.get(request.command, 0))


def _refusal(request: _Request) -> DeviceError | None:
    """Return the DeviceError that a reply stands for, None if the command was executed."""
    if request.status == Status.OK:
        return None
    reason = ALL_REASONS.get(request.status, f"it gives the unknown status {request.status}")
    return DeviceError(f"the device refused {_name(request.command)}: {reason}")


def _name(command: int) -> str:
    return NAMES.get(command, f"command {command:d}")
