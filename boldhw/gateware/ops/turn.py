"""TURN: deltas of a map into rows of one output each, one lane a place."""

from itertools import product

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import data_delay, delay, settled
from boldhw.gateware.ops.loops import Loops
from boldhw.gateware.ops.narrow import narrowed
from boldhw.gateware.ops.ports import OpPort, PartWrite, RowRead
from boldhw.gateware.ops.tiles import TileFiller, places_read
from boldhw.gateware.ops.turner import TurnerPort
from boldhw.gateware.ops.widths import count_bits, side_bits
from boldhw.gateware.ops.words import tiles_of
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Turn


class TurnUnit(wiring.Component):
    """Read a group of P planes at all places, signs first and then masks, and turn P places over.

    Groups follow each other, the words of a pixel too. While P places are shifted into the turner,
    D at a time, those before them go out, D outputs at a time. Each pass has whole blocks of P
    places; places that a map or a batch lacks are 0, and follow the last one.

    Golden model: :func:`boldhw.golden.ops.turn.run`.

    Parameters
    ----------
    size : ArraySize
        Of an array whose planes (D) divide its elements (P). Gives ``elements``, ``lanes`` (S),
        ``granules``, ``planes``, ``batch``, ``data_rows``, ``data_width``, ``delta_rows`` and
        ``read_latency``.

    Members
    -------
    op : Out(OpPort(Turn))
        The op.
    active_samples : In(FIELD_BITS)
        Gathered samples, ``size.batch`` at most; constant during an op.
    read : Out(RowRead(size.data_width, size.planes))
        Rows of the data memory; combinational, from registers only.
    turner : Out(TurnerPort(size))
        Blocks that turn over; combinational. The turner is this unit's during an op.
    delta_write : Out(PartWrite(2 * size.lanes, 2 * size.granules, size.planes))
        Parts of the delta memory: signs, masks; combinational, from registers only.

    Latency
    -------
    A pass takes a cycle for each tile of D places of a map row, or 2 if the places are 2 pixels
    apart, and then one for each D places that its last block lacks, but one at least. There are two
    passes a group.
    An op takes 2 + P / D cycles more, with ``dual_port`` 4 + P / D, with several planes one more
    yet. One group at two places, P = 2, D = 1::

        cycle               0    1    2    3    4    5    6    7    8    9
        op.start            1
        read.valid               1    1         1    1
        turner.shift                  1    1         1    1         1    1
        turner.turn                        1              1
        delta_write.valid                            1    1         2    2
        op.done                                                          1
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": Out(OpPort(Turn)),
            "active_samples": In(FIELD_BITS),
            "read": Out(RowRead(size.data_width, size.planes)),
            "turner": Out(TurnerPort(size)),
            "delta_write": Out(PartWrite(2 * size.lanes, 2 * size.granules, size.planes)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size = self.size
        delta_bits = count_bits(size.delta_rows)
        self._op = narrowed(
            size, self.op.op, wide=delta_bits, out_row=delta_bits, jump0=16, jump1=16, jump2=16

        )  # fmt: skip
        running, pass_ends = Signal(), Signal()
        masks, granule, last_group, word_ends = self._passes(m, running, pass_ends)
        there, count, here, reading = self._places(m, running, pass_ends, word_ends)
        held, emits, full, closes = self._tiles(m, running, count, reading)
        m.d.comb += pass_ends.eq(closes)
        opens = Signal(init=1)  # the block is the first one of its pass
        with m.If(full | pass_ends):
            m.d.sync += opens.eq(pass_ends)

        # What follows the rows that are read.
        there, of_masks, granule = (
            delay(m, each, size.read_latency)
            for each in (there & here.replicate(size.planes), masks, granule)
        )
        tile = Cat(
            Mux(of_masks, row[size.lanes :], row[: size.lanes]).word_select(granule, size.elements)
            & is_there.replicate(size.elements)
            for row, is_there in zip(self._rows(), there, strict=True)
        )
        late = size.planes > 1  # before tiles are filled
        tile = data_delay(m, tile, late)
        comes, held, emits, turn, masks, opens, last_group = (
            delay(m, each, size.read_latency + late)
            for each in (running, held, emits, full, masks, opens, last_group)
        )
        if size.planes > 1:
            m.submodules.filler = filler = TileFiller(size)
            m.d.comb += [filler.words.eq(tile), filler.held.eq(held), filler.full.eq(emits)]
            tile = filler.tile
        drains = self._leave(m, emits, ~comes, turn, opens, masks, last_group)
        m.d.comb += [
            self.turner.word_in.eq(tile),
            self.turner.tile.eq(1),
            self.turner.turn.eq(turn),
            self.turner.shift.eq(emits | drains),
        ]
        return m

    def _rows(self):
        """Return the pairs of words of D places, as they are next to each other or not."""
        size, wide = self.size, self._op.stride[1]
        rows = [self.read.row[d * size.data_width :][: 2 * size.lanes] for d in range(size.planes)]
        if size.planes == 1:
            return rows
        half = size.planes // 2  # of the places are in the rows of a request, if they are apart
        return [Mux(wide, rows[2 * place] if place < half else 0, row)
                for place, row in enumerate(rows)]  # fmt: skip

    def _passes(self, m, running, ends):
        """Go through groups, signs and masks.

        ends: the last cycle of a pass. Return whether it is at masks, its granule, and whether it
        is of the last group, and the last one of a word of the pixels.
        """
        op, granules = self._op, self.size.granules
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

    def _places(self, m, running, pass_ends, word_ends):
        """Read the places of a pass; return which of D there are, how many, and two flags.

        These are: the places are to be read, and rows are read.
        """
        op, size = self._op, self.size
        d, bits, sides = size.planes, count_bits(size.data_rows), side_bits(size)
        early = size.dual_port
        m.submodules.nest = nest = Loops((sides, sides, 2), 0, bits, early=early)
        first, fresh = Signal.like(op.in_row), Signal()  # first place, of the same word of pixels
        reading, second = Signal(), Signal()  # second: of two requests of places that are apart
        alone = op.planes == 1
        apart = settled(m, op.stride[1]) if d > 1 else Const(0)
        tile_ends = ~apart | second
        last = nest.ends[1] & tile_ends
        again, onward = pass_ends & ~word_ends, pass_ends & word_ends
        tiles = settled(m, Mux(alone, op.columns, tiles_of(size, op.columns)))
        m.d.comb += [
            nest.start.eq(self.op.start | again),
            nest.step.eq(running & reading & tile_ends & ~last | onward),
            nest.base.eq(Mux(self.op.start, op.in_row, Mux(fresh, nest.addr, first))),
            # The outermost level makes a single step from each word to the next one.
            nest.counts.level0.eq(tiles if d > 1 else op.columns),
            nest.counts.level1.eq(op.rows),
            nest.counts.level2.eq(2),
            nest.jumps.eq(Cat(op.jump0, op.jump1, op.jump2)),
        ]
        m.d.sync += fresh.eq(self.op.start | onward)
        with m.If(fresh):
            m.d.sync += first.eq(nest.addr)
        with m.If(running & reading):
            m.d.sync += [second.eq(apart & ~second), reading.eq(~last)]
        left = Signal(range(size.batch + 1))  # gathered samples
        with m.If(running & reading & left.any()):
            m.d.sync += left.eq(left - 1)
        with m.If(self.op.start | pass_ends):
            m.d.sync += [reading.eq(1), left.eq(self.active_samples)]
        there, count = places_read(m, size, op.columns, alone, op.stride[1])(nest.ends[0], second)
        here = reading & (left.any() | ~op.gathered)
        m.d.comb += [
            self.read.valid.eq(running & here),
            self.read.addr.eq(nest.addr + (Mux(second, d, 0) if d > 1 else 0)),
        ]
        return there, count, here, reading

    def _tiles(self, m, running, count, reading):
        """Put places into tiles of D, and those into blocks of P; behind the last ones come zeros.

        Return places that waited for this tile; whether it is complete, and the block, and the
        pass: that ends in a cycle in which nothing is read.
        """
        d, held = self.size.planes, Signal(range(self.size.planes))
        number = Signal(range(max(1, self.size.elements // d)))
        total = Signal(range(2 * d))
        none = ~reading & (held == 0) & (number == 0)  # no block is begun
        m.d.comb += total.eq(held + count)
        emits = running & Mux(reading, total >= d, ~none)
        rest = Mux(reading, total[: len(held)], 0)
        last = number == self.size.elements // d - 1
        full = emits & last
        with m.If(running):
            m.d.sync += held.eq(rest)
        with m.If(emits):
            m.d.sync += number.eq(Mux(full, 0, number + 1))
        return held, emits, full, running & ~reading & (last | none)

    def _leave(self, m, emits, drains, turn, opens, masks, last_group):
        """Write the outputs of each block that was turned over; return whether words go out.

        emits: a tile comes in.  drains: none will.  turn: a block is complete.  opens: it is the
        first one of its pass.
        """
        op, size = self._op, self.size
        p, d, granules = size.elements, size.planes, size.granules
        leaving, number, lanes = Signal(), Signal(range(max(2, p // d))), Signal.like(op.lanes)
        part, opened, of_masks = Signal(range(granules)), Signal(), Signal()
        # First rows: of the group, of the next one, of the block; and those of the outputs.
        group, following, block, addr = (
            Signal.like(op.out_row, name=name) for name in ("group", "following", "block", "addr")
        )
        goes = leaving & (emits | drains)
        ends, onward = number == p // d - 1, addr + (op.wide << d.bit_length() - 1)
        with m.If(goes):
            m.d.sync += [number.eq(Mux(ends, 0, number + 1)), addr.eq(onward)]
            with m.If(ends):
                m.d.sync += leaving.eq(turn)
                with m.If(opened):
                    m.d.sync += following.eq(onward)
        with m.If(turn):
            m.d.sync += [
                leaving.eq(1),
                opened.eq(opens),
                of_masks.eq(masks),
                lanes.eq(Mux(last_group, op.lanes, p)),
                part.eq(Mux(opens, 0, part + 1)),
            ]
            begins = Mux(
                opens,
                Mux(masks, group, following),
                block + Mux(part == granules - 1, d, 0),
            )
            m.d.sync += [addr.eq(begins), block.eq(begins)]
            with m.If(opens):
                m.d.sync += group.eq(begins)
        with m.If(self.op.start):
            m.d.sync += following.eq(op.out_row)
        m.d.comb += [
            self.delta_write.addr.eq(addr),
            self.op.done.eq(goes & ends & ~turn),
        ]
        # Places after this part become 0: a map of any size ends with them.
        for plane, half, number_of in product(range(d), range(2), range(granules)):
            output = Cat(Const(plane, d.bit_length() - 1), number)
            own, word = part == number_of, self.turner.block[plane * p :][:p]
            writes = goes & (output < lanes) & (own | (part < number_of)) & (of_masks == half)
            place = (2 * plane + half) * granules + number_of
            m.d.comb += [
                self.delta_write.valid[place].eq(writes),
                self.delta_write.row.word_select(place, p).eq(word & own.replicate(p)),
            ]
        return goes & drains
