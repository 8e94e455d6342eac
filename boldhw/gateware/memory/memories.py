"""What all memories have in common: attributes for synthesis, and shapes of block RAM."""

from boldhw.spec.numbers import ceil_div

# The schedule never reads a row in the cycle in which it is written, so synthesis need not add
# logic that emulates what such a read returns.
BLOCK_RAM = {"ram_style": "block", "no_rw_check": 1}
# Of memories in which nothing is read before it is written, but by a host that asks for it. Written
# Verilog leaves out their initial values, thousands of lines of zeros; see boldhw.gateware.verilog.
WRITTEN_FIRST = BLOCK_RAM | {"written_first": 1}

# Block RAM of ECP5 and Gowin: 512 rows of 36 bits, 1,024 of 18 or 2,048 of 9. Deeper shapes leave
# every ninth bit unused.
SHALLOWEST, DEEPEST = 512, 2048
WIDEST = 36


def stack(rows):
    """Return (first row, rows) of the memories that make up one of ``rows`` rows.

    Each is as deep as a block RAM can be without losing bits, the last ones as shallow as their
    rows allow: rows after the last multiple of 2,048 then cost no more than they hold.
    """
    deep, rest = divmod(rows, DEEPEST)
    quarters = ceil_div(rest, SHALLOWEST)
    depths = [DEEPEST] * deep + {0: [], 1: [512], 2: [1024], 3: [1024, 512], 4: [2048]}[quarters]
    return [(sum(depths[:index]), depth) for index, depth in enumerate(depths)]
