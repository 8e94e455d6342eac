"""``boldhw build``."""

from dataclasses import asdict

import click

from boldhw.cli import options
from boldhw.cli.output import say, verb
from boldhw.errors import CheckError


@verb(exit_code=lambda result: 0 if result["timing_met"] else CheckError.exit_code)
@options.board
@click.option("--output", type=options.DIRECTORY, help="Default: build/BOARD.")
def build(board, output):
    """Build the bitstream of a board with Yosys and nextpnr.

    Exit code 1 when the fastest of three placements is too slow for the board's clock.
    """
    from boldhw.build import build as run_build

    output = output or f"build/{board.name}"
    say(f"Building {board.name} into {output}, some minutes ...")
    return asdict(run_build(board, output))
