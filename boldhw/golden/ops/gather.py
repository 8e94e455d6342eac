"""GATHER: rows of this sample into its slot, where they wait for the update."""

from boldhw.golden.ops.memories import Memories
from boldhw.spec.ops.kinds import Gather
from boldhw.spec.ops.reads import gather_rows


def run(memories: Memories, op: Gather) -> None:
    """Copy whole rows, in the order of the nest."""
    rows = gather_rows(op)
    first = op.out_row + memories.count * op.slot
    memories.data[first : first + len(rows)] = memories.data[rows]
