"""``boldhw estimate``."""

from dataclasses import asdict

import click

from boldhw.cli import options
from boldhw.cli.output import verb


@verb()
@options.board
@click.option("--config", type=options.FILE, help="JSON file of another engine for the board.")
@options.network
def estimate(board, config, network):
    """Print what a network costs on a board and how fast it trains, without building it."""
    from boldhw.estimate import estimate as predict

    engine = options.read_engine(config) or board.engine
    return {
        "board": board.name,
        "network": list(network),
        "design_digest": engine.digest().hex(),
        **asdict(predict(engine, network, board)),
    }
