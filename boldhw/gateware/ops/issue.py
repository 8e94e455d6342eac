"""What a MAC does in which cycle: words, rows of images, gates, empty pixels."""

from functools import reduce
from operator import or_

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay, settled
from boldhw.gateware.ops.layouts import SumLayout, WordLayout
from boldhw.gateware.ops.map_walk import MapWalk
from boldhw.gateware.ops.nest import Nest
from boldhw.gateware.ops.outcome import registers
from boldhw.gateware.ops.ports import OpPort, op_layout
from boldhw.gateware.ops.widths import count_bits, map_bits, row_bits, side_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.cycles import counted
from boldhw.spec.ops.kinds import Mac, Segment, Sink, Window
from boldhw.spec.ops.ram import has_item_rows

DRAIN = 2  # cycles from the last sums to the end of an op


class Issue(wiring.Component):
    """Give each cycle of a MAC its work.

    Rows of zeros in front of the map come first. Then, for each row of sums or of squares: rows of
    the image, if it is one; for each place and group the words of all segments, and for deltas the
    word of gates before the first group that it is for; at last a cycle for each word of each empty
    pixel. Where squares are pooled a cycle before those lets the indices be written; between groups
    of scores there are P cycles in which they are stored. So there are after each group, where
    thresholds are rows of their memory.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``granules``, ``latency`` and ``segments``.

    Members
    -------
    op : Out(OpPort(Mac))
        The op.
    parts : In(data.ArrayLayout(op_layout(Segment), size.segments))
        Its segments.
    windows : In(data.ArrayLayout(op_layout(Window), size.segments))
        The same descriptors, where they are windows.
    are_windows : In(size.segments)
        Which are.
    count : In(range(size.segments + 1))
        Segments of the op.
    stall : In(1)
        The data memory is not free: the cycle is not used.
    busy : Out(1), combinational
        An op runs. From registers, as all that follows, and ``stall``.
    counts : Out(1), combinational
        An op that makes deltas runs.
    reads : Out(1), combinational
        ``addr`` is read.
    addr : Out(FIELD_BITS), combinational
        Row of the data memory.
    front, load, gate, word, flush : Out(1), combinational
        The work of the cycle.
    half : Out(1), combinational
        The rows of a word are read that are read first, as :class:`Nest` has them.
    apart : Out(1), combinational
        With ``word``: such a read was before it.
    flushes : Out(1), combinational
        Map rows that are written end with empty pixels.
    behind_front : Out(1), combinational
        With ``front``: the rows are the last ones in front of the map.
    inside : Out(1), combinational
        With ``load``: the row is of the image.
    weights : Out(FIELD_BITS), combinational
        Weights of the word.
    is_window : Out(1), combinational
        The word is one of a patch.
    position : Out(WordLayout(size)), combinational
        What its operand depends on.
    opens, closes : Out(1), combinational
        It is the first word, the last one, of a sum.
    sum : Out(SumLayout(size)), combinational
        What becomes of the sum, or of the word of empty pixels: ``final``, ``right``, ``stored``.

    Latency
    -------
    The first cycle is the second one after ``start``; ``done`` comes ``latency + 2`` cycles, with
    planes 2 more, with deltas 3 more, after the last one, those with ``stall`` not counted.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": Out(OpPort(Mac)),
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "windows": In(data.ArrayLayout(op_layout(Window), size.segments)),
            "are_windows": In(size.segments),
            "count": In(range(size.segments + 1)),
            "stall": In(1),
            "busy": Out(1),
            "counts": Out(1),
            "reads": Out(1),
            "addr": Out(FIELD_BITS),
            "front": Out(1),
            "load": Out(1),
            "gate": Out(1),
            "word": Out(1),
            "flush": Out(1),
            "half": Out(1),
            "apart": Out(1),
            "behind_front": Out(1),
            "flushes": Out(1),
            "inside": Out(1),
            "weights": Out(FIELD_BITS),
            "is_window": Out(1),
            "position": Out(WordLayout(size)),
            "opens": Out(1),
            "closes": Out(1),
            "sum": Out(SumLayout(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, bits = self.size, row_bits(self.size.data_rows)
        m.submodules.nest, m.submodules.gates = nest, gates = Nest(size), MapWalk(bits)
        op = self.op.op
        for name in ("parts", "windows", "are_windows", "count"):
            m.d.comb += getattr(nest, name).eq(getattr(self, name))
        steps, tile = Signal(), Mux(op.planes > 1, size.planes, 1) if size.planes > 1 else Const(1)
        tile = settled(m, tile)
        rest = settled(m, op.gate_pitch - op.columns)  # pixels behind a map row that is read
        m.d.comb += [
            nest.start.eq(self.op.start),
            nest.op.eq(op),
            nest.step.eq(steps),
            self.word.eq(steps & nest.whole),
            self.half.eq(steps & ~nest.whole),
            self.apart.eq(nest.later),
            self.weights.eq(nest.weights),
            self.is_window.eq(nest.is_window),
            self.position.eq(nest.word),
            self.opens.eq(nest.opens),
            self.closes.eq(nest.closes),
            gates.start.eq(self.op.start),
            gates.row.eq(op.gate_row),
            gates.pitch.eq(op.gate_pitch),
            gates.step.eq(Mux(nest.sum.right, rest[:bits] + nest.left, tile)),
            gates.word.eq(self.gate),
            gates.pixel.eq(nest.in_last_word),
            gates.line.eq(nest.sum.right),
        ]
        image = self._image(m)
        empty = self._empty(m)
        self._states(m, nest, image, empty, steps)
        m.d.comb += self.sum.eq(nest.sum)
        with m.If(self.flush):
            m.d.comb += [getattr(self.sum, name).eq(empty[name]) for name in empty["of_sum"]]
        rows = [(steps, nest.addr), (self.gate, gates.addr), (self.load, image["addr"])]
        m.d.comb += self.reads.eq((steps & ~nest.is_window) | self.gate | self.load)
        m.d.comb += self.addr.eq(reduce(or_, (Mux(flag, addr, 0) for flag, addr in rows)))
        return m

    def _image(self, m):
        """Go through the rows of an image, all planes of each; return where the next one is."""
        op, size = self.op.op, self.size
        layout = op_layout(Window)
        all_windows = Array(each.as_value() for each in self.windows)
        windows = layout(settled(m, all_windows[_first_of(self.are_windows)]))
        kinds = sorted({kernel.planes for kernel in size.windows})
        planes, steps = Const(kinds[0]), [windows.top * kinds[0]]
        if len(kinds) > 1:
            planes = windows.planes
            steps = [Mux(planes == each, windows.top * each, 0) for each in kinds]
        row, addr = Signal(signed(map_bits(size))), Signal(row_bits(size.data_rows))
        plane, lines = Signal(2), Signal(len(windows.stride) + 2)
        last_plane, square = plane == planes - 1, settled(m, op.pool == 2)
        m.d.comb += self.inside.eq(self.load & (row >= 0) & (row < windows.height))
        with m.If(self.load):
            m.d.sync += [addr.eq(addr + 1), plane.eq(Mux(last_plane, 0, plane + 1))]
            with m.If(last_plane):
                m.d.sync += [row.eq(row + 1), lines.eq(lines - 1)]
        with m.Elif(lines == 0):  # of the next rows of sums
            m.d.sync += lines.eq(Mux(square, windows.stride << 1, windows.stride))
        with m.If(self.op.start):
            m.d.sync += [
                row.eq(windows.top),
                addr.eq(sum(steps, windows.in_row)),
                plane.eq(0),
                lines.eq(windows.side + Mux(square, windows.stride, 0)),
            ]
        return {"addr": addr, "last": last_plane & (lines == 1)}

    def _empty(self, m):
        """Count the words of the empty pixels at the end of a map row, behind its last tile."""
        op, size = self.op.op, self.size
        bits, planes = (size.granules - 1).bit_length(), size.planes
        words = (op.groups - 1)[bits : min(count_bits(size.weight_rows), side_bits(size))]
        word = Signal.like(words)
        pixels = Signal(min(row_bits(size.data_rows), side_bits(size)))
        count, made = Signal.like(pixels), Mux(op.pool == 2, op.columns >> 1, op.columns)
        if planes > 1:  # tiles are stored as a whole
            half, whole = (((made + n - 1) & -n)[: len(made) + 1] for n in (planes // 2, planes))
            made = Mux(op.planes == 1, made, Mux(op.pool == 2, half, whole))
        m.d.sync += count.eq(op.out_pitch - made)
        final, right = word == 0, pixels <= planes
        with m.If(self.flush):
            m.d.sync += word.eq(Mux(final, words, word - 1))
            with m.If(final):
                m.d.sync += pixels.eq(Mux(right, count, pixels - planes))
        with m.If(self.op.start):
            m.d.sync += [word.eq(words), pixels.eq(count)]
        there = Signal()
        scores = settled(m, op.sink == Sink.SCORES)
        m.d.comb += self.flushes.eq(there)
        m.d.sync += there.eq((count != 0) & ~scores)
        return {"final": final, "right": right, "there": there,
                "stored": Cat(pixels > plane for plane in range(planes)),
                "of_sum": ("final", "right", "stored")}  # fmt: skip

    def _states(self, m, nest, image, empty, steps):
        """Go from one kind of work to the next."""
        size, op, free = self.size, self.op.op, ~self.stall
        deltas, scores, pooled = (
            settled(m, each)
            for each in (op.sink == Sink.DELTAS, op.sink == Sink.SCORES, op.pool == 2)
        )
        has_image = settled(m, self.are_windows.any() & (self.count != 0))
        drain = size.latency + sum(registers(size)) + DRAIN - 1
        longest = max(drain + counted(size), (1 << len(op.front)) - 1, size.elements)
        left, over, row_over = Signal(range(longest + 1)), Signal(), Signal()
        none = Signal()  # nothing is left; with two ports known a cycle before
        if not size.dual_port:
            m.d.comb += none.eq(left == 0)
        several = (op.rows != op.pool) | (op.columns != op.pool) | size.inference  # places
        several = settled(m, several)
        gates, waits = Signal(), ~scores & has_item_rows(size)  # gates: are read behind the wait
        front = (op.front + (size.planes - 1)) >> (size.planes - 1).bit_length()  # rows at once
        one_front, front = settled(m, front == 1), settled(m, front - 1)
        in_front = settled(m, (op.front != 0) & ~scores)
        m.d.comb += self.counts.eq(self.busy & deltas)

        def count_down(first, is_none):
            m.d.sync += left.eq(first)
            if size.dual_port:
                m.d.sync += none.eq(is_none)

        def go(state):
            m.next = state
            if state == "DRAIN":
                count_down(Mux(deltas, drain + counted(size), drain), 0)

        def begin_row():
            with m.If(has_image):
                go("LOAD")
            with m.Elif(deltas):
                go("GATE")
            with m.Else():
                go("WORD")

        def end_row(ends):
            with m.If(ends):
                go("DRAIN")
            with m.Else():
                begin_row()

        def go_on(row_over, over, gates):
            with m.If(row_over):
                with m.If(empty["there"]):
                    m.next = "FLUSH"
                    with m.If(pooled & (not size.inference)):
                        m.next = "GAP"
                with m.Else():
                    end_row(over)
            with m.Elif(gates):
                m.next = "GATE"

        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(delay(m, self.op.start, 1)):  # the first word is there soon
                begin_row()
                with m.If(in_front):
                    count_down(front, one_front)
                    m.next = "FRONT"
            with m.State("FRONT"):
                m.d.comb += [self.front.eq(1), self.behind_front.eq(none)]
                count_down(left - 1, left == 1)
                with m.If(none):
                    begin_row()
            with m.State("LOAD"), m.If(free):
                m.d.comb += self.load.eq(1)
                with m.If(image["last"]):
                    m.next = "WORD"
                    with m.If(deltas):
                        m.next = "GATE"
            with m.State("GATE"), m.If(free):
                m.d.comb += self.gate.eq(1)
                m.next = "WORD"
            with m.State("WORD"), m.If(free):
                m.d.comb += steps.eq(1)
                with m.If(nest.closes & nest.sum.last):
                    m.d.sync += [over.eq(nest.ends), row_over.eq(nest.sum.over)]
                    m.d.sync += gates.eq(deltas & nest.sum.ends & nest.next_stored)
                    with m.If(waits | scores & (several | ~nest.sum.over)):
                        count_down(size.elements - 1, size.elements == 1)
                        m.next = "WAIT"
                    with m.Else():
                        go_on(nest.sum.over, nest.ends, deltas & nest.sum.ends & nest.next_stored)
            with m.State("GAP"), m.If(free):
                m.next = "FLUSH"
            with m.State("FLUSH"), m.If(free):
                m.d.comb += self.flush.eq(1)
                with m.If(empty["final"] & empty["right"]):
                    end_row(over)
            with m.State("WAIT"), m.If(free):
                count_down(left - 1, left == 1)
                with m.If(none):
                    m.next = "WORD"
                    if has_item_rows(size):
                        go_on(row_over, over, gates)
                    else:
                        with m.If(row_over):
                            end_row(over)
            with m.State("DRAIN"):
                with m.If(free):
                    count_down(left - 1, left == 1)
                with m.If(free & none):
                    m.d.comb += self.op.done.eq(1)
                    m.next = "IDLE"


def _first_of(flags):
    """Return the number of the first flag that is set, 0 if none is."""
    found = 0
    for index in reversed(range(len(flags))):
        found = Mux(flags[index], index, found)
    return found
