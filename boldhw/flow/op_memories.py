"""Block RAMs of an engine of op lists on a device, as synthesis makes them of its memories."""

from boldhw.flow.estimate import large_blocks, small_blocks
from boldhw.spec import memories
from boldhw.spec.memories import SPRAM_ROWS, SPRAM_WIDTH, Memory
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.ram import memories as memories_of_engine
from boldhw.spec.ops.ram import rams

MASKED = 9  # bits of a block RAM of 18 kbit that are written together, at least


def memories_of(size, family, queues=()):
    """Return the memories that an engine takes of a device, by the names of Resources.

    queues: that of a store, as :func:`boldhw.spec.memories.records` returns it.
    """
    return {"ram_blocks": op_ram_blocks(size, family, queues), "spram": op_spram(size, family)}


def op_ram_blocks(size, family, queues=()):
    """Return the block RAMs of an engine with a serial line on a device of a family.

    size: of its array, an ArraySize.  queues: that of a store.
    """
    of_link = [*memories.frames(), memories.counters(LinkedArray(size)), *queues]
    own = memories_of_engine(size)
    if family == "ice40":
        own = [each for each in own if each.ports > 1]  # the others are single-port RAM
        shapes = [Memory("bank", each.width, each.depth) for each in own for _ in _banks(each)]
        return sum(map(small_blocks, [*of_link, *shapes]))
    found = sum(map(large_blocks, of_link))
    return found + sum(each.planes * _blocks(each) for each in own if not each.is_shallow)


def op_spram(size, family):
    """Return the single-port RAMs of an engine on an iCE40UP5K; other devices have none."""
    if family != "ice40":
        return 0
    return sum(
        each.planes * ceil_div(each.width, SPRAM_WIDTH) * ceil_div(each.depth, SPRAM_ROWS)
        for each in rams(size).values()
        if each.ports == 1
    )


def _banks(ram):
    return range(ram.planes)


def _blocks(ram):
    """Return the blocks of 18 kbit of a bank, which is a stack of memories."""
    width = ceil_div(ram.width // ram.parts, MASKED) * MASKED * ram.parts
    if ram.parts == 1:
        width = ram.width
    return sum(large_blocks(Memory("rows", width, rows)) for _, rows in memories.stack(ram.depth))
