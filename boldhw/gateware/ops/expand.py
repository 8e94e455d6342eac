"""EXPAND: deltas of pooled squares at the places of their largest sums."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.ports import OpPort, RowRead, RowWrite
from boldhw.gateware.ops.words import next_pixel
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Expand

LATE = 3  # cycles from a pixel to its row, with two ports: two reads one after the other


class ExpandUnit(wiring.Component):
    """Write a map row by row; where a square begins, read its deltas and which sum was largest.

    Rows follow each other: pixels of zeros in front, then for each line of the map its words, each
    at all pixels of the pitch. A pixel between sums, or after the last one, is 0.

    Golden model: :func:`boldhw.golden.ops.expand.run`.

    Parameters
    ----------
    size : ArraySize
        Of an array of one plane. Gives ``elements``, ``lanes``, ``granules``, ``data_width``,
        ``read_latency`` and ``dual_port``.

    Members
    -------
    op : Out(OpPort(Expand))
        The op.
    read : Out(RowRead(size.data_width))
        Rows of the data memory; combinational, from registers only.
    write : Out(RowWrite(size.data_width))
        Rows of the data memory; combinational, ``row`` also from what is read.

    Latency
    -------
    A row takes a cycle, and with one port 2 more where a square begins; an op 2 more, with
    ``dual_port`` 4 more. A square of one line and a row of zeros::

        cycle               0    1    2    3    4    5    6
        op.start            1
        read.valid               1    1
        write.valid                        1    1    1
        op.done                                           1

    With ``dual_port``::

        cycle               0    1    2    3    4    5    6
        op.start            1
        read.valid               1    1
        write.valid                             1    1    1
        op.done                                           1
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": Out(OpPort(Expand)),
            "read": Out(RowRead(size.data_width)),
            "write": Out(RowWrite(size.data_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        op = self.op.op
        front, running, moves = Signal.like(op.front), Signal(), Signal()
        sums, across, groups, word_ends = self._line(m, running & moves)
        line_ends = word_ends & (groups <= self.size.granules)
        on_line, down, last = self._lines(m, line_ends)
        has_sum = running & sums & on_line
        begins = has_sum & (across == 0)  # a square
        indexed = self._reads(m, begins, moves, word_ends & on_line, line_ends, down)
        with m.If(front != 0):
            m.d.sync += front.eq(front - 1)
            with m.If(front == 1):
                m.d.sync += running.eq(1)
        with m.If(line_ends & last):
            m.d.sync += running.eq(0)
        with m.If(self.op.start):
            m.d.sync += [front.eq(op.front), running.eq(op.front == 0)]
        rows = (front != 0) | running & moves
        own = Cat(groups >= self.size.granules - n for n in range(self.size.granules))
        self._write(m, rows, has_sum, indexed, across, down, word_ends, own)
        ended = delay(m, line_ends & last, LATE if self.size.dual_port else 1)
        m.d.comb += self.op.done.eq(ended)
        return m

    def _line(self, m, step):
        """Go through the pixels of a word; return whether there is a sum, and which of its square.

        Return also the groups of this word and of those after it, and the last pixel.
        """
        op = self.op.op
        pixels, left = Signal.like(op.out_pitch), Signal.like(op.columns)
        between, across, groups = Signal.like(op.stride), Signal(), Signal.like(op.groups)
        sums = (between == 0) & (left != 0)
        ends = step & (pixels == 1)
        with m.If(step):
            m.d.sync += [
                pixels.eq(pixels - 1),
                between.eq(Mux(between + 1 == op.stride, 0, between + 1)),
            ]
            with m.If(sums):
                m.d.sync += [left.eq(left - 1), across.eq(~across & (op.pool == 2))]
        more = groups > self.size.granules
        with m.If(self.op.start | ends):
            m.d.sync += [
                pixels.eq(op.out_pitch),
                left.eq(op.columns),
                between.eq(0),
                across.eq(0),
                groups.eq(Mux(self.op.start | ~more, op.groups, groups - self.size.granules)),
            ]
        return sums, across, groups, ends

    def _lines(self, m, ends):
        """Go through the lines; return whether one has sums, which of its square, the last one."""
        op = self.op.op
        left, between, down = Signal.like(op.rows), Signal.like(op.stride), Signal()
        on_line = between == 0
        with m.If(ends):
            m.d.sync += between.eq(Mux(between + 1 == op.stride, 0, between + 1))
            with m.If(on_line):
                m.d.sync += [left.eq(left - 1), down.eq(~down & (op.pool == 2))]
        with m.If(self.op.start):
            m.d.sync += [left.eq(op.rows), between.eq(0), down.eq(0)]
        return on_line, down, on_line & (left == 1)

    def _reads(self, m, begins, moves, word_ends, line_ends, down):
        """Read deltas, then indices, of a square that begins; return when indices are there."""
        op, dual = self.op.op, self.size.dual_port
        if dual:
            deltas, indices = begins, delay(m, begins, 1)
            m.d.comb += moves.eq(1)
            indexed = delay(m, begins, LATE)
        else:
            step = Signal(2)
            deltas, indices, indexed = begins & (step == 0), step == 1, step == 2
            m.d.comb += moves.eq(~begins | indexed)
            m.d.sync += step.eq(Mux(begins & ~indexed, step + 1, 0))
        again = line_ends & (op.pool == 2) & ~down  # the next line has the same squares
        ends = word_ends, line_ends, again
        addresses = [
            self._address(m, row, pitch, read, *ends)
            for row, pitch, read in (
                (op.in_row, op.in_pitch, deltas),
                (op.index_row, op.index_pitch, indices),
            )
        ]
        indices &= op.pool == 2
        m.d.comb += [
            self.read.valid.eq(deltas | indices),
            self.read.addr.eq(Mux(deltas, *addresses)),
        ]
        self._arrived = delay(m, deltas, self.size.read_latency)
        return indexed

    def _address(self, m, row, pitch, read, word_ends, line_ends, again):
        """Return the address of the square in one of the maps."""
        first, word, addr = (
            Signal(FIELD_BITS) for _ in range(3)
        )  # of lines, of a word, of squares
        onward = Signal(FIELD_BITS)
        m.d.comb += onward.eq(Mux(again, first, word + pitch))
        with m.If(word_ends):
            m.d.sync += [word.eq(onward), addr.eq(onward)]
            with m.If(line_ends):
                m.d.sync += first.eq(onward)
        with m.Elif(read):
            m.d.sync += addr.eq(addr + 1)
        with m.If(self.op.start):
            m.d.sync += [first.eq(row), word.eq(row), addr.eq(row)]
        return addr

    def _write(self, m, rows, has_sum, indexed, across, down, last, own):
        """Write a row: its own pixel, and what its word holds of the pixels before it.

        last: the pixel is the last one of a word.  own: granules of a word that hold it.
        """
        op, s, p = self.op.op, self.size.lanes, self.size.elements
        flags = Cat(rows, has_sum, across, down, last, own)
        flags = delay(m, flags, LATE if self.size.dual_port else 0)
        rows, has_sum, across, down, last = flags[:5]
        own = Cat(each.replicate(p) for each in flags[5:])
        row_first, row_second = self.read.row[:s], self.read.row[s : 2 * s]
        signs, masks, low = Signal(s), Signal(s), Signal(s)
        here, side = Signal(s), Signal(s)  # masks of squares of this line, and which of their sums
        pooled = op.pool == 2
        with m.If(indexed & pooled):
            m.d.comb += [here.eq(masks & ~(row_second ^ down.replicate(s))), side.eq(row_first)]
            m.d.sync += [masks.eq(here), low.eq(side)]
        with m.Else():
            m.d.comb += [here.eq(masks), side.eq(low)]
        with m.If(self._arrived):
            m.d.sync += [signs.eq(row_first), masks.eq(row_second)]
        chosen = ~(side ^ across.replicate(s)) | ~pooled.replicate(s)
        mask = Signal(s)
        m.d.comb += mask.eq(here & chosen & own & has_sum.replicate(s))
        before = [Signal(s, name=f"before{n}") for n in range(2)]
        words = [
            own_bits | next_pixel(self.size, each, op.groups)
            for own_bits, each in zip((signs & mask, mask), before, strict=True)
        ]
        with m.If(rows):
            m.d.sync += [
                each.eq(Mux(last, 0, word)) for each, word in zip(before, words, strict=True)
            ]
            m.d.sync += self.write.addr.eq(self.write.addr + 1)
        with m.If(self.op.start):
            m.d.sync += self.write.addr.eq(op.out_row - op.front)
        m.d.comb += [self.write.valid.eq(rows), self.write.row.eq(Cat(words))]
