"""Cells of the engine of op lists on a board's device: each unit alone, and the whole of it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from boldhw.flow.lanes import measure
from boldhw.gateware.ops.array_planes import ArrayPlanes
from boldhw.gateware.ops.engine import OpEngine, check_size, units_of
from boldhw.gateware.ops.sequencer import OpSequencer
from boldhw.gateware.ops.turner import Turner
from boldhw.gateware.ops.window import WindowUnit
from boldhw.spec.ops.array import ArraySize

# Memories in which the logic is measured: as small as its addresses do not depend on them.
ROWS: dict[str, Any] = {"data_rows": 1024, "weight_rows": 256, "delta_rows": 256, "unit_rows": 16,
        "counter_rows": 16, "score_rows": 32}  # fmt: skip
COLUMNS = ("lut4", "ff", "ram_blocks", "dsp")


def cells(board, size: ArraySize, whole: bool = False) -> Iterator[dict[str, Any]]:
    """Yield a row for each unit of an engine, synthesised alone, as soon as it is measured.

    board: a Board, whose device is taken.  size: as :class:`boldhw.gateware.ops.engine.OpEngine`
    takes it.  whole: the engine with all of its memories too, which takes minutes. Raises
    ConfigError for a size that the engine is not made with.
    """
    check_size(size)
    names: dict[Any, list[str]] = {}  # of the kinds of each unit
    for kind, unit in units_of(size).items():
        names.setdefault(unit, []).append(kind.__name__.upper())
    makers: dict[str, Callable[[], Any]] = {
        **{", ".join(kinds): partial(unit, size) for unit, kinds in names.items()},
        "sequencer": partial(OpSequencer, size),
        "window unit": partial(WindowUnit, size),
        "turner": partial(Turner, size),
        "array": partial(ArrayPlanes, size),
    }
    if whole:
        makers["engine"] = partial(OpEngine, size)
    for name, make in makers.items():
        found = measure(make(), board)
        yield {"unit": name} | {column: getattr(found, column) for column in COLUMNS}
