"""LOSS: the label against the best other class, and the deltas of the scores."""

from types import SimpleNamespace

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.narrow import narrowed
from boldhw.gateware.ops.ports import SUM_BITS, OpPort, RowRead, RowWrite
from boldhw.gateware.ops.widths import count_bits
from boldhw.gateware.ops.words import is_packed, next_pixel, packed_groups, tiles_of
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Loss


def score_shape(size):
    """Shape of the score of a class: the sum of all outputs at most; if plain, one output."""
    if size.plain:
        return signed(size.sum_bits)
    return signed(SUM_BITS + (size.score_rows - 1).bit_length())


class LossUnit(wiring.Component):
    """Compare the classes of the scores, or write their deltas; each takes the outputs in order.

    The first pass finds the best class that is not the label, the first one of several. The second
    one gives T to its outputs and F to those of the label, 0 to others.

    Golden model: :func:`boldhw.golden.ops.loss.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``lanes``, ``planes``, ``data_rows``, ``data_width``, ``score_rows`` and
        ``read_latency``.

    Members
    -------
    op : Out(OpPort(Loss))
        The op.
    label : In(FIELD_BITS)
        Class of the sample.
    margin : In(FIELD_BITS)
        By how much the label has to lead.
    scores : Out(RowRead(SUM_BITS)), registered
        Read of the scores.
    write : Out(RowWrite(size.data_width, size.planes)), combinational
        Write of the deltas; from registers only.
    active : Out(1), registered
        The label did not lead by the margin.
    hit : Out(1), registered
        The label is the best class, the first one of several.

    Latency
    -------
    ``outputs + read_latency`` cycles from ``start`` to ``done``, one more to ``active``, two
    with ``dual_port``. Deltas take a cycle for each lane of the groups of outputs and one for each
    D rows that are written.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": Out(OpPort(Loss)),
            "label": In(FIELD_BITS),
            "margin": In(FIELD_BITS),
            "scores": Out(RowRead(SUM_BITS)),
            "write": Out(RowWrite(size.data_width, size.planes)),
            "active": Out(1),
            "hit": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        outputs, size = count_bits(self.size.score_rows), self.size
        self._op = op = narrowed(size, self.op.op, outputs=outputs, per_class=outputs)
        number, after = Signal(outputs), Signal(outputs)  # of the output, and of the next one
        best_class, label = Signal(outputs), self.label[:outputs]
        judging, scanning, ends = Signal(), Signal(), Signal()
        late, last = self.size.read_latency, after == op.outputs
        scored, judged = delay(m, judging, late), delay(m, ends, late)
        index, last_of_class = self._classes(m, scored | scanning)
        self._judge(m, scored, index, last_of_class, label, best_class)
        m.d.comb += [
            after.eq(number + 1),
            self.scores.valid.eq(judging),
            self.scores.addr.eq(number),
        ]
        with m.If(judging | scanning):
            m.d.sync += number.eq(after)
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
                m.d.comb += judging.eq(1)
                with m.If(last):
                    m.d.comb += ends.eq(1)
                    m.next = "WAIT"
            with m.State("WAIT"), m.If(judged):
                m.next = "END"
            self._deltas(m, write, last, scanning, (index == best_class, index == label))
            with m.State("END"):
                m.d.comb += self.op.done.eq(1)
                m.d.sync += number.eq(0)
                m.next = "IDLE"
        return m

    def _classes(self, m, step):
        """Return the class of the output that comes, and whether it is the last one of it."""
        op = self._op
        if self.size.plain:  # each output is a class
            index = Signal.like(op.outputs)
            with m.If(step):
                m.d.sync += index.eq(index + 1)
            with m.If(self.op.start):
                m.d.sync += index.eq(0)
            return index, Const(1)
        index, within = Signal.like(op.outputs), Signal.like(op.per_class)
        last = within == op.per_class
        with m.If(step):
            m.d.sync += [within.eq(within + 1), index.eq(index + last)]
            with m.If(last):
                m.d.sync += within.eq(1)
        with m.If(self.op.start):
            m.d.sync += [within.eq(1), index.eq(0)]
        return index, last

    def _judge(self, m, step, index, last, label, best_class):
        """Add up the scores of classes and compare them."""
        partial, best, right, total = (Signal(score_shape(self.size)) for _ in range(4))
        some, lead = Signal(), right - best  # of the label
        late = self.size.dual_port  # with time for it sums are compared a cycle behind the adder
        score = self.scores.row.as_signed()
        m.d.comb += total.eq(score if self.size.plain else partial + score)
        with m.If(step):
            if not self.size.plain:
                m.d.sync += partial.eq(Mux(last, 0, total))
        complete, is_label, found, index = (
            delay(m, each, late) for each in (step & last, index == label, total, index)
        )
        with m.If(complete):
            with m.If(is_label):
                m.d.sync += right.eq(found)
            with m.Elif(~some | (found > best)):
                m.d.sync += [some.eq(1), best.eq(found), best_class.eq(index)]
        with m.If(self.op.start):
            m.d.sync += some.eq(0)
        with m.If(delay(m, self.op.done & ~self._op.deltas, late)):
            m.d.sync += [
                self.active.eq(lead < self.margin),
                self.hit.eq((lead > 0) | ((lead == 0) & (label < best_class))),
            ]

    def _write(self, m):
        """Return registers of the deltas; write rows.

        A word is ``rest`` and, in its last granule, ``lanes``: words move down by a granule.
        """
        op, size, d = self._op, self.size, self.size.planes
        p, rest = size.elements, size.lanes - size.elements
        found = SimpleNamespace(
            tile=Signal.like(op.out_pitch, init=1),  # of the front, or of a word
            lane=Signal(range(p)),
            granule=Signal(range(size.granules)),
            moved=Signal(range(size.granules)),  # granules that the word has moved down
            later=Signal(),  # the word is not the first one
            over=Signal(),  # no more outputs
            rest=[Signal(rest, name=f"rest{n}") for n in range(2)],  # signs, masks
            lanes=[Signal(p, name=f"lanes{n}") for n in range(2)],
            front=Signal(),
            writes=Signal(),
            moves=Signal(),  # the word moves down
            clears=Signal(),
        )
        groups = Mux(found.later, 0, found.granule + 1)
        found.packed = is_packed(size, groups)
        fronts = tiles_of(size, op.front)
        # The first rows of the front are those that D rows are short of.
        short = (-op.front)[: d.bit_length() - 1]
        there = Cat((found.tile != 1) | (short <= place) for place in range(d))
        words = [Cat(pair) for pair in zip(found.rest, found.lanes, strict=True)]
        padding = Const(0, size.data_width - 2 * size.lanes)
        rows = [
            Cat(*(next_pixel(size, word, groups, place) if place else word for word in words),
                padding)
            for place in range(d)
        ]  # fmt: skip
        m.d.comb += [
            self.write.valid.eq(Mux(found.front, there, found.writes.replicate(d))),
            self.write.row.eq(Cat(rows)),
        ]
        addr = Signal.like(op.out_row)
        m.d.comb += self.write.addr.eq(addr)
        with m.If(found.front | found.writes):
            m.d.sync += [addr.eq(addr + d), found.tile.eq(found.tile + 1)]
        with m.If(self.op.start):
            m.d.sync += [
                addr.eq(op.out_row - (fronts << d.bit_length() - 1)),
                Cat(found.over, found.later, found.granule).eq(0),
            ]
        for rest, lanes in zip(found.rest, found.lanes, strict=True):
            with m.If(found.clears):
                m.d.sync += rest.eq(0)
            with m.Elif(found.moves):
                m.d.sync += rest.eq(Cat(rest, lanes)[p:])
        return found

    def _deltas(self, m, write, last, scanning, found):
        """Write zeros, and each word with all that follow it in a row of the map.

        last: the output is the last one.  found: whether it is of the best class, of the label.
        """
        size, op = self.size, self._op
        (is_best, is_label), last_lane = found, write.lane == size.elements - 1
        bits = is_best & ~write.over, (is_best | is_label) & ~write.over
        steps = write.granule  # less one: granules from a tile to the next one
        for each in packed_groups(size) if size.planes > 1 else ():
            moved = min(each * size.planes, size.granules) - 1
            steps = Mux(write.granule == each - 1, moved, steps)
        with m.State("FRONT"):
            m.d.comb += write.front.eq(1)
            with m.If(write.tile == tiles_of(size, op.front)):
                m.d.sync += write.tile.eq(1)
                m.next = "SCAN"
        with m.State("SCAN"):
            m.d.comb += scanning.eq(1)
            m.d.sync += [
                *(
                    lanes.eq(Cat(lanes[1:], bit))
                    for lanes, bit in zip(write.lanes, bits, strict=True)
                ),
                write.over.eq(write.over | last),
                write.lane.eq(write.lane + 1),
            ]
            m.d.comb += write.moves.eq((write.lane == 0) & (write.granule != 0))
            with m.If(last_lane):
                m.d.sync += write.lane.eq(0)
                with m.If(last | write.over | (write.granule == size.granules - 1)):
                    m.next = "WRITE"
                with m.Else():
                    m.d.sync += write.granule.eq(write.granule + 1)
        with m.State("WRITE"):
            m.d.comb += [
                write.writes.eq(write.moved == 0), write.moves.eq(1), write.clears.eq(~write.packed)
            ]  # fmt: skip
            m.d.sync += [Cat(write.lanes).eq(0), write.moved.eq(write.moved + 1)]
            with m.If(~write.packed | (write.moved == steps)):
                m.d.sync += write.moved.eq(0)
            with m.If(write.writes & (write.tile == tiles_of(size, op.out_pitch))):
                m.d.sync += [write.tile.eq(1), write.later.eq(1), write.moved.eq(0)]
                m.d.sync += write.granule.eq(0)
                m.d.comb += write.clears.eq(1)
                m.next = "SCAN"
                with m.If(write.over):
                    m.next = "END"
