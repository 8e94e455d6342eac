"""TURN: deltas of a map into rows of one output each, one lane a place."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.loops import Loops
from boldhw.gateware.ops.ports import OpPort, PartWrite, RowRead
from boldhw.gateware.ops.turner import TurnerPort
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Turn


class TurnUnit(wiring.Component):
    """Read a group of P planes at all places, signs first and then masks, and turn P places over.

    Groups follow each other, the words of a pixel too. While P places are shifted into the turner
    those before them go out, output by output. Each pass has whole blocks of P places; places that
    a map or a batch lacks are 0.

    Golden model: :func:`boldhw.golden.ops.turn.run`.

    Parameters
    ----------
    size : ArraySize
        Of an array of one plane. Gives ``elements`` (P), ``lanes`` (S), ``granules``, ``batch``,
        ``data_width`` and ``read_latency``.

    Members
    -------
    op : Out(OpPort(Turn))
        The op.
    active_samples : In(FIELD_BITS)
        Gathered samples, ``size.batch`` at most; constant during an op.
    read : Out(RowRead(size.data_width))
        Rows of the data memory; combinational, from registers only.
    turner : Out(TurnerPort(size))
        Blocks that turn over; combinational. The turner is this unit's during an op.
    delta_write : Out(PartWrite(2 * size.lanes, 2 * size.granules))
        Parts of the delta memory: signs, masks; combinational, from registers only.

    Latency
    -------
    A pass takes P cycles for each P places or a part of them, and there are two passes a group. An
    op takes 2 + P cycles more, with ``dual_port`` 3 + P. One group at two places, P = 2::

        cycle               0    1    2    3    4    5    6    7
        op.start            1
        read.valid               1    1    1    1
        turner.shift                  1    1    1    1    1    1
        turner.turn                        1         1
        delta_write.valid                       1    1    2    2
        op.done                                                1
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": Out(OpPort(Turn)),
            "active_samples": In(FIELD_BITS),
            "read": Out(RowRead(size.data_width)),
            "turner": Out(TurnerPort(size)),
            "delta_write": Out(PartWrite(2 * size.lanes, 2 * size.granules)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size = self.size
        running, place = Signal(), Signal(range(size.elements))
        full, ended = Signal(), Signal()  # the block is complete; the pass has no more places
        m.d.comb += full.eq(running & (place == size.elements - 1))
        with m.If(running):
            m.d.sync += place.eq(Mux(full, 0, place + 1))
        pass_ends = full & ended
        masks, granule, last_group, word_ends = self._passes(m, running, pass_ends)
        here = self._places(m, running, ended, pass_ends, word_ends)
        opens = Signal(init=1)  # the block is the first one of its pass
        with m.If(full):
            m.d.sync += opens.eq(ended)

        # What follows the row that is read.
        shift, here, turn, masks, granule, opens, last_group = (
            delay(m, each, size.read_latency)
            for each in (running, here, full, masks, granule, opens, last_group)
        )
        half = Mux(masks, self.read.row[size.lanes : 2 * size.lanes], self.read.row[: size.lanes])
        word = half.word_select(granule, size.elements)
        leaving = self._leave(m, turn, opens, masks, last_group)
        m.d.comb += [
            self.turner.word_in.eq(word & here.replicate(size.elements)),
            self.turner.turn.eq(turn),
            self.turner.shift.eq(shift | leaving),
        ]
        return m

    def _passes(self, m, running, ends):
        """Go through groups, signs and masks.

        ends: the last cycle of a pass. Return whether it is at masks, its granule, and whether it
        is of the last group, and the last one of a word of the pixels.
        """
        op, granules = self.op.op, self.size.granules
        masks, granule = Signal(), Signal(range(granules))
        left, after = Signal.like(op.groups), Signal.like(op.groups)
        last_group, word_ends = left == 1, masks & (granule == granules - 1)
        m.d.comb += after.eq(Mux(self.op.start, op.groups, left - 1))
        # A pixel is in the last granules of a word.
        begins = Mux(after >= granules, 0, (-after)[: len(granule)])
        with m.If(ends):
            m.d.sync += masks.eq(~masks)
            with m.If(masks):
                m.d.sync += [left.eq(after), granule.eq(granule + 1)]
                with m.If(last_group):
                    m.d.sync += running.eq(0)
            with m.If(word_ends):
                m.d.sync += granule.eq(begins)
        with m.If(self.op.start):
            m.d.sync += [running.eq(1), masks.eq(0), left.eq(after), granule.eq(begins)]
        return masks, granule, last_group, word_ends

    def _places(self, m, running, ended, pass_ends, word_ends):
        """Go through the places of a pass, and begin again; return whether there is a place."""
        op = self.op.op
        m.submodules.nest = nest = Loops((16, 16, 2), 0)
        first, fresh = Signal(FIELD_BITS), Signal()  # first place, of the same word of the pixels
        again, onward = pass_ends & ~word_ends, pass_ends & word_ends
        m.d.comb += [
            ended.eq(nest.ends[1]),
            nest.start.eq(self.op.start | again),
            nest.step.eq(running & ~ended | onward),
            nest.base.eq(Mux(self.op.start, op.in_row, first)),
            # The outermost level makes a single step from each word to the next one.
            nest.counts.eq(Cat(op.columns, op.rows, Const(2, 2))),
            nest.jumps.eq(Cat(op.jump0, op.jump1, op.jump2)),
        ]
        m.d.sync += fresh.eq(self.op.start | onward)
        with m.If(fresh):
            m.d.sync += first.eq(nest.addr)
        beyond, left = Signal(), Signal(range(self.size.batch + 1))  # gathered samples
        with m.If(self.op.start | pass_ends):
            m.d.sync += [beyond.eq(0), left.eq(self.active_samples)]
        with m.Elif(running):
            m.d.sync += beyond.eq(ended)
            with m.If(left.any()):
                m.d.sync += left.eq(left - 1)
        here = ~beyond & (left.any() | ~op.gathered)
        m.d.comb += [self.read.valid.eq(running & here), self.read.addr.eq(nest.addr)]
        return here

    def _leave(self, m, turn, opens, masks, last_group):
        """Write the outputs of each block that was turned over; return whether one goes out.

        turn: a block is complete.  opens: it is the first one of its pass.
        """
        op, p = self.op.op, self.size.elements
        leaving, number, used = Signal(), Signal(range(p)), Signal()
        lanes, part = Signal.like(op.lanes), Signal(range(self.size.granules))
        opened, of_masks = Signal(), Signal()
        # First rows: of the group, of the next one, of the block; and the row of the output.
        group, following, block, addr = (Signal(FIELD_BITS) for _ in range(4))
        ends, onward = number == p - 1, addr + op.wide
        with m.If(leaving):
            m.d.sync += [number.eq(Mux(ends, 0, number + 1)), addr.eq(onward)]
            with m.If(number + 1 == lanes):
                m.d.sync += used.eq(0)
            with m.If(ends):
                m.d.sync += leaving.eq(turn)
                with m.If(opened):
                    m.d.sync += following.eq(onward)
        with m.If(turn):
            m.d.sync += [
                leaving.eq(1),
                used.eq(1),
                opened.eq(opens),
                of_masks.eq(masks),
                lanes.eq(Mux(last_group, op.lanes, p)),
                part.eq(Mux(opens, 0, part + 1)),
            ]
            begins = Mux(
                opens,
                Mux(masks, group, following),
                block + (part == self.size.granules - 1),
            )
            m.d.sync += [addr.eq(begins), block.eq(begins)]
            with m.If(opens):
                m.d.sync += group.eq(begins)
        with m.If(self.op.start):
            m.d.sync += following.eq(op.out_row)
        m.d.comb += [
            self.delta_write.addr.eq(addr),
            self.op.done.eq(leaving & ends & ~turn),
        ]
        # Places after this part become 0: a map of any size ends with them.
        for number in range(self.size.granules):
            own, word = part == number, self.turner.block[:p]
            writes = leaving & used & (own | (part < number))
            for half in (0, 1):
                place = half * self.size.granules + number
                m.d.comb += [
                    self.delta_write.valid[place].eq(writes & (of_masks == half)),
                    self.delta_write.row.word_select(place, p).eq(word & own.replicate(p)),
                ]
        return leaving
