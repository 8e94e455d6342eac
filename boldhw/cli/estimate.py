"""``boldhw estimate``."""

from dataclasses import asdict, replace

import click

from boldhw.cli import options
from boldhw.cli.output import verb


@verb()
@options.board
@click.option("--config", type=options.FILE, help="JSON file of another engine for the board.")
@options.network
@options.of_store
def estimate(board, config, network, store):
    """Print what a network costs on a board and how fast it trains, without building it."""
    from boldhw.flow.estimate import estimate as predict

    if given := options.read_config(config):
        board = replace(board, config=given, store_config=given)
    board = board.with_store() if store else board
    return {
        "board": board.name,
        "network": list(network.widths),
        "design_digest": board.config.digest().hex(),
        **asdict(predict(board.config, network, board)),
    }
