"""Operand words of maps: granules of a pixel, the word of the next pixel, tiles of places."""

from amaranth.hdl import Cat, Const, Mux


def packed_groups(size):
    """Return the numbers of groups of which several pixels fit a word: 1, 2, 4 below S / P."""
    return [groups for groups in (1, 2, 4) if groups < size.granules]


def is_packed(size, groups):
    """Return a condition: words hold several pixels. groups: Value, of a pixel."""
    return Cat(groups == each for each in packed_groups(size)).any()


def next_pixel(size, word, groups, pixels=1):
    """Return the word of an empty pixel that follows: what it holds, less the pixel of a word.

    word: Value of S bits.  groups: Value, of a pixel.  pixels: how many places further on it is.
    """
    found = Const(0, size.lanes)
    for each in packed_groups(size):
        moved = each * pixels * size.elements
        if moved < size.lanes:
            found = Mux(groups == each, word >> moved, found)
    return found


def packed_words(size, groups, own, before):
    """Return the words of D pixels next to each other, each with those left of it.

    groups: Value, of a pixel.  own: words of the pixels alone.  before: word of the pixel in front.
    """
    p, granules = size.elements, size.granules
    chosen = [(each, groups == each) for each in packed_groups(size)]
    words = []
    for plane in range(len(own)):
        parts = []
        for granule in range(granules):
            part = own[plane][granule * p :][:p]
            for each, is_it in chosen:
                left = (granules - 1 - granule) // each  # of the pixel that is there
                inside = left <= plane
                word = own[plane - left] if inside else before
                place = granule + (left if inside else plane + 1) * each
                if left:
                    part = Mux(is_it, word[place * p :][:p], part)
            parts.append(part)
        words.append(Cat(parts))
    return words


def tiles_of(size, columns):
    """Return the tiles of D places next to each other. columns: Value."""
    bits = (size.planes - 1).bit_length()
    return (columns + size.planes - 1) >> bits


def places_of(size, columns, is_last):
    """Return which places of a tile there are, a bit each. is_last: the tile is the last one."""
    bits = (size.planes - 1).bit_length()
    last = (columns - 1)[:bits]
    return Cat(~is_last | (last >= place) for place in range(size.planes))


def last_granules(size, groups):
    """Return the granules of a pixel's last word that hold it, less one. groups: Value."""
    return (groups - 1)[: (size.granules - 1).bit_length()]
