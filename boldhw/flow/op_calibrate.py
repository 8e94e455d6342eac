"""Measure the engines of op lists from which :mod:`boldhw.flow.op_estimate` predicts others."""

import tempfile
from dataclasses import replace

from boldboards import find_board

from boldhw.flow.build import NAME, elaborate
from boldhw.flow.calibrate import STORE_BOARDS
from boldhw.flow.op_estimate import OpSample
from boldhw.flow.synthesis import synthesise
from boldhw.spec.ops.array import ArraySize

SMALL = ArraySize(
    elements=4, lanes=16, batch=16, segments=1, data_rows=2048, weight_rows=256, delta_rows=256,
    unit_rows=16, counter_rows=16, score_rows=16,
)  # fmt: skip
MIDDLE = replace(SMALL, elements=8, lanes=32)
# Engines that the model is fitted to, and others that it must predict.
FITTED = (
    SMALL,
    MIDDLE,
    replace(SMALL, elements=6, lanes=48),
    replace(MIDDLE, elements=12, lanes=48),
    replace(MIDDLE, elements=10, lanes=20),
)
OTHERS = (replace(MIDDLE, elements=7, lanes=28),)


def op_engines_of(family: str) -> tuple[list[ArraySize], list[ArraySize]]:
    """Return (sizes to fit the model to, sizes that it must predict) of a family.

    Ports and registers are those of the family's board.
    """
    own = find_board(STORE_BOARDS[family]).array
    found = [
        [
            replace(each, dual_port=own.dual_port, popcount_registers=own.popcount_registers)
            for each in sizes
        ]
        for sizes in (FITTED, OTHERS)
    ]
    return found[0], found[1]


def measure(size: ArraySize, family: str) -> OpSample:
    """Return the OpSample of an engine on a device of a family, as Yosys counts it."""
    board = find_board(STORE_BOARDS[family]).with_ops(size)
    with tempfile.TemporaryDirectory() as work:
        found = synthesise(elaborate(board)[0], NAME, work, family)
    return OpSample(family, size, found.lut4, found.ff, found.ram_blocks)
