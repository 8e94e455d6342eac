"""The window unit: patches of an image whose rows are bits of words."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from boldhw.gateware.delay import delay, settled
from boldhw.gateware.ops.ports import WindowPort, op_layout
from boldhw.gateware.ops.widths import map_bits
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import WINDOW_WORDS
from boldhw.spec.ops.kinds import Window
from boldhw.spec.ops.words import Words


class WindowUnit(wiring.Component):
    """Hold the newest rows of an image, and make patches of them.

    A rotation takes as many columns out of each row as the patches of all planes span, then their
    bits are sorted into granules. What is beside the image is masked. The pooled squares need the
    patch of the row of sums above the newest one as well.

    Golden model: :func:`boldhw.golden.ops.operand.patches`.

    Parameters
    ----------
    size : ArraySize
        Gives ``lanes``, ``elements``, ``granules``, ``planes``, ``read_latency`` and ``windows``,
        the kernels that there is logic for.

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
        size, late, port = self.size, self.size.read_latency, self.port
        self.taps = max(kernel.side + (size.planes - 1) * kernel.stride for kernel in size.windows)
        load, inside, upper, second = delay(
            m, Cat(port.load, port.inside, port.upper, port.second), late
        )
        # With time for it columns are found, and half of the rotation is done, a cycle sooner.
        early = min(late - 1, 1)
        first = delay(m, port.column[: map_bits(size)].as_signed(), late - 2 * early)
        soon = delay(m, first, early)
        column = delay(m, soon, early)
        left = Signal.like(first)  # columns of the image behind the first one
        m.d.comb += left.eq(settled(m, self.part.width - 1) - first)
        rows, known, following = self._rows(m, load, inside)
        there = self._there(m, soon, delay(m, left, early))
        there = [delay(m, flag, early) for flag in there]
        steps = range((size.lanes - 1).bit_length())
        halves = steps[(len(steps) + 1) // 2 :], steps[: (len(steps) + 1) // 2]
        taken = []
        for row, after, flag in zip(rows, following, known, strict=True):
            full = Signal(1 << len(steps))
            m.d.comb += full.eq(after if early else row)
            far = delay(m, self._rotated(m, full, soon, halves[0]), early)
            near = self._rotated(m, far, column, halves[1])
            bits = Signal(self.taps)
            # More than all of them go round again; no column beside the image counts.
            m.d.comb += bits.eq(Cat(near[index % len(near)] for index in range(self.taps)))
            taken.append((bits, flag))
        shapes = {}
        for kernel in size.windows:
            shapes.setdefault((kernel.side, kernel.planes), []).append(kernel.stride)
        words = [[] for _ in range(size.planes)]
        for (side, planes), strides in shapes.items():
            chosen = self._of_square(m, taken, upper, (side, planes), max(strides))
            is_shape = Const(1)
            if len(shapes) > 1:
                is_shape = (self.part.side == side) & (self.part.planes == planes)
            for plane in range(size.planes):
                offsets = self._offsets(plane, max(strides))
                pair = self._sorted(m, (side, planes), chosen, there, offsets, second)
                words[plane].append([word & is_shape.replicate(size.lanes) for word in pair])
        for name, index in (("sign", 0), ("mask", 1)):
            value = Cat(_any(pair[index] for pair in own) for own in words)
            m.d.comb += getattr(port, name).eq(value)
        return m

    def _rows(self, m, load, inside):
        """Keep as many rows as a kernel spans; return them and whether they are of the image.

        And the rows as they are in the next cycle.
        """
        size = self.size
        most = max((kernel.side + kernel.stride) * kernel.planes for kernel in size.windows)
        rows = [Signal(size.lanes, name=f"row{index}") for index in range(most)]
        known = [Signal(name=f"known{index}") for index in range(most)]
        with m.If(load):
            newest = [self.row, inside]
            m.d.sync += [each.eq(old) for each, old in zip(rows, newest[:1] + rows, strict=False)]
            m.d.sync += [each.eq(old) for each, old in zip(known, newest[1:] + known,
                                                           strict=False)]  # fmt: skip
        following = [
            Mux(load, old, each) for each, old in zip(rows, [self.row, *rows], strict=False)
        ]
        return rows, known, following

    def _there(self, m, column, left):
        """Return which of the columns that are taken are those of the image."""
        bits = (self.taps - 1).bit_length()
        near = column[bits:].all()  # it is less than so many in front of the image
        found = []
        for tap in range(self.taps):
            first = ~column[-1] | near & (column[:bits] >= (1 << bits) - tap)
            last = ~left[-1] & (left[bits:-1].any() | (left[:bits] >= tap))
            there = Signal(name=f"there{tap}")
            m.d.comb += there.eq(first & last)
            found.append(there)
        return found

    def _rotated(self, m, row, column, steps):
        """Return the bits of a row from a column on; those beside the row are any others.

        steps: bits of the column that count.
        """
        around, found = 1 << (self.size.lanes - 1).bit_length(), list(row)
        for step in reversed(steps):
            far, needed = 1 << step, min(self.taps + (1 << step) - 1, around)
            found = [
                Mux(column[step], found[(index + far) % len(found)], found[index])
                for index in range(needed)
            ]
        # A signal: each bit of an expression would be written with all of it.
        rotated = Signal(len(found))
        m.d.comb += rotated.eq(Cat(found))
        return rotated

    def _of_square(self, m, taken, upper, shape, most):
        """Return bits and flag of each row of a patch, of the upper row of a square too.

        They are by kernel row and plane.
        """
        side, planes = shape
        found = {}
        for ky in range(side):
            for plane in range(planes):
                index = (side - 1 - ky) * planes + planes - 1 - plane
                value = Cat(*taken[index])
                for stride in range(1, most + 1):
                    chosen = upper & (self.part.stride == stride) if most > 1 else upper
                    value = Mux(chosen, Cat(*taken[index + stride * planes]), value)
                row = Signal(self.taps + 1)
                m.d.comb += row.eq(value)
                found[ky, plane] = row[:-1], row[-1]
        return found

    def _offsets(self, plane, most):
        """Return (condition, columns) of where the patch of a plane of the array starts."""
        if plane == 0 or most == 1:
            return [(Const(1), plane)]
        return [(self.part.stride == stride, plane * stride) for stride in range(1, most + 1)]

    def _sorted(self, m, shape, chosen, there, offsets, second):
        """Return sign and mask of a word of a patch: its bits are in granules."""
        size, (side, planes) = self.size, shape
        words = Words(size.granules, ceil_div(side**2 * planes, size.elements))
        signs, masks = ([Const(0, 1)] * (WINDOW_WORDS * size.lanes) for _ in range(2))
        for (ky, plane), (bits, known) in chosen.items():
            for kx in range(side):
                number = (ky * side + kx) * planes + plane
                word, granule = words.table[0, 0, number // size.elements].tolist()
                lane = word * size.lanes + granule * size.elements + number % size.elements
                bit = _any(flag & bits[kx + offset] for flag, offset in offsets)
                near = _any(flag & there[kx + offset] for flag, offset in offsets)
                signs[lane] = bit
                masks[lane] = near & known & (bit | ~self.part.zero_true)
        return [
            Mux(second, Cat(half[size.lanes :]), Cat(half[: size.lanes])) if words.count > 1
            else Cat(half[: size.lanes])
            for half in (signs, masks)
        ]  # fmt: skip


def _any(values):
    """Return the OR of values."""
    return reduce(or_, values)
