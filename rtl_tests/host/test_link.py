"""The link gets every command executed once, whatever is lost on the way."""

import pytest
from boldhost.link import Link
from boldhost.transport import Transport
from support.frame_faults import FAULTS, drop
from support.golden_board import GoldenBoard

from boldhw.errors import DeviceError
from boldhw.spec.engine import EngineConfig
from boldhw.spec.protocol import FRAME_WINDOW, REPLY, Command, Register, decode, encode

ENGINE = EngineConfig(
    elements=4, lanes=8, batch=8, accumulator_bits=6, weight_rows=64, data_rows=512,
    signal_rows=64, max_fan_in=64,
)  # fmt: skip
VALUE = (7).to_bytes(2, "little")


def only(fault, *counts):
    """Return a frame hook that applies ``fault`` to the frames with these counts."""
    return lambda count, frame: fault(frame) if count in counts else frame


def connect(tries=5, **hooks):
    board = GoldenBoard(ENGINE, **hooks)
    link = Link(board, timeout=0.5, tries=tries)
    link.hello()
    return board, link


def test_a_call_returns_the_reply():
    board, link = connect()
    link.call(Command.REG_WRITE, Register.MARGIN, VALUE)
    assert link.call(Command.REG_READ, Register.MARGIN) == VALUE
    assert board.executed == {
        Command.HELLO: FRAME_WINDOW,
        Command.REG_WRITE: 1,
        Command.REG_READ: 1,
    }


class Stopped(GoldenBoard):
    """Seen by a process that is stopped for an hour whenever it has looked at the clock."""

    hours = 0

    def clock(self):
        self.hours += 1
        return 3600.0 * self.hours


def test_a_process_that_is_stopped_does_not_take_that_for_silence():
    link = Link(Stopped(ENGINE), timeout=0.5)
    link.hello()
    for _ in range(20):
        link.call(Command.REG_WRITE, Register.MARGIN, VALUE)
    assert link.resent == 0


@pytest.mark.parametrize("side", ["on_request", "on_reply"])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_command_is_executed_once(fault, side):
    """Frames 3 to 40, every third, are harmed; 60 writes are executed 60 times."""
    board, link = connect(**{side: only(fault, *range(3, 40, 3))})
    for value in range(60):
        link.call(Command.REG_WRITE, Register.MARGIN, value.to_bytes(2, "little"))
        assert board.registers[Register.MARGIN] == value
    assert board.executed[Command.REG_WRITE] == 60


def test_sequence_numbers_wrap():
    board, link = connect()
    for _ in range(600):
        link.call(Command.REG_WRITE, Register.MARGIN, VALUE)
    assert board.executed[Command.REG_WRITE] == 600
    assert link.resent == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_hello_survives_faults(fault):
    board, _ = connect(on_request=only(fault, 1), on_reply=only(fault, 2))
    assert board.executed[Command.HELLO] >= 1


def test_half_a_frame_left_in_the_device_does_not_swallow_hello():
    board = GoldenBoard(ENGINE)
    board.write(encode(Command.RESET, 9, 0)[:5])
    link = Link(board, timeout=0.5)
    link.hello()
    assert link.resent == 0


def test_a_dead_device_is_named_after_all_tries():
    board = GoldenBoard(ENGINE, on_request=lambda count, frame: b"")
    with pytest.raises(
        DeviceError, match="no answer to HELLO after 3 tries of up to 0.5 s.*powered"
    ):
        Link(board, timeout=0.5, tries=3).hello()
    assert board.requests == 3


def test_nothing_is_sent_while_the_state_is_unknown():
    """A reply that never came may belong to an executed command: only HELLO helps."""
    board, link = connect(tries=2, on_reply=only(drop, 3, 4))
    with pytest.raises(DeviceError, match="no answer to REG_WRITE"):
        link.call(Command.REG_WRITE, Register.MARGIN, VALUE)
    assert board.executed[Command.REG_WRITE] == 1
    before = board.requests
    with pytest.raises(DeviceError, match="broke down in the middle"):
        link.call(Command.REG_READ, Register.MARGIN)
    assert board.requests == before
    link.hello()
    assert link.call(Command.REG_READ, Register.MARGIN) == VALUE


def test_an_interrupted_command_blocks_the_next_one():
    def interrupt(count, frame):
        if count == 3:
            raise KeyboardInterrupt
        return frame

    board, link = connect(on_reply=interrupt)
    with pytest.raises(KeyboardInterrupt):
        link.call(Command.REG_WRITE, Register.MARGIN, VALUE)
    with pytest.raises(DeviceError, match="broke down in the middle"):
        link.call(Command.REG_WRITE, Register.MARGIN, VALUE)
    assert board.executed[Command.REG_WRITE] == 1


def test_a_device_that_counts_otherwise_executes_nothing():
    """As when another program has talked to it: the link gives up and says so."""
    board, link = connect()
    board.seq = (board.seq + 99) & 0xFF
    with pytest.raises(DeviceError, match="answers, but not to REG_WRITE.*another program"):
        link.call(Command.REG_WRITE, Register.MARGIN, VALUE)
    assert board.executed == {Command.HELLO: FRAME_WINDOW}


def test_a_command_that_may_have_run_is_not_repeated():
    """Its first copy gets no answer, its second one meets a restarted device."""
    board, link = connect()

    def restart(count, frame):
        if count == 4:
            board.power_cycle()
        return frame if count > 3 else b""

    board.on_request = restart
    with pytest.raises(DeviceError, match="answers, but not to REG_WRITE: it has restarted"):
        link.call(Command.REG_WRITE, Register.MARGIN, VALUE)
    assert board.executed[Command.REG_WRITE] == 0
    with pytest.raises(DeviceError, match="broke down"):
        link.call(Command.STAT)


@pytest.mark.parametrize(
    ("command", "addr", "payload", "message"),
    [
        (Command.REG_READ, 77, b"", "refused REG_READ: the address lies outside"),
        (Command.REG_WRITE, 1, b"x", "refused REG_WRITE: the payload has the wrong length"),
        (Command.TRAIN, 1, b"x", "refused TRAIN: no network is loaded"),
    ],
)
def test_a_refusal_names_command_and_reason(command, addr, payload, message):
    _, link = connect()
    with pytest.raises(DeviceError, match=message):
        link.call(command, addr, payload)
    link.call(Command.STAT)  # the link goes on


def test_an_unknown_status_is_an_error():
    board, link = connect()
    board._execute = lambda *_: (77, b"")
    with pytest.raises(DeviceError, match="refused STAT: it gives the unknown status 77"):
        link.call(Command.STAT)


def test_a_reply_in_pieces_is_put_together():
    board, link = connect()
    whole = board.read
    pieces = []

    def read(timeout):
        pieces.extend(whole(timeout))
        return bytes((pieces.pop(0),)) if pieces else b""

    board.read = read
    link.call(Command.REG_WRITE, Register.MARGIN, VALUE)
    assert decode(board.stored[board.seq % FRAME_WINDOW][:-1])[0] == Command.REG_WRITE | REPLY
    assert link.resent == 0


def test_endless_noise_ends_in_a_time_out():
    board = GoldenBoard(ENGINE)
    board.read = lambda timeout: b"\x55\0"
    with pytest.raises(DeviceError, match="no answer to HELLO"):
        Link(board, timeout=0.01, tries=2).hello()


class Port(Transport):
    """A port at which ``answer(written)`` comes in 10 ms after each write, or without any."""

    name = "/dev/ttyUSB9"

    def __init__(self, answer):
        self.answer, self.written, self.time = answer, b"", 0.0

    def write(self, data):
        self.written = data

    def read(self, timeout):
        self.time += 0.01
        written, self.written = self.written, b""
        return self.answer(written)

    def close(self):
        pass

    def clock(self):
        return self.time


@pytest.mark.parametrize("rubbish", [b"# ready\r\n", b"\x80\0\xf8\0", b"\0\0\0", b"U"])
def test_a_port_that_babbles_is_given_up_soon_and_what_it_says_is_shown(rubbish):
    """Fault 21: after a few seconds, not after a thousand tries of any length."""
    port = Port(lambda written: rubbish)
    first = rubbish.hex(" ")
    words = f"no answer to HELLO: bytes come from /dev/ttyUSB9, .*the first are {first}.*baud rate"
    with pytest.raises(DeviceError, match=words):
        Link(port).hello()
    assert 3.9 < port.time < 6


def test_rx_wired_to_tx_is_told():
    """Fault 21: what was sent comes back."""
    port = Port(lambda written: written)
    with pytest.raises(DeviceError, match="ttyUSB9 comes back from it, so its RX and TX are conn"):
        Link(port).hello()
    assert port.time < 6


def test_a_port_that_babbles_before_it_is_a_board_is_waited_for():
    """A boot message of three seconds ends in a greeting, as ever."""
    board = GoldenBoard(ENGINE)

    def answer(written):
        if port.time < 3:
            return b"booting\0"
        board.write(written)
        return board.read(0)

    port = Port(answer)
    Link(port).hello()
    assert board.executed == {Command.HELLO: FRAME_WINDOW}


def test_close_closes_the_transport():
    board, link = connect()
    link.close()
    assert board.closed
    with pytest.raises(DeviceError):
        link.call(Command.STAT)
