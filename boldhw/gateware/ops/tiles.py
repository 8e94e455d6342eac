"""Places one behind the other: words of some of D places become D words at a time."""

from amaranth.hdl import Cat, Const, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import data_register, settled
from boldhw.gateware.ops.memories import rotated


def places_read(m, size, columns, alone, apart):
    """Return what tells which of D places a request reads, a bit each, and how many.

    It takes two flags: the request is of the last tile of a row; it is the second one of places
    that are apart.  columns: of the map.  alone, apart: one place is read, or places that two
    requests read. All three from a descriptor.
    """
    d = size.planes
    if d == 1:
        return lambda last, second: (Const(1), Const(1))
    half, bits = d // 2, (d - 1).bit_length()
    at_end = Cat((columns - 1)[:bits] >= place for place in range(d))
    known = {}
    for last, flags in enumerate((Const((1 << d) - 1, d), at_end)):
        for second, part in enumerate((flags[:half], flags[half:])):
            own = Mux(alone, 1, Mux(apart, part, flags))[:d]
            known[last, second] = settled(m, own), settled(m, sum(own[1:], own[0]))

    def chosen(last, second):
        pairs = zip(*(known[key] for key in sorted(known)), strict=True)
        return tuple(Mux(last, Mux(second, d, c), Mux(second, b, a)) for a, b, c, d in pairs)

    return chosen


class TileFiller(wiring.Component):
    """Fill tiles of D words with words that come in any numbers up to D.

    Parameters
    ----------
    size : ArraySize
        Of an array of several planes. Gives ``elements`` (P) and ``planes`` (D).

    Members
    -------
    words : In(size.planes * size.elements)
        Words of P bits, the first one lowest; those that are not there must be 0.
    held : In(range(size.planes))
        Words that wait: the first one of ``words`` comes after them.
    full : In(1)
        The tile that results goes out; words beyond it wait.
    tile : Out(size.planes * size.elements), combinational
        Words that wait, those that have come, and zeros.

    Latency
    -------
    None from words to the tile that they complete. D = 2; three words, then an end::

        cycle      0     1     2
        words      - a   c b   - -
        held       0     1     1
        full             1     1
        tile             b a   - c
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "words": In(size.planes * size.elements),
            "held": In(range(size.planes)),
            "full": In(1),
            "tile": Out(size.planes * size.elements),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        p, d = self.size.elements, self.size.planes
        waiting = data_register(p * (d - 1))
        moved = rotated(self.words, p, (-self.held)[: len(self.held)])
        parts = [
            Mux(self.held > number, waiting[number * p :][:p], moved[number * p :][:p])
            for number in range(d - 1)
        ]
        m.d.comb += self.tile.eq(Cat(parts, moved[(d - 1) * p :]))
        m.d.sync += waiting.eq(Mux(self.full, moved, self.tile))
        return m
