"""``boldhw boards``."""

from boldboards import BOARDS

from boldhw.cli.output import table, verb
from boldhw.flow.estimate import largest_network


@verb(text=lambda result: table(result["boards"], list(result["boards"][0])))
def boards():
    """List the boards: device, memories, link and the largest network for 28 x 28 images.

    op_lists: the size of the engine for graphs of layers, and its clock.
    """
    return {
        "boards": [
            {
                "name": board.name,
                "device": board.device,
                "clock_mhz": board.clock_hz / 1e6,
                "link": board.link_text,
                "largest_network": "-".join(map(str, largest_network(board.config))),
                "op_lists": f"{board.array.elements} x {board.array.lanes}",
                "op_lists_mhz": board.with_ops().clock_hz / 1e6,
                "memories": board.memories,
            }
            for board in BOARDS.values()
        ]
    }
