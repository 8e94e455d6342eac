"""LOSS: the label against the best other class, and the deltas of the scores."""

from types import SimpleNamespace

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.ports import SUM_BITS, OpPort, RowRead, RowWrite
from boldhw.gateware.ops.words import next_pixel
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Loss


def score_shape(size):
    """Shape of the score of a class: the sum of all outputs at most."""
    return signed(SUM_BITS + (size.score_rows - 1).bit_length())


class LossUnit(wiring.Component):
    """Compare the classes of the scores, or write their deltas; each takes the outputs in order.

    The first pass finds the best class that is not the label, the first one of several. The second
    one gives T to its outputs and F to those of the label, 0 to others.

    Golden model: :func:`boldhw.golden.ops.loss.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``lanes``, ``data_width`` and ``score_rows``.

    Members
    -------
    op : Out(OpPort(Loss))
        The op.
    label : In(FIELD_BITS)
        Class of the sample.
    margin : In(FIELD_BITS)
        By how much the label has to lead.
    scores : Out(RowRead(SUM_BITS)), registered
        Read of the scores; their row comes one cycle after the address.
    write : Out(RowWrite(size.data_width)), registered
        Write of the deltas.
    active : Out(1), registered
        The label did not lead by the margin.
    hit : Out(1), registered
        The label is the best class, the first one of several.

    Latency
    -------
    ``outputs + 1`` cycles from ``start`` to ``done``, one more to ``active``. Deltas take a cycle
    for each lane of the groups of outputs instead, and one for each row that is written.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": Out(OpPort(Loss)),
            "label": In(FIELD_BITS),
            "margin": In(FIELD_BITS),
            "scores": Out(RowRead(SUM_BITS)),
            "write": Out(RowWrite(size.data_width)),
            "active": Out(1),
            "hit": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        op, left = self.op.op, Signal(FIELD_BITS)
        best_class = Signal(FIELD_BITS)
        judging, scanning = Signal(), Signal()
        scored = delay(m, judging, 1)
        index, last_of_class = self._classes(m, scored | scanning)
        self._judge(m, scored, index, last_of_class, best_class)
        with m.If(judging):
            m.d.sync += [self.scores.addr.eq(self.scores.addr + 1), left.eq(left - 1)]
        m.d.comb += self.scores.valid.eq(judging)
        with m.If(self.op.start):
            m.d.sync += left.eq(op.outputs - 1)
        write = self._write(m)
        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.op.start & ~op.deltas):
                    m.d.comb += judging.eq(1)
                    m.next = "JUDGE"
                with m.If(self.op.start & op.deltas):
                    m.next = "SCAN"
                    with m.If(op.front != 0):
                        m.next = "FRONT"
            with m.State("JUDGE"):
                m.d.comb += judging.eq(left != 0)
                with m.If(left == 0):
                    m.next = "END"
            self._deltas(m, write, left, scanning, (index == best_class, index == self.label))
            with m.State("END"):
                m.d.comb += self.op.done.eq(1)
                m.d.sync += self.scores.addr.eq(0)
                m.next = "IDLE"
        return m

    def _classes(self, m, step):
        """Return the class of the output that comes, and whether it is the last one of it."""
        index, within = Signal(FIELD_BITS), Signal(FIELD_BITS)
        last = within == self.op.op.per_class - 1
        with m.If(step):
            m.d.sync += [within.eq(Mux(last, 0, within + 1)), index.eq(index + last)]
        with m.If(self.op.start):
            m.d.sync += [within.eq(0), index.eq(0)]
        return index, last

    def _judge(self, m, step, index, last, best_class):
        """Add up the scores of classes and compare them."""
        partial, best, right, total = (Signal(score_shape(self.size)) for _ in range(4))
        some = Signal()
        m.d.comb += total.eq(partial + self.scores.row.as_signed())
        with m.If(step):
            m.d.sync += partial.eq(Mux(last, 0, total))
            with m.If(last & (index == self.label)):
                m.d.sync += right.eq(total)
            with m.Elif(last & (~some | (total > best))):
                m.d.sync += [some.eq(1), best.eq(total), best_class.eq(index)]
        with m.If(self.op.start):
            m.d.sync += some.eq(0)
        with m.If(self.op.done & ~self.op.op.deltas):
            m.d.sync += [
                self.active.eq(best > right - self.margin),
                self.hit.eq((right > best) | ((right == best) & (self.label < best_class))),
            ]

    def _write(self, m):
        """Go on from row to row; return registers of the deltas."""
        op, size = self.op.op, self.size
        found = SimpleNamespace(
            rows=Signal(FIELD_BITS),  # to write in front of the map, or of a word
            lane=Signal(range(size.elements)),
            granule=Signal(range(size.granules)),
            groups=Signal(range(size.granules + 1)),  # of a pixel, 0 where it has several words
            later=Signal(),  # the word is not the first one
            over=Signal(),  # no more outputs
            signs=Signal(size.lanes),
            masks=Signal(size.lanes),
        )
        with m.If(self.write.valid):
            m.d.sync += [self.write.addr.eq(self.write.addr + 1), found.rows.eq(found.rows - 1)]
        with m.If(self.op.start):
            m.d.sync += [
                self.write.addr.eq(op.out_row - op.front),
                found.rows.eq(op.front - 1),
                Cat(found.lane, found.granule, found.over, found.later).eq(0),
                Cat(found.signs, found.masks).eq(0),
            ]
        return found

    def _deltas(self, m, write, left, scanning, found):
        """Write zeros, and each word with all that follow it in a row of the map.

        found: whether an output is of the best class, and of the label.
        """
        size = self.size
        (is_best, is_label), words = found, Cat(write.signs, write.masks)
        ends, last_lane = left == 0, write.lane == size.elements - 1
        with m.State("FRONT"):
            m.d.comb += self.write.valid.eq(1)
            with m.If(write.rows == 0):
                m.next = "SCAN"
        with m.State("SCAN"):
            m.d.comb += scanning.eq(1)
            m.d.sync += [
                write.signs.eq(Cat(write.signs[1:], is_best & ~write.over)),
                write.masks.eq(Cat(write.masks[1:], (is_best | is_label) & ~write.over)),
                left.eq(left - 1),
                write.over.eq(write.over | ends),
                write.lane.eq(Mux(last_lane, 0, write.lane + 1)),
                write.granule.eq(write.granule + last_lane),
                write.groups.eq(Mux(write.later, 0, write.granule + 1)),
                write.rows.eq(self.op.op.out_pitch - 1),
            ]
            with m.If(last_lane & (ends | write.over | (write.granule == size.granules - 1))):
                m.next = "WRITE"
        with m.State("WRITE"):
            m.d.comb += [self.write.valid.eq(1), self.write.row.eq(words)]
            m.d.sync += [
                each.eq(next_pixel(size, each, write.groups)) for each in (write.signs, write.masks)
            ]
            with m.If(write.rows == 0):
                m.d.sync += [Cat(words, write.granule).eq(0), write.later.eq(1)]
                m.next = "SCAN"
                with m.If(write.over):
                    m.next = "END"
