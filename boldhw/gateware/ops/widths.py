"""Bits of the numbers that a unit counts and adds up, as the memories of an array need them."""

from boldhw.gateware.ops.ports import COLUMN_BITS
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.array import place_bits


def row_bits(rows):
    """Return the bits of an address of a memory of so many rows."""
    return max(1, (rows - 1).bit_length())


def count_bits(rows):
    """Return the bits of a number from 0 to the rows of a memory."""
    return min(rows.bit_length(), FIELD_BITS)


def side_bits(size):
    """Return the bits of a number of rows, columns, groups or outputs, and of a pitch."""
    return min(count_bits(size.data_rows), size.side_bits)


def map_bits(size):
    """Return the bits of a signed row or column of a map in the data memory, beside it too."""
    return min(place_bits(size), COLUMN_BITS)


def total_bits(size):
    """Return the bits of the sum of all |g| of a MAC: each lane of a row has one."""
    return row_bits(size.data_rows) + row_bits(size.lanes) + size.sum_bits
