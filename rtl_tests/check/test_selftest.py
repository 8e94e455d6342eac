"""The self-test passes on a sound board and names what is wrong with a faulty one."""

from dataclasses import replace

import pytest
from boldhost.device import Device
from boldhost.link import Link
from support.driver_case import ENGINE
from support.golden_board import GoldenBoard
from support.tiny_run import TINY

from boldhw.check import selftest
from boldhw.errors import ConfigError
from boldhw.spec.engine import EngineConfig
from boldhw.spec.protocol import Bank, Register

NAMES = ["identity", "link", "data memory", "weight memory", "training"]


def run(board):
    """Return {name: check} of a board."""
    seen = []
    checks = selftest.selftest(Device(Link(board, timeout=0.1)), on_check=seen.append)
    assert checks == seen
    assert [check["name"] for check in checks] == NAMES + ["store"] * board.config.has_store
    assert all(bool(check["fix"]) is not check["ok"] for check in checks)
    return {check["name"]: check for check in checks}


def failed(checks):
    return [name for name, check in checks.items() if not check["ok"]]


@pytest.mark.parametrize(
    "config",
    [
        ENGINE,
        replace(TINY, data_rows=256, signal_rows=16, weight_rows=64, max_layers=1),
        replace(ENGINE, training=False, stochastic=False, decay=False),
    ],
)
def test_a_sound_board_passes(config):
    board = GoldenBoard(config)
    checks = run(board)
    assert not failed(checks)
    assert "equal to the golden model's" in checks["training"]["found"]


def test_a_noisy_line_passes_and_is_reported():
    board = GoldenBoard(ENGINE, on_request=lambda count, frame: frame if count % 40 else b"")
    checks = run(board)
    assert not failed(checks)
    assert ", 0 frames sent again" not in checks["link"]["found"]


def test_a_stuck_bit_of_the_data_memory_is_found():
    """One that the toy does not use, so that nothing else fails."""
    board = GoldenBoard(ENGINE)
    row, write = ENGINE.data_rows - 1, board._mem_write

    def stuck(addr, payload):
        reply = write(addr, payload)
        board.memories[Bank.DATA][row * ENGINE.data_bytes] |= 4
        return reply

    board._mem_write = stuck
    checks = run(board)
    assert failed(checks) == ["data memory"]
    assert "; 1 bits wrong" in checks["data memory"]["found"]


def test_two_rows_that_are_one_are_found():
    board = GoldenBoard(ENGINE)
    span = board._span

    def folded(bank, first, count):
        return span(bank, first % 32 if bank == Bank.WEIGHTS else first, count)

    board._span = folded
    assert "weight memory" in failed(run(board))


def test_wrong_answers_are_counted():
    board = GoldenBoard(ENGINE)
    read = board._reg_read
    board._reg_read = lambda addr, payload: b"\0\0" if addr == Register.MARGIN else read(addr, b"")
    checks = run(board)
    assert failed(checks) == ["link"]
    assert f"{selftest.EXCHANGES} wrong answers" in checks["link"]["found"]


def test_wrong_arithmetic_is_found():
    board = GoldenBoard(ENGINE)
    board._bits = lambda *arguments: ~GoldenBoard._bits(board, *arguments)
    checks = run(board)
    assert failed(checks) == ["training"]
    assert "golden model" in checks["training"]["found"]


def test_a_board_that_goes_away_fails_the_checks_that_are_left():
    board = GoldenBoard(ENGINE, on_request=lambda count, frame: frame if count < 100 else b"")
    checks = run(board)
    assert failed(checks) == NAMES[1:]
    assert "no answer" in checks["link"]["found"]


def test_an_engine_too_small_for_any_toy_is_said():
    with pytest.raises(ConfigError, match="network 8-4 needs"):
        selftest.toy_widths(replace(TINY, weight_rows=2))


def test_a_simulated_board_passes():
    config = EngineConfig(
        elements=4, lanes=16, batch=8, accumulator_bits=6, weight_rows=128, data_rows=2048,
        signal_rows=128, max_fan_in=256, stochastic=True, decay=True,
    )  # fmt: skip
    with Device.open("sim", config) as device:
        assert all(check["ok"] for check in selftest.selftest(device))


class WrongAddress(GoldenBoard):
    """A board whose store ignores one bit of its address."""

    def _span(self, bank, first, count):
        return super()._span(bank, first & ~64 if bank == Bank.STORE else first, count)


def test_a_store_is_checked_too():
    config = replace(ENGINE, store="sdram", store_bytes=1 << 18)
    assert not failed(run(GoldenBoard(config)))
    checks = run(WrongAddress(config))
    assert failed(checks) == ["store"]
    assert "lie at other addresses" in checks["store"]["found"]
    assert "without --store" in checks["store"]["fix"]
