"""``boldhw build``."""

from dataclasses import asdict

import click

from boldhw.cli import options
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
@click.option("--output", type=options.DIRECTORY, help="Default: build/BOARD.")
@click.option(
    "--seeds",
    type=Seeds(),
    default="1,2,3",
    show_default=True,
    help="Of nextpnr: a placement each.",
)
@options.of_store
def build(board, output, seeds, store):
    """Build the bitstream of a board with Yosys and nextpnr.

    Exit code 1 when the fastest of the placements is too slow for the board's clock.
    """
    from boldhw.flow.build import build as run_build

    board = board.with_store() if store else board
    output = output or f"build/{board.name}"
    say(f"Building {board.name} into {output}, some minutes ...")
    with shown() as watch:
        return asdict(run_build(board, output, seeds, watch))
