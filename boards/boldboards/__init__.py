"""Boards: pins, clocks and how to program them."""

from boldboards.board import Board
from boldboards.icebreaker import ICEBREAKER
from boldhw.errors import ConfigError

BOARDS = {board.name: board for board in (ICEBREAKER,)}

__all__ = ["BOARDS", "Board", "find_board"]


def find_board(name):
    """Return the Board of this name. Raises ConfigError, naming the known ones."""
    if name not in BOARDS:
        raise ConfigError(f"board {name!r} is not known; known boards: {', '.join(BOARDS)}")
    return BOARDS[name]
