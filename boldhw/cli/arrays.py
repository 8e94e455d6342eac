"""Engines of op lists for verbs that build, write, simulate or drive one."""

import functools
from dataclasses import dataclass, field, replace
from typing import Any

import click
from boldboards import find_board

from boldhw.cli import ops
from boldhw.cli.options import NETWORK, BoardType, check_store, stacked
from boldhw.errors import ConfigError
from boldhw.flow.op_lists import made_for
from boldhw.spec.layout import Layout
from boldhw.spec.ops.link import LinkedArray

USUAL = "icebreaker"  # whose engine there is without a board
OPS = click.option("--ops", "wants_ops", is_flag=True, help="An engine of op lists.")
MADE_FOR = click.option(
    "--made-for",
    is_flag=True,
    help="An engine of op lists for --network alone: what its ops have in common is constant.",
)
HELD = click.option(
    "--network",
    type=NETWORK,
    help="What the engine must hold; one with convolutions asks for op lists.",
)


@dataclass
class Choice:
    """The engine that a command line asks for.

    network     that it must hold, or None
    is_wanted   whether it has to run op lists, whatever the network is
    given       parameters of an ArraySize, in place of those of the board or the file
    has_store   whether --store was given
    made_for    whether --made-for was: the array takes no other program than the network's
    config      EngineConfig or LinkedArray of --config, or the config of the board, or None
    board       Board of --board, or None
    """

    network: Any
    is_wanted: bool
    given: dict[str, Any] = field(default_factory=dict)
    has_store: bool = False
    config: Any = None
    board: Any = None
    made_for: bool = False

    @property
    def runs_ops(self):
        """Whether the engine runs op lists."""
        is_graph = self.network is not None and not self.network.is_chain
        return self.is_wanted or is_graph or bool(self.config and self.config.runs_ops)

    def engine(self):
        """Return an EngineConfig, a LinkedArray, or None if nothing was asked for.

        Raises ConfigError for one that does not hold the network.
        """
        if self.runs_ops:
            found = self.array()
            if self.network is not None:
                if self.made_for:
                    return replace(found, size=made_for(self.network, found.size))
                ops.program_of(self.network, found.size)
            elif self.made_for:
                raise ConfigError("--made-for is for the network that --network names; add it")
            return found
        if self.network is not None:
            engine: Any = self.config or find_board(USUAL).config
            Layout(engine, self.network)
        return self.config

    def array(self):
        """Return the LinkedArray; the network is not looked at."""
        if self.config and self.config.runs_ops:
            size = self.config.size
        elif self.config and not self.board:
            raise ConfigError(
                "--config holds an engine that runs no op lists, and they are asked for; "
                "boldhw verilog --ops writes a file that can be used"
            )
        else:
            board = self.board or find_board(USUAL)
            size = board.size_of(self.given.get("inference", False))
        given = self.given
        if "elements" in given and "lanes" not in given:
            given = given | {"lanes": given["elements"] * size.granules}
        check_store(self.has_store, self.config)
        store = self.config.store_parameters if self.config else {}
        return LinkedArray(replace(size, **given), **store)


def flag(function):
    """Add ``--ops``; the function gets a Choice, ``choice``. The network is the verb's own option.

    Other sizes than those of boards come from a file.
    """

    @OPS
    @functools.wraps(function)
    def run(wants_ops, **others):
        choice = Choice(others["network"], wants_ops, {}, bool(others.get("store")))
        return function(**others, choice=choice)

    return run


def options(function):
    """Add the options that choose an engine, and ``--network``, which it must hold.

    The function gets a Choice, ``choice``.
    """

    @stacked(HELD, OPS, MADE_FOR, *ops.ARRAY)
    @functools.wraps(function)
    def run(network, wants_ops, made_for, **others):
        given = {name: others.pop(name) for name in ops.DEFAULTS}
        given = {name: value for name, value in given.items() if value is not None}
        has_store = bool(others.get("store"))
        choice = Choice(
            network, wants_ops or made_for or bool(given), given, has_store, made_for=made_for
        )
        return function(**others, choice=choice)

    return run


def of_design(function):
    """Add the options that choose an engine of op lists, but for ``--batch`` and its network.

    The function gets a Choice of what was given, ``choice``.
    """
    own = dict(zip(ops.DEFAULTS, ops.ARRAY, strict=True))
    del own["batch"]

    @stacked(OPS, *own.values())
    @functools.wraps(function)
    def run(wants_ops, **others):
        given = {name: others.pop(name) for name in own}
        given = {name: value for name, value in given.items() if value is not None}
        return function(**others, choice=Choice(None, wants_ops or bool(given), given))

    return run


def of_graph(function):
    """Add ``--board``: the engine that a simulated board runs a graph with.

    The function gets the Choice as ``choice``.
    """

    @click.option("--board", type=BoardType(), help="Whose engine sim has, for a graph of layers.")
    @functools.wraps(function)
    def run(board, **others):
        return function(**others, choice=Choice(None, False, board=board))

    return run


def refuse_board(choice, path):
    """Raise ConfigError for a board where a checkpoint of a chain says which engine it is for."""
    if choice.board:
        raise ConfigError(
            f"--board is for graphs of layers; {path} says which engine its chain is for: leave it "
            f"out"
        )
