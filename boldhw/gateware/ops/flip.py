"""FLIP: weights turn over where their accumulators are against them, in both planes."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.flipper import Flipper, lead, through
from boldhw.gateware.ops.ports import (
    COUNTER_BITS,
    BlockWrite,
    OpPort,
    PartWrite,
    RowRead,
    RowWrite,
    op_layout,
)
from boldhw.gateware.ops.turner import TurnerPort
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Flip, Segment


class FlipUnit(wiring.Component):
    """Read rows of accumulators, let them flip weights, and write them back.

    Golden model: :func:`boldhw.golden.ops.flip.run`.

    Parameters
    ----------
    size : ArraySize
        All of it.

    Members
    -------
    op : Out(OpPort(Flip))
        The op.
    parts : In(data.ArrayLayout(op_layout(Segment), size.segments))
        Its segment is the first one; of a window what it has in the same places.
    read : Out(RowRead(size.data_width, size.planes))
        Rows of the data memory; combinational, from registers only.
    write : Out(RowWrite(size.data_width, size.planes))
        Rows of the data memory; combinational, from registers only.
    weights : Out(RowRead(size.elements * size.lanes))
        Rows of the weight memory; combinational, from registers only.
    blocks : Out(BlockWrite(size))
        Blocks of the weight memory; combinational, from registers only.
    turner : Out(TurnerPort(size))
        Blocks of weights; combinational.
    units : Out(RowRead(size.elements * 2 * FIELD_BITS))
        Means; combinational, from registers only.
    counters : Out(RowRead(size.elements * COUNTER_BITS))
        Sums of deltas, the count of flips; combinational, from registers only.
    counter_write : Out(PartWrite(size.elements * COUNTER_BITS, size.elements))
        The same; combinational, from registers only.

    Latency
    -------
    A row of accumulators takes a cycle, with one port 2; a block of P outputs 2 more, with
    ``dual_port`` or a transposed plane 3 more, and one for each output that it lacks; an op 7 more,
    with ``dual_port`` 10 more. Two outputs with one port, P = 2::

        cycle               0    1    2    3    4    5    6    7    8    9    10   11   12
        op.start            1
        weights.valid            1
        turner.load                   1
        read.valid                                   1         1
        turner.shift                                           1         1
        write.valid                                                 1         1
        blocks.valid                                                          1
        op.done                                                                         1
    """

    def __init__(self, size):
        self.size = size
        p = size.elements
        super().__init__({
            "op": Out(OpPort(Flip)),
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "read": Out(RowRead(size.data_width, size.planes)),
            "write": Out(RowWrite(size.data_width, size.planes)),
            "weights": Out(RowRead(p * size.lanes)),
            "blocks": Out(BlockWrite(size)),
            "turner": Out(TurnerPort(size)),
            "units": Out(RowRead(p * 2 * FIELD_BITS)),
            "counters": Out(RowRead(p * COUNTER_BITS)),
            "counter_write": Out(PartWrite(p * COUNTER_BITS, p)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, op = self.size, self.op.op
        part = self.parts[0]
        m.submodules.flipper = flipper = Flipper(size)
        for name in ("weights", "blocks", "turner", "units", "counters", "counter_write"):
            wiring.connect(m, getattr(flipper, name), wiring.flipped(getattr(self, name)))
        soon = self._outputs(m, flipper)
        reads = delay(m, soon, lead(size))
        writes = delay(m, reads, size.read_latency + through(size))
        with m.If(reads):
            m.d.sync += self.read.addr.eq(self.read.addr + 1)
        with m.If(writes):
            m.d.sync += self.write.addr.eq(self.write.addr + 1)
        with m.If(self.op.start):
            m.d.sync += [self.read.addr.eq(op.acc_row), self.write.addr.eq(op.acc_row)]
        m.d.comb += [
            flipper.start.eq(self.op.start),
            flipper.load.eq(delay(m, self.op.start, 1)),
            flipper.loads.eq(1),
            flipper.op.eq(op),
            flipper.part.eq(part),
            flipper.soon.eq(soon),
            flipper.accumulators.eq(self.read.row[: size.data_width]),
            self.read.valid.eq(reads),
            self.write.valid.eq(writes),
            self.write.row.eq(flipper.result),
            self.op.done.eq(flipper.done),
        ]
        return m

    def _outputs(self, m, flipper):
        """Go through the outputs, block by block; return when the next one comes soon."""
        p, op = self.size.elements, self.op.op
        running, odd, number = Signal(), Signal(), Signal(range(p))
        pause = Signal(range(p + 5))
        soon = Signal()
        m.d.comb += soon.eq(running & ~odd)
        if not self.size.dual_port:
            m.d.sync += odd.eq(soon)
        with m.If(soon):
            m.d.sync += number.eq(number + 1)
            with m.If(flipper.of_block):
                missing = p - 1 - number  # outputs that the block lacks
                # With two ports a row of weights comes as late as that of a transposed plane goes.
                later = 1 if self.size.dual_port else op.turned != 0
                between = missing + 1 + self.size.access + later
                m.d.sync += [running.eq(0), number.eq(0), pause.eq(between)]
        with m.If(pause != 0):
            m.d.sync += pause.eq(pause - 1)
            with m.If(pause == 1):
                m.d.sync += running.eq(~flipper.of_all)
        with m.If(delay(m, self.op.start, 1)):
            m.d.sync += running.eq(1)
        return soon
