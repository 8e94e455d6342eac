"""Places one behind the other: words of some of D places become D words at a time."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ops.memories import rotated


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
        waiting = Signal(p * (d - 1))
        moved = rotated(self.words, p, (-self.held)[: len(self.held)])
        parts = [
            Mux(self.held > number, waiting[number * p :][:p], moved[number * p :][:p])
            for number in range(d - 1)
        ]
        m.d.comb += self.tile.eq(Cat(parts, moved[(d - 1) * p :]))
        m.d.sync += waiting.eq(Mux(self.full, moved, self.tile))
        return m
