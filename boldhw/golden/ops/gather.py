"""GATHER: rows of this sample into its slot, where they wait for the update."""

from boldhw.golden.ops.memories import Memories
from boldhw.spec.ops.kinds import Gather
from boldhw.spec.ops.nest import addresses
from boldhw.spec.ops.segments import ADDRESSES


def run(memories: Memories, op: Gather) -> None:
    """Copy whole rows, in the order of the nest."""
    counts, steps = [op.across, op.words, op.down], [op.jump0, op.jump1, op.jump2]
    rows = addresses(op.in_row, counts, steps).reshape(-1) % ADDRESSES
    first = op.out_row + memories.count * op.slot
    memories.data[first : first + len(rows)] = memories.data[rows]
