"""Votes of one output after the other: rows of its deltas go to the array, with their columns."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.ports import ArrayPort, RowRead, op_layout
from boldhw.gateware.ops.row_pass import pass_cycles
from boldhw.gateware.ops.widths import row_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Vote


class Votes(wiring.Component):
    """Send words of outputs to the array, no faster than their sums are taken.

    :class:`boldhw.gateware.ops.row_pass.RowPass` takes them.

    Golden model: :func:`boldhw.golden.ops.vote._votes`.

    Parameters
    ----------
    size : ArraySize
        Of an array of one plane; all of it.

    Members
    -------
    start : In(1)
        Begin with the first output; not while words are sent.
    send : In(1)
        Send the words of an output as soon as they can go, and then of the next ones, while it
        holds.
    op : In(op_layout(Vote))
        The op; constant.
    twice : In(1)
        The same deltas meet the columns of F's as well. Constant.
    doubled : In(1)
        Sums are twice the votes. Constant.
    known : In(size.lanes)
        Places that are of the map, the read latency after ``word``.
    word : Out(FIELD_BITS), registered
        Word of the output.
    sent : Out(1), combinational
        The last word of an output is sent. From ``send`` and registers.
    deltas : Out(RowRead(2 * size.lanes))
        Rows of the delta memory; combinational.
    array : Out(ArrayPort(size))
        Votes; combinational.

    Latency
    -------
    An output takes a cycle for each of its words, P + 3 at least up to the next one. Two outputs of
    two words each, P = 2::

        cycle            0    1    2    3    4    5    6
        send             1    1    1    1    1    1    1
        array.valid      1    1                   1    1
        array.last            1                        1
        sent                  1                        1
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "start": In(1),
            "send": In(1),
            "op": In(op_layout(Vote)),
            "twice": In(1),
            "doubled": In(1),
            "known": In(size.lanes),
            "word": Out(FIELD_BITS),
            "sent": Out(1),
            "deltas": Out(RowRead(2 * size.lanes)),
            "array": Out(ArrayPort(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, op = self.size, self.op
        rows, weights = row_bits(size.delta_rows), row_bits(size.weight_rows)
        word, row, first_row = (Signal(rows) for _ in range(3))
        column, second, first = Signal(weights), Signal(), Signal()
        pace = Signal(range(pass_cycles(size)))
        after = Signal(rows + 1)
        row_ends, valid = Signal(), Signal()
        m.d.comb += [
            first.eq((word == 0) & ~second),
            valid.eq(self.send & (~first | (pace == 0))),
            after.eq(word + 1),
            row_ends.eq(after == op.wide),
            self.sent.eq(valid & row_ends & (second | ~self.twice)),
        ]
        with m.If(valid & first):
            m.d.sync += pace.eq(pass_cycles(size) - 1)
        with m.Elif(pace != 0):
            m.d.sync += pace.eq(pace - 1)
        with m.If(valid):
            m.d.sync += [word.eq(after), row.eq(row + 1), column.eq(column + 1)]
            with m.If(row_ends):
                m.d.sync += [word.eq(0), second.eq(self.twice & ~second)]
            with m.If(row_ends & self.twice & ~second):  # the same deltas again
                m.d.sync += row.eq(first_row)
            with m.If(self.sent):
                m.d.sync += [column.eq(op.column_row), first_row.eq(row + 1)]
        with m.If(self.start):
            m.d.sync += [
                row.eq(op.delta_row),
                first_row.eq(op.delta_row),
                column.eq(op.column_row),
            ]
        m.d.comb += [
            self.word.eq(word),
            self.array.valid.eq(valid),
            self.array.first.eq(first),
            self.array.last.eq(self.sent),
            self.array.addr.eq(column),
            self.array.zero_true.eq(self.doubled),
            self.deltas.valid.eq(valid),
            self.deltas.addr.eq(row),
        ]
        there = delay(m, valid, size.read_latency).replicate(size.lanes)
        against = delay(m, second, size.read_latency).replicate(size.lanes)
        signs, masks = self.deltas.row[: size.lanes], self.deltas.row[size.lanes :]
        m.d.comb += [
            self.array.sign.eq((signs ^ against) & there),
            self.array.mask.eq(masks & self.known & there),
        ]
        return m
