"""``boldhw boards``."""

from boldboards import BOARDS

from boldhw.cli.output import table, verb
from boldhw.errors import ConfigError
from boldhw.layout import Layout

INPUTS, OUTPUTS = 784, 10  # of the images of digits that boards are compared by


@verb(text=lambda result: table(result["boards"], list(result["boards"][0])))
def boards():
    """List the boards: device, memories, link and the largest network for 28 x 28 images."""
    return {
        "boards": [
            {
                "name": board.name,
                "device": board.device,
                "clock_mhz": board.clock_hz / 1e6,
                "link": board.link,
                "largest_network": largest_network(board.engine),
                "memories": board.memories,
            }
            for board in BOARDS.values()
        ]
    }


def largest_network(engine):
    """Return the widest network of one hidden layer that fits an engine, as text."""
    hidden = 1
    while _fits(engine, (INPUTS, hidden + 1, OUTPUTS)):
        hidden += 1
    return f"{INPUTS}-{hidden}-{OUTPUTS}"


def _fits(engine, widths):
    try:
        Layout(engine, widths)
    except ConfigError:
        return False
    return True
