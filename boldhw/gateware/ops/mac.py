"""MAC: sums at all places of a map, and the words that become of them."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, fifo, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.issue import Issue
from boldhw.gateware.ops.layouts import SumLayout
from boldhw.gateware.ops.map_walk import MapWalk
from boldhw.gateware.ops.operand import Operand
from boldhw.gateware.ops.outcome import Outcome
from boldhw.gateware.ops.packer import RowPacker
from boldhw.gateware.ops.ports import (
    COUNTER_BITS,
    SUM_BITS,
    ArrayPort,
    OpPort,
    PartWrite,
    RowRead,
    RowWrite,
    WindowPort,
    op_layout,
)
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Mac, Segment, Sink, Window

GATES = 8  # words of gates between their read and their sums


class MacUnit(wiring.Component):
    """Run a MAC: words go into the array, sums come out, bits of them are packed and stored.

    Golden model: :func:`boldhw.golden.ops.mac.run`.

    Parameters
    ----------
    size : ArraySize
        Size of the array.

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
    read : Out(RowRead(size.data_width)), combinational
        Words of maps, rows of images, gates.
    write : Out(RowWrite(size.data_width)), registered
        Words of the map, and of indices.
    array : Out(ArrayPort(size)), registered
        Words of sums; its operand is registered too.
    window : Out(WindowPort(size)), combinational
        Patches.
    units : Out(RowRead(size.elements * 2 * FIELD_BITS)), registered
        Thresholds and windows.
    counters : Out(RowRead(size.elements * COUNTER_BITS)), combinational
        The counter of |g|.
    counter_write : Out(PartWrite(size.elements * COUNTER_BITS, size.elements)), combinational
        It again.
    score_write : Out(RowWrite(SUM_BITS)), registered
        Scores, one a cycle.

    Latency
    -------
    As :func:`boldhw.spec.ops.cycles.cycles` counts it: a cycle for each word and row in the order
    of :class:`boldhw.gateware.ops.issue.Issue`; with one port of the data memory each row that is
    stored holds it up for a cycle.
    """

    def __init__(self, size):
        self.size = size
        counters = size.elements * COUNTER_BITS
        super().__init__({
            "op": Out(OpPort(Mac)),
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "windows": In(data.ArrayLayout(op_layout(Window), size.segments)),
            "are_windows": In(size.segments),
            "count": In(range(size.segments + 1)),
            "read": Out(RowRead(size.data_width)),
            "write": Out(RowWrite(size.data_width)),
            "array": Out(ArrayPort(size)),
            "window": Out(WindowPort(size)),
            "units": Out(RowRead(size.elements * 2 * FIELD_BITS)),
            "counters": Out(RowRead(counters)),
            "counter_write": Out(PartWrite(counters, size.elements)),
            "score_write": Out(RowWrite(SUM_BITS)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.issue = issue = Issue(self.size)
        op = self.op.op
        for name in ("parts", "windows", "are_windows", "count"):
            m.d.comb += getattr(issue, name).eq(getattr(self, name))
        m.d.comb += [
            issue.op.start.eq(self.op.start),
            issue.op.op.eq(op),
            self.op.done.eq(issue.op.done),
            issue.stall.eq(0 if self.size.dual_port else self.write.valid),
            self.read.valid.eq(issue.reads),
            self.read.addr.eq(issue.addr),
        ]
        self._operand(m, issue)
        late = self.size.latency
        token = Cat(issue.word & issue.closes, issue.flush, issue.sum.as_value())
        valid, flush, info = _token(delay(m, token, late), self.size)
        flushes, flushed = delay(m, flush, 1), delay(m, info, 1)
        outcome = self._outcome(m, valid, info, issue)
        self._store(m, outcome, flushes, _token(Cat(0, 0, flushed), self.size)[2])
        self._scores(m, outcome)
        # Units: the row of a group comes when its sums are there, one cycle after they are done.
        before = late + 1 - self.size.read_latency
        self._units(m, *_token(delay(m, token, before), self.size)[::2])
        return m

    def _operand(self, m, issue):
        """Send words to the array, one cycle after their address."""
        size, array = self.size, self.array
        m.submodules.operand = operand = Operand(size)
        window = self.window
        m.d.comb += [
            operand.parts.eq(self.parts),
            operand.word.eq(issue.position),
            operand.valid.eq(issue.word),
            operand.is_window.eq(issue.is_window),
            operand.first.eq(self.read.row[: size.lanes]),
            operand.second.eq(self.read.row[size.lanes :]),
            operand.patch_sign.eq(window.sign),
            operand.patch_mask.eq(window.mask),
            array.sign.eq(operand.sign),
            array.mask.eq(operand.mask),
            window.load.eq(issue.load),
            window.inside.eq(issue.inside),
            window.column.eq(issue.position.column),
            window.upper.eq((self.op.op.pool == 2) & ~issue.sum.index[1]),
            window.second.eq(issue.position.second),
        ]
        m.d.sync += [
            array.valid.eq(issue.word),
            array.addr.eq(issue.weights),
            array.first.eq(issue.opens),
            array.last.eq(issue.closes),
        ]

    def _outcome(self, m, valid, info, issue):
        """Make groups of bits of the sums."""
        size = self.size
        m.submodules.outcome = outcome = Outcome(size)
        m.submodules.gates = gates = fifo.SyncFIFO(width=size.lanes, depth=GATES)
        m.d.comb += [
            gates.w_en.eq(delay(m, issue.gate, size.read_latency)),
            gates.w_data.eq(self.read.row[size.lanes :]),
            gates.r_en.eq(outcome.done & outcome.info.ends & outcome.info.stored),
            outcome.op.eq(self.op.op),
            outcome.restart.eq(self.op.start),
            outcome.valid.eq(valid),
            outcome.sum.eq(info),
            outcome.sums.eq(self.array.sums),
            outcome.units.eq(self.units.row),
            outcome.gates.eq(gates.r_data.word_select(outcome.info.place, size.elements)),
            self.counters.valid.eq(issue.counts),
            self.counters.addr.eq(Mux(issue.counts, self.op.op.counter_row, 0)),
            self.counter_write.valid.eq(issue.counts & self.op.done),
            self.counter_write.addr.eq(self.counters.addr),
            self.counter_write.row.eq(self.counters.row[:COUNTER_BITS] + outcome.total),
        ]
        return outcome

    def _store(self, m, outcome, flushes, flushed):
        """Pack groups, and write the words that they complete, then those of their indices."""
        size, op, info = self.size, self.op.op, outcome.info
        m.submodules.packer = packer = RowPacker(size)
        m.submodules.walk, m.submodules.indices = walk, indices = MapWalk(), MapWalk()
        stored = outcome.done & info.stored
        m.d.comb += [
            packer.groups.eq(op.groups),
            packer.push.eq(stored),
            packer.group.eq(outcome.group),
            packer.begins.eq(info.begins),
            packer.left.eq(info.left),
            packer.flush.eq(flushes),
        ]
        completes = stored & info.ends
        no_flush = op.out_pitch == (op.columns >> (op.pool == 2))
        pair, index, pixel, line, front, indexed = (Signal() for _ in range(6))
        m.d.sync += [
            pair.eq((completes & (op.sink != Sink.SCORES)) | flushes),
            index.eq(completes & (op.pool == 2)),
            pixel.eq(Mux(flushes, flushed.final, info.final)),
            line.eq(Mux(flushes, flushed.right, info.right & no_flush)),
            indexed.eq(index),
        ]
        fronts = m.submodules.issue.front
        last, right = delay(m, pixel, 1), delay(m, info.right, 2)
        m.d.comb += [
            walk.start.eq(self.op.start),
            walk.row.eq(op.out_row - op.front),
            walk.pitch.eq(op.out_pitch),
            walk.skip.eq(fronts),
            walk.word.eq(pair),
            walk.pixel.eq(pixel),
            walk.line.eq(line),
            indices.start.eq(self.op.start),
            indices.row.eq(op.index_row),
            indices.pitch.eq(op.columns >> 1),
            indices.word.eq(indexed),
            indices.pixel.eq(last),
            indices.line.eq(right),
            front.eq(fronts),
            self.write.valid.eq(pair | indexed | front),
            self.write.addr.eq(Mux(indexed, indices.addr, Mux(pair | front, walk.addr, 0))),
        ]
        words = packer.words
        with m.If(pair):
            m.d.comb += self.write.row.eq(Cat(words.first, words.second))
        with m.If(indexed):
            m.d.comb += self.write.row.eq(Cat(words.low, words.high))

    def _units(self, m, valid, info):
        """Go on to the thresholds of the next group."""
        with m.If(valid & info.last):
            m.d.sync += self.units.addr.eq(
                Mux(info.final, self.op.op.unit_row, self.units.addr + 1)
            )
        with m.If(self.op.start):
            m.d.sync += self.units.addr.eq(self.op.op.unit_row)
        m.d.comb += self.units.valid.eq(m.submodules.issue.busy)

    def _scores(self, m, outcome):
        """Write the sums of a group one after the other, those that are in use."""
        size, op, write = self.size, self.op.op, self.score_write
        waiting = Signal(SUM_BITS * size.elements)
        left = Signal(range(size.elements + 1))
        m.d.comb += [
            write.valid.eq(left != 0),
            write.row.eq(Mux(write.valid, waiting[:SUM_BITS], 0)),
        ]
        with m.If(write.valid):
            m.d.sync += [
                waiting.eq(waiting >> SUM_BITS), left.eq(left - 1), write.addr.eq(write.addr + 1)
            ]  # fmt: skip
        with m.If(outcome.done & (op.sink == Sink.SCORES)):
            m.d.sync += [
                waiting.eq(outcome.largest),
                left.eq(Mux(outcome.info.final, op.lanes, size.elements)),
            ]
        with m.If(self.op.start):
            m.d.sync += write.addr.eq(0)


def _token(bits, size):
    """Return both flags and the layout of what becomes of a sum."""
    return bits[0], bits[1], data.View(SumLayout(size), bits[2:])
