"""GATHER: rows of this sample into its slot, where they wait for the update."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.loops import Loops
from boldhw.gateware.ops.narrow import narrowed
from boldhw.gateware.ops.ports import OpPort, RowRead, RowWrite
from boldhw.gateware.ops.widths import count_bits, side_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Gather


class GatherUnit(wiring.Component):
    """Copy rows of the data memory in the order of a nest, one after the other into a slot.

    Golden model: :func:`boldhw.golden.ops.gather.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``batch``, ``data_rows``, ``data_width``, ``dual_port`` and ``read_latency``.

    Members
    -------
    op : Out(OpPort(Gather))
        The op.
    active_samples : In(FIELD_BITS)
        Number of the slot; in the cycle of ``op.start``.
    read : Out(RowRead(size.data_width))
        Rows of the data memory; combinational, from registers only.
    write : Out(RowWrite(size.data_width))
        Rows of the data memory; combinational, ``row`` from what is read.

    Latency
    -------
    A row takes 2 cycles, with ``dual_port`` one, and an op 2 more. With two ports the last row is
    written one cycle after ``done``. An op of two rows::

        cycle               0    1    2    3    4    5
        op.start            1
        read.valid               1         1
        write.valid                   1         1
        op.done                                      1

    With ``dual_port``::

        cycle               0    1    2    3    4
        op.start            1
        read.valid               1    1
        write.valid                        1    1
        op.done                            1
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": Out(OpPort(Gather)),
            "active_samples": In(FIELD_BITS),
            "read": Out(RowRead(size.data_width)),
            "write": Out(RowWrite(size.data_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        bits, sides = count_bits(self.size.data_rows), side_bits(self.size)
        op = narrowed(self.size, self.op.op, jump0=FIELD_BITS, jump1=FIELD_BITS, jump2=FIELD_BITS)
        m.submodules.nest = nest = Loops((min(8, sides), sides, sides), 0, bits, early=False)
        m.d.comb += [
            nest.start.eq(self.op.start),
            nest.base.eq(op.in_row),
            nest.counts.level0.eq(op.across),
            nest.counts.level1.eq(op.words),
            nest.counts.level2.eq(op.down),
            nest.jumps.eq(Cat(op.jump0, op.jump1, op.jump2)),
        ]
        target, running, ended = Signal.like(op.out_row), Signal(), Signal()
        if self.size.dual_port:
            reads, moves = running, running
        else:
            odd = Signal()
            m.d.sync += odd.eq(running & ~odd)
            reads, moves = running & ~odd, odd
        m.d.sync += ended.eq(moves & nest.ends[-1])
        m.d.comb += [
            nest.step.eq(moves),
            self.read.valid.eq(reads),
            self.read.addr.eq(nest.addr),
            self.write.valid.eq(delay(m, reads, self.size.read_latency)),
            self.write.addr.eq(target),
            self.write.row.eq(self.read.row),
            self.op.done.eq(ended),
        ]
        with m.If(moves & nest.ends[-1]):
            m.d.sync += running.eq(0)
        with m.If(self.write.valid):
            m.d.sync += target.eq(target + 1)
        with m.If(self.op.start):
            slot = self.active_samples[: self.size.batch.bit_length()] * op.slot
            m.d.sync += [running.eq(1), target.eq(op.out_row + slot)]
        return m
