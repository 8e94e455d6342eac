"""Hold a block of P x P weights: word by word for the flip unit, transposed for the way back."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import copies, register_copy


class Transposer(wiring.Component):
    """Load a block of weights, rotate it word by word, offer it straight and transposed.

    One operation a cycle, visible in the next one; ``load`` wins over ``shift``. With ``dual_port``
    ``load`` and ``shift``, which reach all P * P bits, come one cycle ahead of what they take in;
    on a large device the first word stands in a register of its own, near to where it goes.

    Members
    -------
    load, block_in : take P words of P bits.
    shift, word_in, flips : move all words down by one; ``word_in`` becomes the last one, the bits
        in ``flips`` inverted.
    word : the first word.
    block, transposed : all P words, and the same with rows and columns exchanged.
    """

    def __init__(self, config):
        self.config = config
        p = config.elements
        super().__init__(
            {
                "load": In(1),
                "block_in": In(p * p),
                "shift": In(1),
                "word_in": In(p),
                "flips": In(p),
                "word": Out(p),
                "block": Out(p * p),
                "transposed": Out(p * p),
            }
        )

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
                    # Flips come last of all: one level of logic behind them.
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
