"""LOSS: the label against the best other class, output by output as they are scanned."""

import numpy as np

from boldhw.golden.ops.memories import Memories
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.kinds import Loss
from boldhw.spec.ops.maps import packed


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
    pair = [packed(bits[None, None], size, 1) for bits in (sign, mask)]
    pitch = size.planes  # of a map with one column
    for word, (first, second) in enumerate(zip(*pair, strict=True)):
        memories.write_pairs(op.out_row + word * pitch, first[None], second[None])
