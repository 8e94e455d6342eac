"""The window unit: patches of an image whose rows are bits of words."""

from math import isqrt

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.ports import WindowPort, op_layout
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.edges import WINDOW_PLANES, WINDOW_SIDE, WINDOW_STRIDE, WINDOW_WORDS
from boldhw.spec.ops.kinds import Window
from boldhw.spec.ops.words import Words

MARGIN = 16  # columns beside an image that a patch can reach


def kernels(size):
    """Return the kernels, (side, planes), whose patches fit the words of a window unit."""
    bits = WINDOW_WORDS * size.lanes
    return [
        (side, planes)
        for planes in range(1, WINDOW_PLANES + 1)
        for side in range(1, min(WINDOW_SIDE, isqrt(bits // planes)) + 1)
    ]


class WindowUnit(wiring.Component):
    """Hold the newest rows of an image, and make patches of them.

    A patch is taken out of each row by a shift, then its bits are sorted into granules. The pooled
    squares need the patch of the row of sums above the newest one as well.

    Golden model: :func:`boldhw.golden.ops.operand.patches`.

    Parameters
    ----------
    size : ArraySize
        Gives ``lanes``, ``elements``, ``granules`` and ``read_latency``.

    Members
    -------
    part : In(op_layout(Window))
        Image and kernel; it must hold while rows are loaded and patches are taken.
    row : In(size.lanes)
        First word of the row that was read.
    port : In(WindowPort(size))
        Rows to load, and patches to take; its outputs are combinational.

    Latency
    -------
    The read latency of the memory, a row or a patch per cycle. A patch and a row that is loaded do
    not disturb each other: those of later cycles see the row.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "part": In(op_layout(Window)),
            "row": In(size.lanes),
            "port": In(WindowPort(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, late = self.size, self.size.read_latency
        port, shapes = self.port, kernels(size)
        load, inside, upper, second = delay(
            m, Cat(port.load, port.inside, port.upper, port.second), late
        )
        column = delay(m, port.column, late)
        most = max((side + WINDOW_STRIDE) * planes for side, planes in shapes)
        rows = [Signal(size.lanes, name=f"row{index}") for index in range(most)]
        known = [Signal(name=f"known{index}") for index in range(most)]
        with m.If(load):
            newest = self.row & inside.replicate(size.lanes)
            m.d.sync += [each.eq(old) for each, old in zip(rows, [newest, *rows], strict=False)]
            m.d.sync += [each.eq(old) for each, old in zip(known, [inside, *known], strict=False)]
        ones = Cat(index < self.part.width for index in range(size.lanes))
        there = self._shifted(m, ones, column)
        taken = [(self._shifted(m, row, column), flag) for row, flag in zip(rows, known,
                                                                          strict=True)]  # fmt: skip
        chosen = self._of_square(taken, upper)
        lanes = range(WINDOW_WORDS * size.lanes)
        terms = [[] for _ in lanes], [[] for _ in lanes]  # of signs and masks
        for side, planes in shapes:
            chosen_shape = Signal(name=f"is_{side}x{side}x{planes}")
            m.d.comb += chosen_shape.eq((self.part.side == side) & (self.part.planes == planes))
            self._sort((side, planes), chosen_shape, chosen, there, terms)
        signs, masks = (Cat(Cat(*each).any() for each in half) for half in terms)
        m.d.comb += [
            port.sign.eq(signs.word_select(second, size.lanes)),
            port.mask.eq(masks.word_select(second, size.lanes)),
        ]
        return m

    def _shifted(self, m, row, column):
        """Return the bits of a row from a column on, zeros beside it."""
        width = len(row) + 2 * MARGIN
        place, bits = column + MARGIN, (width - 1).bit_length()
        near = (place >= 0) & (place < width)
        wide = Cat(Const(0, MARGIN), row, Const(0, MARGIN))
        found = Signal(WINDOW_SIDE)
        m.d.comb += found.eq((wide >> place[:bits]) & near.replicate(WINDOW_SIDE))
        return found

    def _of_square(self, taken, upper):
        """Return a function that gives bits and flag of a row, of the upper row of a square too."""
        strides = range(1, WINDOW_STRIDE + 1)

        def choose(index, planes):
            bits, flag = taken[index]
            for stride in strides:
                other, known = taken[index + stride * planes]
                chosen = upper & (self.part.stride == stride)
                bits, flag = Mux(chosen, other, bits), Mux(chosen, known, flag)
            return bits, flag

        return choose

    def _sort(self, shape, is_shape, choose, there, terms):
        """Put the bits of a patch into the granules of its words."""
        size, (side, planes) = self.size, shape
        words = Words(size.granules, ceil_div(side**2 * planes, size.elements))
        for ky in range(side):
            for plane in range(planes):
                bits, known = choose((side - 1 - ky) * planes + planes - 1 - plane, planes)
                for kx in range(side):
                    number = (ky * side + kx) * planes + plane
                    word, granule = words.table[0, 0, number // size.elements].tolist()
                    lane = word * size.lanes + granule * size.elements + number % size.elements
                    bit = is_shape & bits[kx] & there[kx]
                    counts = is_shape & known & there[kx]
                    terms[0][lane].append(bit)
                    terms[1][lane].append(Mux(self.part.zero_true, bit, counts))
