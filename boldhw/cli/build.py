"""``boldhw build``."""

from dataclasses import asdict, replace

import click

from boldhw.cli import arrays, options
from boldhw.cli.building import shown
from boldhw.cli.output import say, verb
from boldhw.errors import CheckError


class Seeds(click.ParamType):
    """Integers written as 1,2,3."""

    name = "N,N,..."

    def convert(self, value, param, ctx):
        try:
            return tuple(int(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is no list of integers such as 1,2,3", param, ctx)


@verb(exit_code=lambda result: 0 if result["timing_met"] else CheckError.exit_code)
@options.board
@click.option("--config", type=options.FILE, help="JSON file of another engine for the board.")
@click.option("--output", type=options.DIRECTORY, help="Default: build/BOARD.")
@click.option(
    "--seeds",
    type=Seeds(),
    default="1,2,3",
    show_default=True,
    help="Of nextpnr: a placement each.",
)
@options.of_store
@arrays.options
def build(board, config, output, seeds, store, choice):
    """Build the bitstream of a board with Yosys and nextpnr.

    Its engine is the one that trains chains of dense layers; one of op lists with --ops, with a
    network with convolutions, or if an option from --elements on is given, which changes it.

    Exit code 1 when the fastest of the placements is too slow for the board's clock.
    """
    from boldhw.flow.build import build as run_build

    if own := options.read_config(config):
        board = replace(board, config=own, store_config=own)
    board = board.with_store() if store else board
    choice = replace(choice, config=board.config, board=None if own else board)
    found = choice.engine()
    ops = board.with_ops(found.size) if found.runs_ops else board
    board = replace(ops, config=found)
    output = output or f"build/{board.name}"
    say(f"Building {board.name} into {output}, some minutes ...")
    with shown() as watch:
        return asdict(run_build(board, output, seeds, watch))
