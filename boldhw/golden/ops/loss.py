"""LOSS: the label against the best other class, output by output as they are scanned."""

import numpy as np

from boldhw.golden.ops.mac import write_map
from boldhw.golden.ops.memories import Memories
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.kinds import Loss


def run(memories: Memories, op: Loss) -> None:
    """Set ``active``; with ``deltas``, write those of the scores instead."""
    scores = [
        sum(int(score) for score in memories.scores[first : first + op.per_class])
        for first in range(0, op.outputs, op.per_class)
    ]
    others = [number for number in range(len(scores)) if number != memories.label]
    best = max(others, key=lambda number: (scores[number], -number))
    if not op.deltas:
        memories.active = scores[best] > scores[memories.label] - memories.margin
        return
    size = memories.size
    groups = ceil_div(op.outputs, size.elements)
    classes = np.full(groups * size.elements, -1)
    classes[: op.outputs] = np.arange(op.outputs) // op.per_class
    sign = classes == best
    mask = sign | (classes == memories.label)
    pixel = sign[None, None], mask[None, None]
    write_map(memories, op.out_row, op.out_pitch, op.front, *pixel)
