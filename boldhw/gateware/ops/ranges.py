"""How many bits values of ops need: what fits the memories of an array, not whole fields.

Programs that :func:`boldhw.spec.ops.check.check` accepts have no others.
"""

from boldhw.gateware.ops.widths import row_bits


def groups_bits(size):
    """Return the bits of a number of input groups, or outputs: each has a row of accumulators."""
    return min(size.data_rows.bit_length(), size.side_bits)


def place_bits(size):
    """Return the bits of a number of places: each is a lane of a row of the delta memory."""
    return min((size.delta_rows * size.lanes).bit_length(), size.side_bits)


def map_bits(size):
    """Return the bits of a signed row or column of a map, outside of it too."""
    return min(row_bits(size.data_rows), size.side_bits) + 2


def word_bits(size):
    """Return the bits of the words of a kernel row, the words of a pixel, and the kernel rows."""
    sides = min(8, size.side_bits)
    return sides, min(size.data_rows.bit_length(), size.side_bits), sides
