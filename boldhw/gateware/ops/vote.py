"""VOTE: inputs become columns in the weight memory, columns times deltas steps of accumulators."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.columns import Columns
from boldhw.gateware.ops.ports import ArrayPort, BlockWrite, OpPort, RowRead, RowWrite, op_layout
from boldhw.gateware.ops.steps import MOST, Steps
from boldhw.gateware.ops.turner import TurnerPort
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Segment, Vote


class VoteUnit(wiring.Component):
    """Build columns of an input group, then let each output's deltas vote; group by group.

    Accumulators are read when a vote is made, changed, and written back in the same order.

    Golden model: :func:`boldhw.golden.ops.vote.run`.

    Parameters
    ----------
    size : ArraySize
        Of an array of one plane and one transposer; all of it.

    Members
    -------
    op : Out(OpPort(Vote))
        The op.
    parts : In(data.ArrayLayout(op_layout(Segment), size.segments))
        Its segment is the first one.
    active_samples : In(FIELD_BITS)
        Active samples of this batch before this one; constant during an op.
    read : Out(RowRead(size.data_width))
        Rows of the data memory; combinational, from registers only.
    write : Out(RowWrite(size.data_width))
        Rows of the data memory; combinational, from registers only.
    turner : Out(TurnerPort(size))
        Blocks that turn over; combinational.
    blocks : Out(BlockWrite(size))
        Blocks of the weight memory; combinational, from registers only.
    deltas : Out(RowRead(2 * size.lanes))
        Rows of the delta memory; combinational, from registers only.
    array : Out(ArrayPort(size))
        Votes; combinational, ``sign`` and ``mask`` from what is read.

    Latency
    -------
    For each input group the cycles of :class:`Columns`, ``wide`` cycles for each output, with one
    port 2 at least, and ``size.latency + 1``; an op one more. Votes of two outputs of two words
    each, with one port and a latency of 6::

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
        super().__init__({
            "op": Out(OpPort(Vote)),
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "active_samples": In(FIELD_BITS),
            "read": Out(RowRead(size.data_width)),
            "write": Out(RowWrite(size.data_width)),
            "turner": Out(TurnerPort(size)),
            "blocks": Out(BlockWrite(size)),
            "deltas": Out(RowRead(2 * size.lanes)),
            "array": Out(ArrayPort(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, op = self.size, self.op.op
        part = self.parts[0]
        m.submodules.columns = columns = Columns(size)
        wiring.connect(m, columns.turner, wiring.flipped(self.turner))
        wiring.connect(m, columns.blocks, wiring.flipped(self.blocks))
        ended = self._votes(m, columns.done, columns)
        m.d.comb += [
            columns.start.eq(self.op.start),
            columns.next.eq(ended & ~columns.last),
            columns.op.eq(op),
            columns.part.eq(part),
            self.op.done.eq(ended & columns.last),
        ]
        reads, addr = self._accumulators(m, columns)
        m.d.comb += [
            columns.read.row.eq(self.read.row),
            self.read.valid.eq(columns.read.valid | reads),
            self.read.addr.eq(Mux(reads, addr, columns.read.addr)),
        ]
        return m

    def _votes(self, m, begins, columns):
        """Send all outputs through the array; return when the last one's row is written."""
        size, op = self.size, self.op.op
        voting, idle, ends = Signal(), Signal(), Signal()
        word, output = Signal.like(op.wide), Signal.like(op.outputs)
        row, last_word = Signal(FIELD_BITS), word == op.wide - 1
        moves = voting
        if not size.dual_port:  # a row of accumulators is read and written
            short = op.wide == 1
            m.d.sync += idle.eq(voting & short & ~idle)
            moves = voting & (~short | idle)
        valid = voting & ~idle
        m.d.comb += ends.eq(moves & last_word & (output == 1))
        with m.If(valid):
            m.d.sync += row.eq(row + 1)
        with m.If(moves):
            m.d.sync += word.eq(Mux(last_word, 0, word + 1))
            with m.If(last_word):
                m.d.sync += output.eq(output - 1)
        with m.If(ends):
            m.d.sync += voting.eq(0)
        with m.If(begins):
            m.d.sync += [voting.eq(1), output.eq(op.outputs), row.eq(op.delta_row)]
        m.d.comb += [
            self.array.valid.eq(valid),
            self.array.first.eq(word == 0),
            self.array.last.eq(last_word),
            self.array.addr.eq(op.column_row + word),
            self.array.zero_true.eq(self.parts[0].zero_true),
            self.deltas.valid.eq(valid),
            self.deltas.addr.eq(row),
            columns.row.eq(word),
        ]
        there = delay(m, valid, size.read_latency).replicate(size.lanes)
        signs, masks = self.deltas.row[: size.lanes], self.deltas.row[size.lanes :]
        m.d.comb += [
            self.array.sign.eq(signs & there),
            self.array.mask.eq(masks & columns.known & there),
        ]
        return delay(m, ends, size.latency + 1)

    def _accumulators(self, m, columns):
        """Read, change and write rows; return when one is read, and where."""
        size, op = self.size, self.op.op
        m.submodules.steps = steps = Steps(size)
        voted = self.array.valid & self.array.last
        reads = delay(m, voted, size.latency - 1 - size.read_latency)
        addr, target, waits = Signal(FIELD_BITS), Signal(FIELD_BITS), Signal()
        with m.If(reads):
            m.d.sync += addr.eq(addr + 1)
        with m.If(self.write.valid):
            m.d.sync += target.eq(target + 1)
        with m.If(self.op.start):
            m.d.sync += [addr.eq(op.acc_row), target.eq(op.acc_row)]
        dropped = ~(~0 << op.rounding)
        m.d.comb += [
            steps.valid.eq(self.array.done),
            steps.sums.eq(self.array.sums),
            steps.accumulators.eq(self.read.row),
            steps.lanes.eq(columns.lanes),
            steps.doubled.eq(self.parts[0].zero_true),
            steps.rounding.eq(op.rounding),
            steps.offset.eq(Mux(op.gathered, 0, self.active_samples[:MOST] & dropped)),
            steps.decay.eq(op.decay),
            self.write.addr.eq(target),
            self.write.row.eq(steps.result),
        ]
        writes = steps.done
        if not size.dual_port:  # with three words a vote a row waits until the next one is read
            writes = (steps.done | waits) & ~reads
            m.d.sync += waits.eq((steps.done | waits) & reads)
        m.d.comb += self.write.valid.eq(writes)
        return reads, addr
