"""Measure the engines of op lists from which :mod:`boldhw.flow.op_estimate` predicts others."""

import tempfile
from dataclasses import replace
from typing import Any

from boldboards import find_board

from boldhw.flow.build import NAME, elaborate
from boldhw.flow.calibrate import STORE_BOARDS
from boldhw.flow.op_estimate import OpSample
from boldhw.flow.op_lists import made_for
from boldhw.flow.synthesis import synthesise
from boldhw.spec.network import Network
from boldhw.spec.ops.array import ArraySize

SMALL: dict[str, Any] = {"elements": 4, "lanes": 16}
THREES: dict[str, Any] = {"sum_bits": 12, "side_bits": 6, "window_kernels": "3x1/1"}
FIVES: dict[str, Any] = {"sum_bits": 13, "side_bits": 6, "window_kernels": "5x1/1"}
DIGITS: dict[str, Any] = {**THREES, "uncounted": True, "network": "28x28-16k3p2-32k3p2-10"}
# What engines have, in place of what the one of the family's board has; with a network they are
# made for it. Each option is in some engines and not in others.
FITTED: dict[str, tuple[dict[str, Any], ...]] = {
    "ice40": (
        FIVES | {"elements": 7, "lanes": 28, "serial": True, "plain": True, "segments": 1},
        SMALL | THREES | {"segments": 2},
        SMALL | THREES | {"serial": True, "plain": True, "segments": 1},
        {"elements": 4, "lanes": 32, "serial": True, "sum_bits": 12, "side_bits": 8, "segments": 1},
        {"inference": True},
    ),
    "ecp5": (
        SMALL | {"data_rows": 2048, "segments": 1},
        SMALL | {"lanes": 32, "inference": True, "batch": 1, "segments": 1},
        SMALL | FIVES | {"planes": 4, "data_rows": 2048, "segments": 1},
        FIVES | {"planes": 2, "transposers": 4},
        FIVES | {"planes": 4, "transposers": 4},
    ),
    "gowin": (
        THREES | {"elements": 6, "lanes": 24},
        THREES | {"elements": 3, "lanes": 24, "serial": True, "uncounted": True},
        THREES | {"elements": 6, "lanes": 24, "inference": True, "batch": 1, "side_bits": 8},
        DIGITS | {"planes": 2, "transposers": 4},
        DIGITS | {"planes": 4, "accumulator_bits": 6},
        DIGITS | {"planes": 4, "transposers": 4},
    ),
}


def op_engines_of(family: str) -> list[ArraySize]:
    """Return the sizes of a family that the model is fitted to.

    What is not said of a size is that of the board of the family.
    """
    return [_size(family, **changes) for changes in FITTED[family]]


def _size(family: str, network: str | None = None, **changes: Any) -> ArraySize:
    board = find_board(STORE_BOARDS[family])
    size = replace(board.size_of(changes.get("inference", False)), **changes)
    return size if network is None else made_for(Network.of(network), size)


def options_of(size: ArraySize) -> str:
    """Return in words what logic depends on, besides elements, lanes, planes and transposers."""
    flags = [name for name in ("serial", "plain", "inference", "uncounted") if getattr(size, name)]
    names = {"accumulator_bits": "A", "sum_bits": "sum", "side_bits": "side"}
    numbers = [f"{word}={getattr(size, name)}" for name, word in names.items()]
    flags += ["made for one network"] if size.fixed else []
    return " ".join([*numbers, f"windows={size.window_kernels or 'all'}", *flags])


def measure(size: ArraySize, family: str) -> OpSample:
    """Return the OpSample of an engine on a device of a family, as Yosys counts it."""
    board = find_board(STORE_BOARDS[family]).with_ops(size)
    with tempfile.TemporaryDirectory() as work:
        found = synthesise(elaborate(board)[0], NAME, work, family)
    return OpSample(family, size, found.lut4, found.ff, found.ram_blocks)
