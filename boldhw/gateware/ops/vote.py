"""VOTE and FLIP: columns times deltas are steps of accumulators, and these flip weights."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay, settled
from boldhw.gateware.ops.columns import Columns
from boldhw.gateware.ops.flip import FlipRows
from boldhw.gateware.ops.flipper import Flipper, lead, through
from boldhw.gateware.ops.kernel import counts_twice
from boldhw.gateware.ops.ports import (
    COUNTER_BITS,
    ArrayPort,
    BlockWrite,
    OpPort,
    PartWrite,
    RowRead,
    RowWrite,
    WindowPort,
    op_layout,
)
from boldhw.gateware.ops.steps import MOST, Steps, steps_latency
from boldhw.gateware.ops.tile_columns import TileColumns
from boldhw.gateware.ops.turner import TurnerPort
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Flip, Segment, Vote, Window


class VoteUnit(wiring.Component):
    """Build columns of an input group, then let each output's deltas vote; group by group.

    Accumulators are read when a vote is made, changed, and written back in the same order. If a
    FLIP runs along they flip weights in between; blocks of weights then come between the outputs.
    A FLIP that runs alone reads them row by row. What flips weights is there once, for both.

    Golden model: :func:`boldhw.golden.ops.vote.run`, and :func:`boldhw.golden.ops.flip.run`.

    Parameters
    ----------
    size : ArraySize
        All of it.

    Members
    -------
    vote : Out(OpPort(Vote))
        A VOTE.
    flip : Out(OpPort(Flip))
        A FLIP that runs alone. Its ``op`` is the FLIP that runs along with a fused VOTE, too.
    parts : In(data.ArrayLayout(op_layout(Segment), size.segments))
        Its segment is the first one; of a window what it has in the same places.
    windows : In(data.ArrayLayout(op_layout(Window), size.segments))
        The same descriptor, if it is a window.
    are_windows : In(size.segments)
        Whether it is.
    active_samples : In(FIELD_BITS)
        Active samples of this batch before this one; constant during an op.
    read : Out(RowRead(size.data_width, size.planes))
        Rows of the data memory; combinational, from registers only.
    write : Out(RowWrite(size.data_width, size.planes))
        Rows of the data memory; combinational, from registers only.
    turner : Out(TurnerPort(size))
        Blocks that turn over; combinational.
    weights : Out(RowRead(size.elements * size.lanes))
        Rows of the weight memory; combinational, from registers only.
    blocks : Out(BlockWrite(size))
        Blocks of the weight memory; combinational, from registers only.
    units : Out(RowRead(size.elements * 2 * FIELD_BITS))
        Means; combinational, from registers only.
    counters : Out(RowRead(size.elements * COUNTER_BITS))
        Sums of deltas, the count of flips; combinational, from registers only.
    counter_write : Out(PartWrite(size.elements * COUNTER_BITS, size.elements))
        The same; combinational, from registers only.
    deltas : Out(RowRead(2 * size.lanes, size.planes))
        Rows of the delta memory; combinational, from registers only.
    window : Out(WindowPort(size))
        Patches of an image; combinational.
    array : Out(ArrayPort(size))
        Votes; combinational, ``sign`` and ``mask`` from what is read.

    Latency
    -------
    For each input group the cycles of :class:`Columns`, ``wide`` cycles for each output, with one
    port 2 at least, and ``size.latency + 1``; an op one more. A fused op takes 2 more, and between
    blocks of outputs what a FLIP takes there and a cycle, in which the next block is read. Votes of
    two outputs of two words each, with one port and a latency of 6; those of a FLIP that runs alone
    are :class:`boldhw.gateware.ops.flip.FlipRows`'s::

        cycle               0    1    2    3    4    5    6    7    8    9    10
        columns.done        1
        array.valid              1    1    1    1
        array.last                    1         1
        array.done                                   1         1
        read.valid                              1         1
        write.valid                                            1         1
        next group                                                           1
    """

    def __init__(self, size):
        self.size = size
        p = size.elements
        super().__init__({
            "vote": Out(OpPort(Vote)),
            "flip": Out(OpPort(Flip)),
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "windows": In(data.ArrayLayout(op_layout(Window), size.segments)),
            "are_windows": In(size.segments),
            "active_samples": In(FIELD_BITS),
            "read": Out(RowRead(size.data_width, size.planes)),
            "write": Out(RowWrite(size.data_width, size.planes)),
            "turner": Out(TurnerPort(size)),
            "weights": Out(RowRead(p * size.lanes)),
            "blocks": Out(BlockWrite(size)),
            "units": Out(RowRead(p * 2 * FIELD_BITS)),
            "counters": Out(RowRead(p * COUNTER_BITS)),
            "counter_write": Out(PartWrite(p * COUNTER_BITS, p)),
            "deltas": Out(RowRead(2 * size.lanes, size.planes)),
            "window": Out(WindowPort(size)),
            "array": Out(ArrayPort(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, op = self.size, self.vote.op
        is_window = self.are_windows[0]
        part = self.parts[0]
        counts = counts_twice(part, is_window)
        twice, doubled = settled(m, counts), settled(m, part.zero_true | counts)  # votes in sums
        several = size.planes * size.transposers > 1
        m.submodules.columns = columns = TileColumns(size) if several else Columns(size)
        m.submodules.flipper = flipper = Flipper(size)
        alone = Signal()  # a FLIP is
        with m.If(self.vote.start | self.flip.start):
            m.d.sync += alone.eq(self.flip.start)
        wiring.connect(m, columns.window, wiring.flipped(self.window))
        for name in ("weights", "units", "counters", "counter_write"):
            wiring.connect(m, getattr(flipper, name), wiring.flipped(getattr(self, name)))
        ended, begins = Signal(), columns.done
        if size.transposers > 1:  # groups of a word have their columns together
            begins |= columns.next & ~columns.groups.of_word
        m.d.comb += ended.eq(self._votes(m, columns, flipper, begins, twice, doubled))
        last_group = delay(m, columns.groups.of_all, 1)  # known long before
        closes = ended & last_group
        m.d.comb += [
            columns.start.eq(self.vote.start),
            columns.builds.eq(1),
            columns.next.eq(ended & ~last_group),
            columns.op.eq(op),
            columns.part.eq(part),
            columns.image.eq(self.windows[0]),
            columns.is_window.eq(is_window),
            columns.twice.eq(twice),
            flipper.start.eq(self.vote.start & op.fused | self.flip.start),
            flipper.load.eq(begins & op.fused | delay(m, self.flip.start, 1)),
            flipper.loads.eq(alone),
            flipper.op.eq(self.flip.op),
            flipper.part.eq(part),
            self.vote.done.eq(Mux(op.fused, delay(m, closes, 2), closes)),
            self.flip.done.eq(flipper.done & alone),
        ]
        reads, addr = self._accumulators(m, columns, flipper, begins, doubled, alone)
        m.d.comb += [
            columns.read.row.eq(self.read.row),
            self.read.valid.eq(columns.read.valid | reads),
            self.read.addr.eq(Mux(reads, addr, columns.read.addr)),
        ]
        self._share(m, columns, flipper)
        return m

    def _share(self, m, columns, flipper):
        """Give the turner and the weight memory to who uses them: columns, or weights."""
        ours, turning = self.turner, flipper.turner.shift
        m.d.comb += [
            ours.load.eq(flipper.turner.load),
            ours.block_in.eq(flipper.turner.block_in),
            ours.shift.eq(columns.turner.shift | turning),
            ours.turn.eq(columns.turner.turn),
            ours.tile.eq(columns.turner.tile & ~turning),
            ours.word_in.eq(Mux(turning, flipper.turner.word_in, columns.turner.word_in)),
            self.blocks.valid.eq(columns.blocks.valid | flipper.blocks.valid),
        ]
        for name in ("addr", "granule", "block"):
            own, other = (getattr(each.blocks, name) for each in (columns, flipper))
            m.d.comb += getattr(self.blocks, name).eq(Mux(columns.blocks.valid, own, other))
        for unit in (columns, flipper):
            m.d.comb += unit.turner.block.eq(ours.block)

    def _votes(self, m, columns, flipper, begins, twice, doubled):
        """Send all outputs through the array; return when the last one's row is written.

        D outputs vote together, unless weights flip in between. begins: columns are there.
        """
        size, op, p, d = self.size, self.vote.op, self.size.elements, self.size.planes
        voting, idle, ends = Signal(), Signal(), Signal()
        word, output = Signal.like(op.wide), Signal.like(op.outputs)
        number, pause = Signal(range(p)), Signal(range(p + 5))  # in a block; after it
        most = size.latency + 1 + (d - 1) * size.access
        drain = Signal(range(most + 1))
        row, first_row, column, base = (Signal(FIELD_BITS) for _ in range(4))
        second = Signal()  # it is at F's
        row_ends, one_word = Signal(), settled(m, op.wide == 1)  # known a word before
        last_but_one = settled(m, (op.wide - 2)[: len(op.wide)])
        over = settled(m, op.wide << (size.transposers - 1).bit_length())
        last_word = row_ends & (second | ~twice)
        goes = ~flipper.follows  # else a block of weights is read in between
        sends = voting & goes & (pause == 0)
        valid, last = sends & ~idle, Mux(op.fused, output == 1, output <= d)
        # Rows of accumulators are read and written one at a time.
        spent, together = Signal(range(d * size.access + 1)), d * size.access
        enough = spent >= Mux(op.fused, size.access, together) - 1
        moves = sends & (enough | ~last_word)
        with m.If(sends):
            m.d.sync += [
                idle.eq(last_word & ~enough),
                spent.eq(Mux(last_word & enough, 0, Mux(spent == together, spent, spent + 1))),
            ]
        onward = row + d
        next_row = onward
        if d > 1:
            part = Signal(range(d))  # a single output among D
            within = op.fused & (part != d - 1)
            next_row = Mux(op.fused, Mux(within, first_row, row) + 1, onward)
        with m.If(valid):
            m.d.sync += [row.eq(onward), column.eq(column + 1)]
            with m.If(row_ends & twice & ~second):  # the same deltas again
                m.d.sync += row.eq(first_row)
                if size.transposers > 1:
                    m.d.sync += column.eq(base + over)
            with m.If(last_word):
                m.d.sync += [column.eq(base), row.eq(next_row), first_row.eq(next_row)]
                if d > 1:
                    m.d.sync += part.eq(part + 1)
        with m.If(moves):
            m.d.sync += word.eq(Mux(row_ends, 0, word + 1))
            m.d.sync += row_ends.eq(Mux(row_ends, one_word, word == last_but_one))
            with m.If(row_ends):
                m.d.sync += second.eq(twice & ~second)
        with m.If(moves & last_word):
            m.d.sync += output.eq(output - Mux(op.fused, 1, d))
            m.d.sync += number.eq(number + 1)
            with m.If((number == p - 1) | last):
                missing = p - 1 - number  # outputs that the block lacks
                # The last one, after which no block is read, takes as long as the others. With
                # transposers the next one may be read at once, from the row that is stored last.
                again = size.dual_port and size.transposers > 1
                between = missing + 2 + (1 if size.dual_port else self.flip.op.turned != 0)
                between += Mux(last, 1 + again, 0)
                m.d.sync += [number.eq(0), pause.eq(Mux(op.fused, between, 0))]
        with m.If(goes & (pause != 0)):
            m.d.sync += pause.eq(pause - 1)
        with m.If(goes & (drain != 0)):
            m.d.sync += drain.eq(drain - 1)
        closed = goes & (pause == 1) & (output == 0)
        m.d.comb += ends.eq(Mux(op.fused, closed, moves & last_word & last))
        with m.If(ends):
            m.d.sync += [voting.eq(0), drain.eq(Mux(op.fused, size.latency + 1, most))]
        with m.If(begins):
            m.d.sync += [
                voting.eq(1),
                output.eq(op.outputs),
                row.eq(op.delta_row),
                first_row.eq(op.delta_row),
            ]
            if d > 1:
                m.d.sync += part.eq(0)
        with m.If(columns.done):
            m.d.sync += [column.eq(op.column_row), base.eq(op.column_row)]
        if size.transposers > 1:
            with m.Elif(begins):
                m.d.sync += [column.eq(base + op.wide), base.eq(base + op.wide)]
        with m.If(self.vote.start):
            m.d.sync += row_ends.eq(one_word)
        m.d.comb += [
            self.array.valid.eq(valid),
            self.array.first.eq((word == 0) & ~second),
            self.array.last.eq(last_word),
            self.array.addr.eq(column),
            self.array.zero_true.eq(doubled),
            self.deltas.valid.eq(valid),
            self.deltas.addr.eq(row if d == 1 else row & ~(d - 1)),
            columns.row.eq(word),
        ]
        there = delay(m, valid, size.read_latency).replicate(size.lanes)
        against = delay(m, second, size.read_latency).replicate(size.lanes)
        rows = [self.deltas.row.word_select(plane, 2 * size.lanes) for plane in range(d)]
        if d > 1:  # where weights flip in between a single one of D rows counts
            chosen = delay(m, row[: d.bit_length() - 1], size.read_latency)
            rows[0] = self.deltas.row.word_select(chosen, 2 * size.lanes)
        m.d.comb += [
            self.array.sign.eq(Cat((each[: size.lanes] ^ against) & there for each in rows)),
            self.array.mask.eq(Cat(each[size.lanes :] & columns.known & there for each in rows)),
        ]
        return drain == 1  # no block is read in that cycle

    def _rows_of(self, m, first, begins):
        """Return when a row is read, and the plane of its sums.

        first: that of the first plane is. begins: outputs of an input group begin.
        """
        size, op, d = self.size, self.vote.op, self.size.planes
        if d == 1:
            return first, Const(0)
        plane, left, follows = Signal(range(d)), Signal.like(op.outputs), Signal()
        beat = Const(1) if size.dual_port else Signal()
        reads, this = first | follows & beat, Mux(first, 0, plane)
        if not size.dual_port:  # a row is written in between
            m.d.sync += beat.eq(~reads)
        with m.If(reads):
            m.d.sync += [
                plane.eq(this + 1),
                left.eq(left - 1),
                follows.eq((this != d - 1) & (left != 1) & ~op.fused),
            ]
        with m.If(begins):
            m.d.sync += left.eq(op.outputs)
        return reads, this

    def _accumulators(self, m, columns, flipper, begins, doubled, alone):
        """Read, change and write rows; return when one is read, and where.

        alone: a FLIP is.
        """
        size, op = self.size, self.vote.op
        m.submodules.steps = steps = Steps(size)
        m.submodules.rows = rows = FlipRows(size)
        voted = self.array.valid & self.array.last
        first = delay(m, voted, size.latency - 1 - size.read_latency)
        voted_on, plane = self._rows_of(m, first, begins)
        plane = delay(m, plane, size.read_latency)
        reads = voted_on | rows.reads
        addr, target, waits = Signal(FIELD_BITS), Signal(FIELD_BITS), Signal()
        with m.If(reads):
            m.d.sync += addr.eq(addr + 1)
        with m.If(self.write.valid):
            m.d.sync += target.eq(target + 1)
        with m.If(self.vote.start):
            m.d.sync += [addr.eq(op.acc_row), target.eq(op.acc_row)]
        with m.If(self.flip.start):
            m.d.sync += [addr.eq(self.flip.op.acc_row), target.eq(self.flip.op.acc_row)]
        dropped, width = settled(m, ~(~0 << op.rounding)), steps.sums.shape().size
        all_sums = self.array.sums.as_value()
        sums = Array(all_sums[index * width :][:width] for index in range(size.planes))
        row = self.read.row[: size.data_width]
        # New accumulators are there some cycles after the old ones.
        stepped = size.latency - 1 + steps_latency(size)
        soon = delay(m, voted & op.fused, stepped - size.read_latency - lead(size))
        m.d.comb += [
            rows.start.eq(self.flip.start),
            rows.op.eq(self.flip.op),
            rows.of_block.eq(flipper.of_block),
            rows.of_all.eq(flipper.of_all),
            steps.valid.eq(delay(m, voted_on, size.read_latency)),
            steps.sums.eq(sums[plane]),
            steps.accumulators.eq(row),
            steps.lanes.eq(delay(m, columns.lanes, 1)),  # known long before
            steps.doubled.eq(doubled),
            steps.rounding.eq(op.rounding),
            steps.offset.eq(Mux(op.gathered, 0, self.active_samples[:MOST] & dropped)),
            steps.decay.eq(op.decay),
            self.write.addr.eq(target),
            self.write.row.eq(Mux(alone | op.fused, flipper.result, steps.result)),
            flipper.soon.eq(soon | rows.soon),
            flipper.accumulators.eq(Mux(alone, row, steps.result)),
        ]
        flipping = Mux(alone, delay(m, rows.reads, size.read_latency), steps.done & op.fused)
        flipped = delay(m, flipping, through(size))
        writes = Mux(alone | op.fused, flipped, steps.done)
        if not size.dual_port:  # with three or five words a vote it waits until a row is read
            ready = writes | waits
            writes = ready & ~reads
            m.d.sync += waits.eq(ready & reads)
        m.d.comb += self.write.valid.eq(writes)
        return reads, addr
