"""What all memories have in common: attributes for synthesis."""

# The schedule never reads a row in the cycle in which it is written, so synthesis need not add
# logic that emulates what such a read returns.
BLOCK_RAM = {"ram_style": "block", "no_rw_check": 1}
