"""``boldhw sim``."""

import click
from boldboards.icebreaker import ENGINE as ICEBREAKER

from boldhw.cli import arrays, options
from boldhw.cli.output import say, verb


@verb()
@click.option(
    "--listen",
    default="127.0.0.1:5555",
    show_default=True,
    metavar="HOST:PORT",
    help="Loopback address; port 0 takes a free one.",
)
@arrays.options
@options.config
@options.store
@options.clock
def sim(listen, config, store, clock_hz, choice):
    """Run the simulated board as a process of its own, until Ctrl-C.

    Other programs reach it as socket://HOST:PORT.
    """
    config = choice.engine()
    options.check_store(store, config)
    from boldhw.cosim.server import bound, serve
    from boldhw.cosim.transport import SimTransport

    config = config or ICEBREAKER

    def ready(address):
        say(f"design {config.digest().hex()} listens; use --backend socket://{address}")

    with bound(listen) as listener:  # now, not when all is built
        say("Building the simulated board, about a minute the first time ...")
        board = SimTransport(config, clock_hz=clock_hz)
        serve(board, listener, ready)
    return {"design_digest": config.digest().hex(), "cycles": board.cycles}
