"""What goes with a word, and with a sum, of a MAC."""

from amaranth.hdl import signed
from amaranth.lib import data

from boldhw.gateware.ops.widths import map_bits


class WordLayout(data.StructLayout):
    """Of a word, what its operand depends on.

    part         which segment
    begins       the word is the first one of a kernel row
    deepest      it is the last one of its pixel
    row, column  of its first tap in the map; of a window, column of the patch
    second       it is the second word of a patch
    """

    def __init__(self, size):
        super().__init__({
            "part": range(size.segments),
            "begins": 1,
            "deepest": 1,
            "row": signed(map_bits(size)),
            "column": signed(map_bits(size)),
            "second": 1,
        })  # fmt: skip


class SumLayout(data.StructLayout):
    """Of a sum, what becomes of it.

    first, last     of the sums of a square; both without pooling
    index           place in the square: column, row
    begins          the group is the first one in a word of its pixel
    ends            it is the last one in it
    final           it is the last group
    stored          which pixels of a tile are those of the map, one for each plane
    left, right     it is the first one, and the last one, of a map row
    over            no more sums follow in this row of sums, or square of rows
    place           granule of the word that holds the group
    """

    def __init__(self, size):
        names = "first last begins ends final left right over".split()
        super().__init__({
            "index": 2, "place": range(size.granules), "stored": size.planes,
        } | dict.fromkeys(names, 1))  # fmt: skip
