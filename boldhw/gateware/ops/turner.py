"""P x P bits that words are shifted through, and that exchange rows and columns."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature


def transposed(block, p):
    """Return P words of P bits with rows and columns exchanged."""
    return Cat(block[row * p + column] for column in range(p) for row in range(p))


class TurnerPort(Signature):
    """What a turner does and holds. Members are those of its user; P is ``elements``.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` and ``planes`` (D).

    Members
    -------
    load : Out(1)
        Take ``block_in``; wins over ``shift``.
    block_in : Out(size.elements**2)
        P words of P bits, the first one lowest.
    shift : Out(1)
        Move all words down by one; ``word_in`` becomes the last one.
    turn : Out(1)
        With ``shift``: exchange rows and columns of the words that result.
    tile : Out(1)
        With ``shift``: move them by D words, all of ``word_in`` become the last ones.
    word_in : Out(size.planes * size.elements)
        The last word, or D of them, the first one lowest.
    block : In(size.elements**2), registered
        All words, the first one lowest.
    """

    def __init__(self, size):
        p = size.elements
        super().__init__({
            "load": Out(1),
            "block_in": Out(p * p),
            "shift": Out(1),
            "turn": Out(1),
            "tile": Out(1),
            "word_in": Out(size.planes * p),
            "block": In(p * p),
        })  # fmt: skip


class Turner(wiring.Component):
    """Shift words in and out; after P words, turn them over, and shift them out as columns.

    The next P words come in while those columns go out: the stream has no gap.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P) and ``planes`` (D).

    Members
    -------
    Those of :class:`TurnerPort`, flipped.

    Latency
    -------
    1 cycle, one operation a cycle. Words a and b of two bits, and what comes out of them::

        cycle            0         1         2         3
        shift            1         1         1         1
        turn                       1
        word_in          a1 a0     b1 b0     c1 c0     d1 d0
        block[:P]                            b0 a0     b1 a1
    """

    def __init__(self, size):
        self.size = size
        super().__init__({**TurnerPort(size).flip().members})

    def elaborate(self, platform):
        m = Module()
        p, wide = self.size.elements, len(self.word_in)
        shifted = Cat(self.block[p:], self.word_in[:p])
        if wide > p:
            shifted = Mux(self.tile, Cat(self.block, self.word_in)[wide:], shifted)
        with m.If(self.load):
            m.d.sync += self.block.eq(self.block_in)
        with m.Elif(self.shift & self.turn):
            m.d.sync += self.block.eq(transposed(shifted, p))
        with m.Elif(self.shift):
            m.d.sync += self.block.eq(shifted)
        return m
