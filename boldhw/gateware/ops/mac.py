"""MAC: sums at all places of a map, and the words that become of them."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import data_delay, data_register, delay, settled
from boldhw.gateware.ops.issue import Issue
from boldhw.gateware.ops.layouts import SumLayout
from boldhw.gateware.ops.map_walk import MapWalk
from boldhw.gateware.ops.operand import Operand
from boldhw.gateware.ops.outcome import Outcome, registers
from boldhw.gateware.ops.packer import RowPacker
from boldhw.gateware.ops.ports import (
    COUNTER_BITS,
    SUM_BITS,
    ArrayPort,
    CounterRead,
    CounterWrite,
    OpPort,
    RowRead,
    RowWrite,
    UnitRead,
    WindowPort,
    item_row,
    op_layout,
)
from boldhw.gateware.ops.serial_outcome import SerialOutcome
from boldhw.gateware.ops.tile_packer import TilePacker
from boldhw.gateware.ops.widths import row_bits
from boldhw.spec.ops.kinds import Mac, Segment, Sink, Window
from boldhw.spec.ops.ram import has_item_rows


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
    read : Out(RowRead(size.data_width, size.planes)), combinational
        Words of maps, rows of images, gates.
    write : Out(RowWrite(size.data_width, size.planes)), registered
        Words of the map, and of indices.
    array : Out(ArrayPort(size)), registered
        Words of sums; its operand is registered too.
    window : Out(WindowPort(size)), combinational
        Patches.
    units : Out(UnitRead(size)), registered
        Thresholds and windows.
    counters : Out(CounterRead(size)), combinational
        The counter of |g|.
    counter_write : Out(CounterWrite(size)), combinational
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
        super().__init__({
            "op": Out(OpPort(Mac)),
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "windows": In(data.ArrayLayout(op_layout(Window), size.segments)),
            "are_windows": In(size.segments),
            "count": In(range(size.segments + 1)),
            "read": Out(RowRead(size.data_width, size.planes)),
            "write": Out(RowWrite(size.data_width, size.planes)),
            "array": Out(ArrayPort(size)),
            "window": Out(WindowPort(size)),
            "units": Out(UnitRead(size)),
            "counters": Out(CounterRead(size)),
            "counter_write": Out(CounterWrite(size)),
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
            issue.stall.eq(0 if self.size.dual_port else self.write.valid.any()),
            self.read.valid.eq(issue.reads),
            self.read.addr.eq(issue.addr),
        ]
        self._operand(m, issue)
        late, read = self.size.latency, self.size.read_latency
        token = Cat(issue.word & issue.closes, issue.flush, issue.sum.as_value())
        arrived, (ahead, behind) = delay(m, token, read), registers(self.size)
        valid, flush, info = _token(delay(m, arrived, late - read), self.size)
        flushes, flushed = (delay(m, each, 1 + ahead + behind) for each in (flush, info.as_value()))
        outcome = self._outcome(m, valid, info, issue)
        self._gates(m, issue, outcome, _token(arrived, self.size)[2].place)
        self._store(m, issue, outcome, flushes, _token(Cat(0, 0, flushed), self.size)[2])
        self._scores(m, outcome)
        # Units: the row of a group comes with its sums, and takes a register as they are compared;
        # the first item of one comes with the largest sums.
        early = late + ahead + has_item_rows(self.size) - 2 * read
        before = _token(delay(m, arrived, early), self.size)
        self._units(m, issue, *before[::2])
        return m

    def _operand(self, m, issue):
        """Send words to the array, one cycle after their address."""
        size, array, window = self.size, self.array, self.window
        m.submodules.operand = operand = Operand(size)
        rows = [self.read.row.word_select(plane, size.data_width) for plane in range(size.planes)]
        m.d.comb += [
            operand.parts.eq(self.parts),
            operand.word.eq(issue.position),
            operand.valid.eq(issue.word),
            operand.half.eq(issue.half),
            operand.apart.eq(issue.apart),
            operand.is_window.eq(issue.is_window),
            operand.first.eq(Cat(row[: size.lanes] for row in rows)),
            operand.second.eq(Cat(row[size.lanes : 2 * size.lanes] for row in rows)),
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
        outcome = (SerialOutcome if has_item_rows(self.size) else Outcome)(self.size)
        m.submodules.outcome = outcome
        counter = item_row(self.size, self.op.op.counter_row, 0)
        m.d.comb += [
            outcome.op.eq(self.op.op),
            outcome.restart.eq(self.op.start),
            outcome.valid.eq(valid),
            outcome.sum.eq(info),
            outcome.sums.eq(self.array.sums),
            outcome.units.eq(self.units.row),
            self.counters.valid.eq(issue.counts),
            self.counters.addr.eq(Mux(issue.counts, counter, 0)),
            self.counter_write.valid.eq(issue.counts & self.op.done),
            self.counter_write.addr.eq(self.counters.addr),
            self.counter_write.row.eq(self.counters.row[:COUNTER_BITS] + outcome.total),
        ]
        return outcome

    def _gates(self, m, issue, outcome, place):
        """Keep the gates of the words that are summed up; those of a group go beside its sums.

        place: granule of the group whose last word's row is there.
        """
        size = self.size
        words = data_register(size.planes * size.lanes)
        rows = [self.read.row.word_select(plane, size.data_width) for plane in range(size.planes)]
        with m.If(delay(m, issue.gate, size.read_latency)):
            m.d.sync += words.eq(Cat(row[size.lanes : 2 * size.lanes] for row in rows))
        groups = Cat(
            words.word_select(plane, size.lanes).word_select(place, size.elements)
            for plane in range(size.planes)
        )
        # A SerialOutcome keeps them itself.
        behind = 0 if has_item_rows(size) else 1 + registers(size)[0]
        late = size.latency + behind - size.read_latency
        m.d.comb += outcome.gates.eq(data_delay(m, groups, late))

    def _store(self, m, issue, outcome, flushes, flushed):
        """Pack groups, and write the words that they complete, then those of their indices."""
        size, op, info = self.size, self.op.op, outcome.info
        packer = (RowPacker if size.planes == 1 else TilePacker)(size)
        bits = row_bits(size.data_rows)
        m.submodules.packer = packer
        m.submodules.walk, m.submodules.indices = walk, indices = MapWalk(bits), MapWalk(bits)
        stored, pooled = outcome.done & info.stored[0], op.pool == 2
        pixels = settled(m, self._pixels(op))  # of a tile
        m.d.comb += [
            packer.groups.eq(op.groups),
            packer.push.eq(stored),
            packer.group.eq(outcome.group),
            packer.begins.eq(info.begins),
            packer.left.eq(info.left),
            packer.flush.eq(flushes),
        ]
        if size.planes > 1:
            m.d.comb += [packer.pixels.eq(pixels), packer.ends.eq(info.final)]
        completes = stored & info.ends
        indexes = completes & pooled & (not size.inference)
        no_flush = ~issue.flushes
        pair, index, pixel, line, indexed = (Signal() for _ in range(5))
        covers = Signal(size.planes)
        m.d.sync += [
            pair.eq((completes & (op.sink != Sink.SCORES)) | flushes),
            index.eq(indexes),
            pixel.eq(Mux(flushes, flushed.final, info.final)),
            line.eq(Mux(flushes, flushed.right, info.right & no_flush)),
            covers.eq(Mux(flushes, flushed.stored, pixels)),
            indexed.eq(index),
        ]
        last, right = delay(m, pixel, 1), delay(m, info.right, 2)
        # The map begins behind the rows in front of it, which are written as many at once.
        begins = self.op.start | issue.behind_front
        first = op.out_row - Mux(self.op.start, op.front, 0)
        index_rest = settled(m, self._index_rest(op))
        m.d.comb += [
            walk.start.eq(begins),
            walk.row.eq(first),
            walk.pitch.eq(op.out_pitch),
            walk.step.eq(Mux(issue.front, size.planes, _count(covers))),
            walk.skip.eq(issue.front),
            walk.word.eq(pair),
            walk.pixel.eq(pixel),
            walk.line.eq(line),
            indices.start.eq(self.op.start),
            indices.row.eq(op.index_row),
            indices.pitch.eq(settled(m, self._index_pitch(op))),
            indices.step.eq(_count(pixels) + Mux(right, index_rest, 0)),
            indices.word.eq(indexed),
            indices.pixel.eq(last),
            indices.line.eq(right),
        ]
        words, write = packer.words, self.write
        fronts = issue.front.replicate(size.planes)
        m.d.comb += [
            write.valid.eq(Mux(pair, covers, Mux(indexed, pixels, fronts))),
            write.addr.eq(Mux(indexed, indices.addr, Mux(pair | issue.front, walk.addr, 0))),
        ]
        for plane in range(size.planes):
            row = write.row.word_select(plane, size.data_width)
            for flag, names in ((pair, ("first", "second")), (indexed, ("low", "high"))):
                with m.If(flag):
                    own = (words[name].word_select(plane, size.lanes) for name in names)
                    m.d.comb += row.eq(Cat(own))

    def _pixels(self, op):
        """Return a flag for each pixel that a tile makes."""
        planes = self.size.planes
        if planes == 1:
            return Const(1, 1)
        made = Mux(op.pool == 2, (1 << planes // 2) - 1, (1 << planes) - 1)
        return Mux(op.planes > 1, made, 1)[:planes]

    def _index_pitch(self, op):
        """Return the rows from one word of a map row of indices to the next."""
        planes, pixels = self.size.planes, op.columns >> 1
        return (pixels + (planes - 1)) & ~(planes - 1)

    def _index_rest(self, op):
        """Return the rows behind the last tile of a map row of indices."""
        planes, pixels = self.size.planes, op.columns >> 1
        if planes == 1:
            return Const(0)
        half = planes // 2
        wide = Mux(op.planes > 1, (pixels + (half - 1)) & -half, pixels)
        return (self._index_pitch(op) - wide)[: planes.bit_length()]

    def _units(self, m, issue, valid, info):
        """Go on to the thresholds of the next group."""
        addr = Signal(row_bits(self.size.unit_rows))
        if has_item_rows(self.size):
            self._items(m, issue, valid & info.last, info, addr)
            return
        with m.If(self.op.start | (valid & info.last)):
            begins = self.op.start | info.final
            m.d.sync += addr.eq(Mux(begins, self.op.op.unit_row, addr + 1))
        m.d.comb += [self.units.valid.eq(issue.busy), self.units.addr.eq(addr)]

    def _items(self, m, issue, valid, info, row):
        """Go through the thresholds of a group, one a cycle, and on to the next group."""
        p, op = self.size.elements, self.op.op
        lane, final = Signal(range(p)), Signal()
        last = lane == p - 1
        with m.If(valid):
            m.d.sync += final.eq(info.final)
        with m.If(valid | (lane != 0)):
            m.d.sync += lane.eq(Mux(last, 0, lane + 1))
        with m.If(self.op.start | last):
            m.d.sync += row.eq(Mux(self.op.start | final, op.unit_row, row + 1))
        m.d.comb += [
            self.units.valid.eq(issue.busy),
            self.units.addr.eq(item_row(self.size, row, lane)),
        ]

    def _scores(self, m, outcome):
        """Write the sums of a group one after the other, those that are in use."""
        size, op, write = self.size, self.op.op, self.score_write
        left, addr = Signal(range(size.elements + 1)), Signal(row_bits(size.score_rows))
        m.d.comb += [
            outcome.shift.eq(left != 0),
            write.valid.eq(left != 0),
            write.addr.eq(addr),
            write.row.eq(Mux(write.valid, outcome.largest[0], 0)),
        ]
        with m.If(write.valid):
            m.d.sync += [left.eq(left - 1), addr.eq(addr + 1)]
        with m.If(outcome.kept & (op.sink == Sink.SCORES)):
            m.d.sync += left.eq(Mux(outcome.kept_info.final, op.lanes, size.elements))
        with m.If(self.op.start):
            m.d.sync += addr.eq(0)


def _token(bits, size):
    """Return both flags and the layout of what becomes of a sum."""
    return bits[0], bits[1], data.View(SumLayout(size), bits[2:])


def _count(flags):
    """Return how many flags are set, of which the lowest ones are."""
    return sum(flags[1:], flags[0])
