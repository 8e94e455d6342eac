"""A client reaches registers and memories of a board, and refuses foreign boards by name."""

import zlib
from dataclasses import replace

import pytest
from boldhost.client import Client
from boldhost.link import Link
from support.driver_case import ENGINE
from support.golden_board import CLOCK_HZ, GoldenBoard

from boldhw.errors import ConfigError, DataError, DeviceError
from boldhw.spec.protocol import (
    COUNTERS,
    IDENTITY,
    MAX_PAYLOAD,
    Bank,
    Command,
    Register,
    identity_bytes,
)


def connect(config=ENGINE):
    """Return a board and a client of it."""
    board = GoldenBoard(config)
    return board, Client(Link(board))


def test_memories_are_within_reach():
    _, client = connect()
    data = bytes(range(200)) * 4
    client.write_memory(Bank.DATA, 500, data)
    assert client.read_memory(Bank.DATA, 500, 100) == data
    assert client.memory_crc(Bank.DATA, 500, 100) == zlib.crc32(data)
    assert client.memory_crc(Bank.DATA, 501, 99) == zlib.crc32(data[8:])


def test_items_are_those_of_the_engine():
    _, client = connect(replace(ENGINE, store="sdram", store_bytes=1 << 17))
    sizes = {bank: client.item_bytes(bank) for bank in Bank}
    assert sizes == {Bank.DATA: 8, Bank.WEIGHTS: 4, Bank.STORE: 2}


def test_parts_of_items_are_refused_before_anything_is_sent():
    board, client = connect()
    before = board.requests
    with pytest.raises(DataError, match="13 bytes are no whole number of 8-byte items"):
        client.write_memory(Bank.DATA, 0, bytes(13))
    assert board.requests == before


def test_registers_are_within_reach_until_a_reset():
    _, client = connect()
    client.write_register(Register.MARGIN, 0xABCD)
    assert client.read_register(Register.MARGIN) == 0xABCD
    client.reset()
    assert client.read_register(Register.MARGIN) == 0


@pytest.mark.parametrize("value", [-1, 1 << 16])
def test_a_value_that_no_register_holds_is_refused_before_anything_is_sent(value):
    board, client = connect()
    before = board.requests
    with pytest.raises(ConfigError, match="value"):
        client.write_register(Register.MARGIN, value)
    assert board.requests == before


def test_counters_have_their_names():
    _, client = connect()
    client.reset()
    assert client.stat() == dict.fromkeys(COUNTERS, 0) | {"flips": (0,) * ENGINE.max_layers}


def test_many_commands_are_sent_as_frames_allow():
    """No frame is longer than the link carries, and none is sent in vain."""
    board, client = connect()
    filled = 30  # rows of 8 bytes, and the bank, in MAX_PAYLOAD bytes
    assert 8 * filled + 1 <= MAX_PAYLOAD < 8 * (filled + 1)
    for rows in (3 * filled, 2 * filled + 1):
        before = board.executed.copy()
        client.write_memory(Bank.DATA, 0, bytes(8 * rows))
        client.read_memory(Bank.DATA, 0, rows)
        assert board.executed - before == {Command.MEM_WRITE: 3, Command.MEM_READ: 3}


def test_an_unexpected_reply_size_is_an_error():
    board, client = connect()
    board._stat = lambda addr, payload: bytes(3)
    with pytest.raises(DeviceError, match="reply to STAT has 3 bytes, not 44"):
        client.stat()


def greetings():
    good = identity_bytes(ENGINE, CLOCK_HZ)
    yield b"HELO" + good[4:], "greets with 48454c4f.*boldhw flash"
    yield b"", "greets with nothing"
    yield good[:-1], "greeting of 37 bytes is not that of protocol version 4, which has 38"
    yield good[:4] + b"\x09" + good[5:], "protocol version 9, this driver version 4"
    yield good[:6] + bytes(8) + good[14:], "has design 0000000000000000.*another version"
    yield good[:14] + b"\x01" + good[15:], "impossible design: elements=1"


@pytest.mark.parametrize(("greeting", "message"), list(greetings()))
def test_a_foreign_device_is_refused_by_name(greeting, message):
    board = GoldenBoard(ENGINE)
    board.greeting = greeting
    with pytest.raises(DeviceError, match=message):
        Client(Link(board))
    assert len(identity_bytes(ENGINE, CLOCK_HZ)) == IDENTITY.size


def test_another_design_than_expected_is_refused_by_name():
    board = GoldenBoard(ENGINE)
    with pytest.raises(DeviceError, match="batch=8 instead of 4, decay=True instead of False"):
        Client(Link(board), replace(ENGINE, batch=4, decay=False))


def test_open_closes_the_port_of_a_refused_device(monkeypatch):
    board = GoldenBoard(ENGINE)
    monkeypatch.setattr("boldhost.client.open_transport", lambda *arguments: board)
    with pytest.raises(DeviceError, match="instead of"):
        Client.open("COM3", replace(ENGINE, batch=4))
    assert board.closed
    board = GoldenBoard(ENGINE)
    with Client.open("COM3", ENGINE) as client:
        assert client.config == ENGINE
        assert not board.closed
    assert board.closed
