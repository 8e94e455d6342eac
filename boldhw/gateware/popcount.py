"""Count the ones of a vector, in a tree of adders or of compressors."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.platforms import has_large_blocks

FINAL = 2  # layers of compressors that the final addition is counted as when registers are placed


class Popcount(wiring.Component):
    """Count the ones of ``bits``. Latency ``registers`` cycles, one vector per cycle.

    Registers stand between layers, spread evenly. Synthesis rebuilds each stretch of adders between
    two registers as it likes, so the tree decides only where registers can go. On ECP5 and Gowin
    registers would leave it with a carry chain for each adder: there layers of full adders turn
    three bits of equal weight into their number, until two numbers are left to add.

    Golden model: ``bits.sum()``.
    """

    def __init__(self, width, registers=0):
        self.width = width
        self.registers = registers
        super().__init__({"bits": In(width), "count": Out(range(width + 1))})

    def elaborate(self, platform):
        m = Module()
        if self.registers and has_large_blocks(platform):
            self._compress(m)
        else:
            self._add(m)
        return m

    def _add(self, m):
        levels = (self.width - 1).bit_length()
        cuts = self._cuts(levels)
        terms = list(self.bits)
        for level in range(1, levels + 1):
            terms = [sum(terms[i + 1 : i + 2], terms[i]) for i in range(0, len(terms), 2)]
            if level in cuts:
                terms = [self._register(m, term) for term in terms]
        for _ in range(self.registers - len(cuts)):
            terms = [self._register(m, term) for term in terms]
        m.d.comb += self.count.eq(terms[0])

    def _compress(self, m):
        layers = self._layers()
        cuts = self._cuts(layers + FINAL)
        columns = [list(self.bits)]
        for layer in range(1, layers + 1):
            columns = self._compressed(m, columns)
            if layer in cuts:
                columns = [[self._register(m, bit) for bit in column] for column in columns]
        rows = [Cat((*column, 0, 0)[row] for column in columns) for row in (0, 1)]
        count = (rows[0] + rows[1])[: len(self.count)]
        for _ in range(self.registers - sum(cut <= layers for cut in cuts)):
            count = self._register(m, count)
        m.d.comb += self.count.eq(count)

    def _layers(self):
        """Return the layers of full adders until no weight has more than two bits."""
        heights, layers = [self.width], 0
        while max(heights) > 2:
            pairs = zip([*heights, 0], [0, *heights], strict=True)
            heights = [own // 3 + own % 3 + below // 3 for own, below in pairs]
            layers += 1
        return layers

    @staticmethod
    def _compressed(m, columns):
        """Return the bits of each weight behind a layer of full adders."""
        result = [[] for _ in range(len(columns) + 1)]
        for weight, bits in enumerate(columns):
            whole = len(bits) // 3 * 3
            result[weight] += bits[whole:]
            for first in range(0, whole, 3):
                number = Signal(2)
                m.d.comb += number.eq(sum(bits[first + 1 : first + 3], bits[first]))
                result[weight].append(number[0])
                result[weight + 1].append(number[1])
        return result

    def _cuts(self, levels):
        """Return the levels behind which registers stand; there may be too few levels for all."""
        stages = self.registers + 1
        return {levels * stage // stages for stage in range(1, stages)} - {0}

    @staticmethod
    def _register(m, term):
        register = Signal.like(term)
        m.d.sync += register.eq(term)
        return register
