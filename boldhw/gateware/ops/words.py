"""Operand words of maps: where the granules of a pixel are, and the word of the next pixel."""

from amaranth.hdl import Cat, Const, Mux


def packed_groups(size):
    """Return the numbers of groups of which several pixels fit a word: 1, 2, 4 below S / P."""
    return [groups for groups in (1, 2, 4) if groups < size.granules]


def is_packed(size, groups):
    """Return a condition: words hold several pixels. groups: Value, of a pixel."""
    return Cat(groups == each for each in packed_groups(size)).any()


def next_pixel(size, word, groups):
    """Return the word of an empty pixel that follows: what it holds, less the pixel of a word.

    word: Value of S bits.  groups: Value, of a pixel.
    """
    found = Const(0, size.lanes)
    for each in packed_groups(size):
        found = Mux(groups == each, word >> each * size.elements, found)
    return found


def last_granules(size, groups):
    """Return the granules of a pixel's last word that hold it, less one. groups: Value."""
    return (groups - 1)[: (size.granules - 1).bit_length()]
