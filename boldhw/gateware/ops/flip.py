"""Rows of accumulators that a FLIP reads which runs alone."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.flipper import lead
from boldhw.gateware.ops.ports import op_layout
from boldhw.spec.ops.kinds import Flip


class FlipRows(wiring.Component):
    """Go through the outputs, block by block, and read a row for each.

    Golden model: :func:`boldhw.golden.ops.flip.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P), ``read_latency`` and ``dual_port``.

    Members
    -------
    start : In(1)
        Begin with the first output.
    op : In(op_layout(Flip))
        The op; constant.
    of_block, of_all : In(1)
        Those of :class:`boldhw.gateware.ops.flipper.Flipper`.
    soon : Out(1), combinational
        The row of the next output is read :func:`boldhw.gateware.ops.flipper.lead` cycles later.
        From registers only.
    reads : Out(1), registered
        The next row is read.

    Latency
    -------
    A row of accumulators takes a cycle, with one port 2; a block of P outputs 2 more, with
    ``dual_port`` or a transposed plane 3 more, and one for each output that it lacks; an op 7 more,
    with ``dual_port`` 10 more. Two outputs with one port, P = 2, in the unit of VOTE and FLIP::

        cycle               0    1    2    3    4    5    6    7    8    9    10   11   12
        start               1
        weights.valid            1
        soon                          1         1
        turner.load                   1
        reads                                        1         1
        turner.shift                                           1         1
        write.valid                                                 1         1
        blocks.valid                                                          1
        flip.done                                                                       1
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "start": In(1),
            "op": In(op_layout(Flip)),
            "of_block": In(1),
            "of_all": In(1),
            "soon": Out(1),
            "reads": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        p, op, soon = self.size.elements, self.op, self.soon
        running, odd, number = Signal(), Signal(), Signal(range(p))
        pause = Signal(range(p + 5))
        m.d.comb += [soon.eq(running & ~odd), self.reads.eq(delay(m, soon, lead(self.size)))]
        if not self.size.dual_port:
            m.d.sync += odd.eq(soon)
        with m.If(soon):
            m.d.sync += number.eq(number + 1)
            with m.If(self.of_block):
                missing = p - 1 - number  # outputs that the block lacks
                # With two ports a row of weights comes as late as that of a transposed plane goes.
                later = 1 if self.size.dual_port else op.turned != 0
                between = missing + 1 + self.size.access + later
                m.d.sync += [running.eq(0), number.eq(0), pause.eq(between)]
        with m.If(pause != 0):
            m.d.sync += pause.eq(pause - 1)
            with m.If(pause == 1):
                m.d.sync += running.eq(~self.of_all)
        with m.If(delay(m, self.start, 1)):
            m.d.sync += running.eq(1)
        return m
