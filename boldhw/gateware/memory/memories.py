"""What all memories have in common: attributes for synthesis."""

from amaranth.lib import memory

# The schedule never reads a row in the cycle in which it is written, so synthesis need not add
# logic that emulates what such a read returns.
BLOCK_RAM = {"ram_style": "block", "no_rw_check": 1}
# Of memories in which nothing is read before it is written, but by a host that asks for it. Written
# Verilog leaves out their initial values, thousands of lines of zeros; see boldhw.gateware.verilog.
WRITTEN_FIRST = BLOCK_RAM | {"written_first": 1}


def new_memory(shape, attrs, init=()):
    """Return the memory of a :class:`boldhw.spec.memories.Memory`."""
    return memory.Memory(shape=shape.width, depth=shape.rows, init=init, attrs=attrs)
