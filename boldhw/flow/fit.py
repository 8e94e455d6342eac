"""What of a design a device does not hold, said before hours of place and route."""

from boldhw.errors import ConfigError

# Of a design, what a Board has of it, and its name.
SHARES = {
    "lut4": ("logic_cells", "LUT4"),
    "ram_blocks": ("ram_blocks", "block RAMs"),
    "spram": ("spram", "single-port RAMs"),
    "dsp": ("dsp", "DSP blocks"),
}


def check_fits(board, takes):
    """Raise ConfigError, with the numbers of the device, unless it holds a design.

    board: a Board.  takes: what the design takes, by the names of
    :class:`boldhw.flow.synthesis.Resources`; those that are not known may be left out.
    """
    over = [
        f"{takes[name]:,} {words}, and there are {getattr(board, has):,}"
        for name, (has, words) in SHARES.items()
        if takes.get(name, 0) > getattr(board, has)
    ]
    if over:
        raise ConfigError(
            f"the engine does not fit {board.device}: it takes {'; '.join(over)}; choose "
            f"a larger board, fewer elements or smaller memories"
        )
