"""Count the ones of a vector, in a tree of adders, of compressors or of carry chains."""

from functools import cache

from amaranth.hdl import Array, Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.platforms import has_large_blocks, is_gowin

FINAL = 2  # layers of compressors that the final addition is counted as when registers are placed
TABLE_LUT4 = (0, 2, 2, 3)  # that count 1, 2, 3 and 4 bits


@cache
def cheapest(width):
    """Return (LUT4 that count ``width`` bits with carry chains, what the last of them adds).

    It adds the counts of a larger and of a smaller part, and one bit or none through its carry
    input: (larger, smaller, carry). Up to four bits need no chain: None. A chain takes a LUT4 for
    each bit that comes out, and one that lets the carry in.
    """
    if width <= len(TABLE_LUT4):
        return TABLE_LUT4[width - 1], None
    choices = []
    for carry in (0, 1):
        for smaller in range(1, (width - carry) // 2 + 1):
            larger = width - carry - smaller
            parts = cheapest(larger)[0] + cheapest(smaller)[0]
            choices.append((parts + width.bit_length() + carry, (larger, smaller, carry)))
    return min(choices)


def _depth(width):
    """Return how many additions are between the bits and their count, at most."""
    parts = cheapest(width)[1]
    return 1 + max(map(_depth, parts[:2])) if parts else 0


class Popcount(wiring.Component):
    """Count the ones of ``bits``, in a tree of adders, of compressors or of carry chains.

    The registers are spread evenly over the layers of the tree. Synthesis rebuilds each stretch of
    adders between two registers as it likes, which makes the tree decide only where registers can
    go. On ECP5 and Gowin registers would leave it with a carry chain for each adder. On an ECP5
    layers of full adders turn three bits of equal weight into their number, until two numbers are
    left to add. On a Gowin each carry chain takes one more bit in through its carry, see
    :func:`cheapest`.

    Golden model: ``bits.sum()``.

    Parameters
    ----------
    width : int
        Bits to count.
    registers : int
        Registers between input and output.

    Members
    -------
    bits : In(width)
        The vector.
    count : Out(range(width + 1)), combinational
        Its ones, from the last registers or from ``bits``.

    Latency
    -------
    ``registers`` cycles, one vector per cycle.
    """

    def __init__(self, width, registers=0):
        self.width = width
        self.registers = registers
        super().__init__({"bits": In(width), "count": Out(range(width + 1))})

    def elaborate(self, platform):
        m = Module()
        if is_gowin(platform):
            self._chain(m)
        elif self.registers and has_large_blocks(platform):
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

    def _chain(self, m):
        self._cut_depths = self._cuts(_depth(self.width) + 1)
        count = self._counted(m, self.bits, 0)
        for _ in range(self.registers - len(self._cut_depths)):
            count = self._register(m, count)
        m.d.comb += self.count.eq(count)

    def _counted(self, m, bits, depth):
        """Return the count of some bits; ``depth`` additions follow it."""
        parts = cheapest(len(bits))[1]
        if parts is None:
            count = Array(value.bit_count() for value in range(1 << len(bits)))[bits]
            return self._delayed(m, count, depth)
        larger, smaller, carry = parts
        first = self._counted(m, bits[:larger], depth + 1)
        second = self._counted(m, bits[larger : larger + smaller], depth + 1)
        carried = self._delayed(m, bits[-1] if carry else Const(0), depth + 1)
        # Twice the same bit below the counts is a carry into them.
        count = Signal(range(len(bits) + 1))
        m.d.comb += count.eq((Cat(carried, first) + Cat(carried, second)) >> 1)
        return self._register(m, count) if depth in self._cut_depths else count

    def _delayed(self, m, term, depth):
        """Return a term that enters before ``depth`` additions, after the registers above it."""
        for cut in self._cut_depths:
            if cut >= depth:
                term = self._register(m, term)
        return term

    @staticmethod
    def _compressed(m, columns):
        """Return the bits of each weight after a layer of full adders."""
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
        """Return the levels followed by registers; there may be too few levels for all."""
        stages = self.registers + 1
        return {levels * stage // stages for stage in range(1, stages)} - {0}

    @staticmethod
    def _register(m, term):
        register = Signal.like(term)
        m.d.sync += register.eq(term)
        return register
