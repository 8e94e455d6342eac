"""Shapes of the memories of an engine of op lists, for gateware and for estimates."""

from typing import NamedTuple

from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import COUNTER_BYTES

MEMORIES = ("data", "weight", "delta", "unit", "counter", "score")  # in the order of the host
INFERRING = ("data", "weight", "unit", "score")
SHALLOW = 16  # rows of LUT RAM; a device with large block RAMs has it


class Ram(NamedTuple):
    """A memory of rows.

    width     bits of a row
    rows      rows, of all banks together
    latency   cycles of a read
    parts     parts of a row, all as wide, that are written each on its own
    planes    banks
    ports     addresses: 2 if rows are read and written in the same cycle, else 1
    aligned   rows of a request begin at a multiple of the planes
    """

    width: int
    rows: int
    latency: int = 1
    parts: int = 1
    planes: int = 1
    ports: int = 2
    aligned: bool = False

    @property
    def depth(self) -> int:
        """Rows of a bank."""
        return ceil_div(self.rows, self.planes)

    @property
    def is_shallow(self) -> bool:
        """Whether it is LUT RAM on a device with large block RAMs."""
        return self.depth <= SHALLOW


def unit_bits(size: ArraySize) -> int:
    """Return the bits of an item of the unit memory: a threshold, and a window to train with."""
    return FIELD_BITS if size.inference else 2 * FIELD_BITS


def item_bits(size: ArraySize) -> int:
    """Return the bits of the number of an item in a row of units or counters.

    An array that is ``plain`` and trains has memory rows of one item, which take fewer block RAMs
    and no logic that chooses one: item n of row r is row ``r << bits | n``. Else 0: rows are whole.
    """
    return (size.elements - 1).bit_length() if has_item_rows(size) else 0


def has_item_rows(size: ArraySize) -> bool:
    """Return whether each item of a row of units or counters is a row of its memory."""
    return size.plain and not size.inference


def items(size: ArraySize) -> int:
    """Return the items in a row of the memories of units and of counters."""
    return 1 if has_item_rows(size) else size.elements


def rams(size: ArraySize) -> dict[str, Ram]:
    """Return the memories of an engine that lists and the host reach, by name."""
    p, s, planes = size.elements, size.lanes, size.planes
    late = size.read_latency - size.dual_port  # a request that takes a register is not counted
    found = {
        "data": Ram(size.data_width, size.data_rows, late, 1, planes, 1 + size.dual_port),
        "weight": Ram(p * s, size.weight_rows, late, p * size.granules),
        "delta": Ram(2 * s, size.delta_rows, late, 2 * size.granules, planes, aligned=True),
        "unit": Ram(
            items(size) * unit_bits(size), size.unit_rows << item_bits(size), late, items(size)
        ),
        "counter": Ram(
            items(size) * 8 * COUNTER_BYTES,
            size.counter_rows << item_bits(size),
            late,
            items(size),
        ),
        # As many as items of P of them have.
        "score": Ram(FIELD_BITS, ceil_div(size.score_rows, p) * p, late),
    }
    return {name: each for name, each in found.items() if not size.inference or name in INFERRING}


def memories(size: ArraySize) -> list[Ram]:
    """Return all memories of an engine."""
    return [*rams(size).values(), *([] if size.inference else [known(size)] * size.transposers)]


def known(size: ArraySize) -> Ram:
    """Return the memory of VOTE that says which places of columns are of the map.

    There is one for each transposer.
    """
    return Ram(size.lanes, size.delta_rows, size.read_latency, size.granules)
