"""Hold a block of P x P weights: word by word for the flip unit, transposed to pass back."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.delay import copies, register_copy


class TransposerPort(Signature):
    """What a transposer does and holds. Members are those of its user; P is ``elements``.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements``.

    Members
    -------
    load : Out(1)
        Take ``block_in``; wins over ``shift``.
    block_in : Out(config.elements**2)
        P words of P bits, the first one lowest.
    shift : Out(1)
        Move all words down by one; ``word_in`` becomes the last one.
    word_in : Out(config.elements)
        The last word.
    flips : Out(config.elements)
        Bits of ``word_in`` to invert.
    word : In(config.elements), registered
        The first word.
    block : In(config.elements**2), registered
        All words.
    transposed : In(config.elements**2), registered
        All words, with rows and columns exchanged.
    """

    def __init__(self, config):
        p = config.elements
        super().__init__({
            "load": Out(1),
            "block_in": Out(p * p),
            "shift": Out(1),
            "word_in": Out(p),
            "flips": Out(p),
            "word": In(p),
            "block": In(p * p),
            "transposed": In(p * p),
        })  # fmt: skip


class Transposer(wiring.Component):
    """Load a block of weights, rotate it word by word, offer it straight and transposed.

    On a large device the first word has a register of its own, near to where it goes.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements`` (P), ``dual_port`` and ``regions``.

    Members
    -------
    Those of :class:`TransposerPort`, flipped.

    Latency
    -------
    1 cycle, one operation per cycle. A load of the words a, b ..., then a shift::

        cycle               0      1      2
        load, block_in      b a
        shift, word_in             x
        word                       a      b

    With ``dual_port`` ``load`` and ``shift``, which reach all P * P bits, come one cycle before
    what they take in::

        cycle               0      1      2      3
        load                1
        block_in                   b a
        shift                      1
        word_in, flips                    x
        word                              a      b
    """

    def __init__(self, config):
        self.config = config
        super().__init__({**TransposerPort(config).flip().members})

    def elaborate(self, platform):
        m = Module()
        p = self.config.elements
        words = Signal(data.ArrayLayout(p, p))
        first = words[0]
        if self.config.dual_port:
            first = register_copy(p, self.config.regions)
        m.d.comb += [
            self.word.eq(first),
            self.block.eq(words),
            self.transposed.eq(Cat(words[j][i] for i in range(p) for j in range(p))),
        ]
        rest = words.as_value()[p:]
        if self.config.dual_port:
            regions, shifted = self.config.regions, Cat(rest, self.word_in)
            loads, moves = (copies(m, x, regions) for x in (self.load, self.load | self.shift))
            for j in range(p):
                region = self.config.region_of(j)
                inputs = (each.word_select(j, p) for each in (self.block_in, shifted))
                word = Mux(loads[region], *inputs)
                if j == p - 1:
                    # Flips come last of all: one level of logic after them.
                    word ^= self.flips & ~loads[region].replicate(p)
                registers = (words[0], first) if j == 0 else (words[j],)
                with m.If(moves[region]):
                    m.d.sync += [register.eq(word) for register in registers]
            return m
        with m.If(self.load):
            m.d.sync += words.eq(self.block_in)
        with m.Elif(self.shift):
            m.d.sync += words.eq(Cat(rest, self.word_in ^ self.flips))
        return m
