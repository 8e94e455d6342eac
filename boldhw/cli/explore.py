"""``boldhw explore``."""

from dataclasses import asdict
from pathlib import Path

import click

from boldhw.cli import arrays, ops, options
from boldhw.cli.output import say, table, verb
from boldhw.data.files import check_writable, replace_file
from boldhw.errors import ConfigError

COLUMNS = (
    "elements", "lanes", "batch", "accumulator_bits", "popcount_registers", "lut4", "ram_blocks",
    "training_per_second",
)  # fmt: skip
OP_COLUMNS = (
    "elements", "lanes", "planes", "transposers", "lut4", "ram_blocks", "training_per_second",
)  # fmt: skip
# Options of an array that all engines of a search have; the others are searched.
SAME = (
    "batch", "dual_port", "serial", "plain", "uncounted", "sum_bits", "side_bits",
    "window_kernels",
)  # fmt: skip
ARRAY = options.stacked(
    *(option for name, option in zip(ops.DEFAULTS, ops.ARRAY, strict=True) if name in SAME)
)


def _text(result):
    return table(result["front"], list(OP_COLUMNS if result["ops"] else COLUMNS))


@verb(text=_text)
@options.board
@options.network
@options.of_store
@click.option("--output", type=options.DIRECTORY, help="Default: build/explore/BOARD.")
@click.option(
    "--least-bits", type=click.IntRange(4, 8), default=4, show_default=True, help="Of accumulators."
)
@click.option("--verify", type=click.IntRange(0), default=0, help="Build the best N for real.")
@options.scheduler
@arrays.OPS
@ARRAY
def explore(board, network, store, output, least_bits, verify, scheduler, wants_ops, **array):
    """Search the engines that a board can hold: samples per second against LUT4.

    Engines for chains of dense layers; those of op lists with --ops, or for a network with
    convolutions or a graph, or if an option from --batch on is given, which all of them have then.
    Estimates at the board's clock; the cost of an engine does not say how
    fast it can be clocked. Builds that are done already are not done again.
    """
    from boldhw.flow import explore as search
    from boldhw.flow import op_explore
    from boldhw.flow.build import check_gateware

    given = {name: value for name, value in array.items() if value is not None}
    runs_ops = wants_ops or bool(given) or not network.is_chain
    if runs_ops and store:
        raise ConfigError(
            "the logic of a store beside an engine of op lists is not estimated; leave out --store"
        )
    board = board.with_store() if store else board
    output = Path(output or f"build/explore/{board.name}")
    output.mkdir(parents=True, exist_ok=True)  # now, not when all is done
    file = output / "front.svg"
    check_writable(file)
    if runs_ops:
        points = op_explore.search(board, network, least_bits, given)
    else:
        points = search.search(board, network, least_bits)
    front = search.pareto(points)
    best = sorted(front, key=lambda each: -each.training_per_second)[:verify]
    if best and scheduler is None:
        check_gateware()  # rather than say it of each build
    if best:
        say(f"Building {len(best)} engines, some minutes each ...")
    built = search.verify(best, board, network, output, scheduler) if best else []
    replace_file(file, search.picture(front, [each for each in built if "error" not in each]))
    return {
        "board": board.name,
        "network": str(network) if runs_ops else list(network.widths),
        "ops": runs_ops,
        "engines": len(points),
        "front": [asdict(point) for point in front],
        "built": built,
        "plot": str(file),
    }
