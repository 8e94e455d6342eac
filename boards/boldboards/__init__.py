"""Boards: pins, clocks and how to program them."""

from boldboards.board import Board
from boldboards.colorlight import COLORLIGHT_I5, COLORLIGHT_I9
from boldboards.icebreaker import ICEBREAKER
from boldboards.tang_nano_20k import TANG_NANO_20K
from boldboards.ulx3s import ULX3S
from boldboards.upduino_v3 import UPDUINO_V3
from boldhw.errors import ConfigError

BOARDS = {
    board.name: board
    for board in (ICEBREAKER, ULX3S, TANG_NANO_20K, COLORLIGHT_I5, COLORLIGHT_I9, UPDUINO_V3)
}

__all__ = ["BOARDS", "Board", "find_board"]


def find_board(name: str) -> Board:
    """Return the Board of this name. Raises ConfigError, naming the known ones."""
    if name not in BOARDS:
        raise ConfigError(f"board {name!r} is not known; known boards: {', '.join(BOARDS)}")
    return BOARDS[name]
