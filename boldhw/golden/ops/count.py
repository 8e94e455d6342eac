"""COUNT: T's of each plane of a map."""

import numpy as np

from boldhw.golden.ops.mac import read_map
from boldhw.golden.ops.memories import Memories
from boldhw.spec.ops.kinds import Count, Part


def run(memories: Memories, op: Count) -> None:
    """Add the T's of all pixels, or signs within masks, to the counters of the planes."""
    first, second = read_map(memories, op.in_row, op.pitch, op.groups, (op.rows, op.columns))
    if op.part == Part.SIGNED:
        values = np.where(second, np.where(first, 1, -1), 0)
    else:
        values = (second if op.part == Part.SECOND else first).astype(np.int64)
    found = values.sum(axis=(0, 1), dtype=np.int64)
    used = (op.groups - 1) * memories.size.elements + op.lanes
    found[used:] = 0
    memories.counters[op.counter_row : op.counter_row + op.groups] += found.reshape(op.groups, -1)
