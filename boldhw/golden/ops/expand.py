"""EXPAND: deltas of pooled squares at the places of their largest sums."""

import numpy as np

from boldhw.golden.ops.mac import read_map, write_map
from boldhw.golden.ops.memories import Memories
from boldhw.spec.ops.kinds import Expand


def run(memories: Memories, op: Expand) -> None:
    """Write the map of deltas at the places of the sums, ``stride`` apart."""
    shape = op.rows // op.pool, op.columns // op.pool
    signs, masks = read_map(memories, op.in_row, op.in_pitch, op.groups, shape)
    if op.pool > 1:
        low, high = read_map(memories, op.index_row, op.in_pitch, op.groups, shape)
        signs, masks, low, high = (_large(each, op.pool) for each in (signs, masks, low, high))
        y, x, _ = np.ogrid[: op.rows, : op.columns, :1]
        masks = masks & (low == (x % op.pool > 0)) & (high == (y % op.pool > 0))
    out = (op.rows - 1) * op.stride + 1, (op.columns - 1) * op.stride + 1, signs.shape[2]
    first, second = np.zeros(out, np.bool_), np.zeros(out, np.bool_)
    first[:: op.stride, :: op.stride] = signs & masks
    second[:: op.stride, :: op.stride] = masks
    write_map(memories, op.out_row, op.out_pitch, op.front, first, second)


def _large(plane: np.ndarray, pool: int) -> np.ndarray:
    return plane.repeat(pool, axis=0).repeat(pool, axis=1)
