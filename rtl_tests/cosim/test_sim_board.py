"""The simulated board carries bytes, counts cycles, never hangs, and starts afresh."""

import ctypes

import pytest
from support.echo import echo_verilog

from boldhw.cosim import transport as cosim_board
from boldhw.cosim.transport import CYCLES_PER_SECOND, QUIET_CYCLES, RESET_CYCLES, SimTransport
from boldhw.errors import DeviceError, ToolError


@pytest.fixture
def board():
    board = SimTransport(verilog=echo_verilog())
    yield board
    board.close()


def test_bytes_come_back_frame_by_frame(board):
    board.write(b"one\0two\0thr")
    board.write(b"ee\0")
    assert [board.read(1) for _ in range(3)] == [b"one\0", b"two\0", b"three\0"]
    assert not board.busy


def test_a_byte_takes_a_cycle(board):
    """The echo's latency is 2 cycles, so n bytes are out n + 2 cycles after the first went in."""
    data = bytes(range(1, 201)) + b"\0"
    start = board.cycles
    board.write(data)
    assert board.read(1) == data
    assert board.cycles - start == len(data) + 2


def test_more_than_fits_the_output_takes_several_reads(board):
    data = b"\x07" * 10_000 + b"\0"
    board.write(data)
    got = b""
    while board.busy:
        got += board.read(1)
    assert got == data


def test_an_idle_board_is_read_in_no_time(board):
    start = board.cycles
    assert board.read(60) == b""
    assert board.cycles - start == QUIET_CYCLES


def test_a_time_out_is_counted_in_cycles(board):
    board.write(b"half a frame")
    start = board.cycles
    board.write(b"\0")
    board._waiting += 1  # as after a frame that the board does not answer
    assert board.read(1) == b"half a frame\0"
    assert board.read(0.01) == b""
    assert board.cycles - start == len(b"half a frame\0") + 2 + 0.01 * CYCLES_PER_SECOND


def test_an_unanswered_frame_is_given_up(board, monkeypatch):
    monkeypatch.setattr(cosim_board, "REPLY_CYCLES", 5_000)
    board.write(b"x\0")
    board._waiting += 1
    board.read(1)
    for _ in range(4):
        assert board.busy
        board.run(1_250)
    assert not board.busy


def test_boards_are_independent(board):
    other = SimTransport(verilog=echo_verilog(offset=1))
    board.write(b"AB\xff")
    other.write(b"AB\xff")
    assert other.read(1) == b"BC\0"
    assert board.run(10) == b"AB\xff"
    assert board.cycles != other.cycles
    other.close()


def test_power_cycle_forgets(board):
    board.write(b"abc")
    board.run(2)
    board.power_cycle()
    assert board.cycles == RESET_CYCLES
    assert not board.busy
    board.write(b"x\0")
    assert board.read(1) == b"x\0"


def test_a_closed_board_is_an_error(board):
    board.close()
    board.close()
    for use in (lambda: board.write(b"x"), lambda: board.read(1), lambda: board.cycles):
        with pytest.raises(DeviceError, match="closed; open it again"):
            use()


def test_a_window_of_cycles_is_traced(tmp_path):
    path = tmp_path / "echo.vcd"
    board = SimTransport(verilog=echo_verilog(), trace=path, window=(10, 19))
    board.write(b"trace me\0")
    board.run(100)
    board.close()
    text = path.read_text()
    assert "tx_payload" in text
    times = [int(line[1:]) for line in text.splitlines() if line.startswith("#")]
    assert times == list(range(20, 40))


def test_a_damaged_library_is_named(tmp_path, monkeypatch):
    library = tmp_path / "damaged.so"
    library.write_bytes(b"no library")
    monkeypatch.setattr(cosim_board, "build_library", lambda *_: library)
    with pytest.raises(ToolError, match=r"cannot load .*damaged.so.*delete it"):
        SimTransport(verilog="")


def test_the_shim_has_the_functions_that_python_declares(board):
    assert board._library.board_run.argtypes[1] is ctypes.c_char_p
    assert board._library.board_cycles.restype is ctypes.c_uint64
