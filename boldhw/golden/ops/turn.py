"""TURN: deltas of a map into rows of one output each, one lane a place."""

import numpy as np

from boldhw.golden.ops.memories import Memories
from boldhw.spec.ops.kinds import Turn
from boldhw.spec.ops.maps import own_planes
from boldhw.spec.ops.outputs import output_rows
from boldhw.spec.ops.reads import turn_rows


def run(memories: Memories, op: Turn) -> None:
    """Write ``wide`` rows of the delta memory for each output, zeros where no place is."""
    size, rows = memories.size, turn_rows(op, memories.size)
    outputs = (op.groups - 1) * size.elements + op.lanes
    turned = np.zeros((outputs, 2, op.wide * size.lanes), np.bool_)
    places = memories.count if op.gathered else len(rows)
    for half, words in enumerate(memories.pairs(rows[:places])):
        turned[:, half, :places] = own_planes(words, op.groups, size)[:, :outputs].T
    split = turned.reshape(outputs, 2, op.wide, size.lanes).transpose(0, 2, 1, 3)
    memories.deltas[output_rows(op.out_row, outputs, op.wide, size.planes)] = split
