"""``boldhw estimate``."""

from dataclasses import asdict, replace

import click

from boldhw.cli import ops, options
from boldhw.cli.output import verb


@verb()
@options.board
@click.option("--config", type=options.FILE, help="JSON file of another engine for the board.")
@options.network
@options.of_store
@ops.of_board
def estimate(board, config, network, store, given):
    """Print what a network costs on a board and how fast it trains, without building it.

    A network with convolutions, or a graph, is estimated on the board's engine of op lists; so is
    a chain if an option from --elements on is given. These change the engine. Cycles of op lists
    are those of a model, which the engine equals where it is made; block RAMs are exact.
    """
    from boldhw.flow.estimate import estimate as predict

    if engine := options.read_config(config):
        board = replace(board, config=engine, store_config=engine)
    if given or not network.is_chain or board.config.runs_ops:
        return ops.estimated(board, network, given, engine, store)
    board = board.with_store() if store else board
    return {
        "board": board.name,
        "network": list(network.widths),
        "design_digest": board.config.digest().hex(),
        **asdict(predict(board.config, network, board)),
    }
