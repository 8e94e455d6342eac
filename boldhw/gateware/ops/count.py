"""COUNT: T's of each plane of a map."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.delay import delay, settled
from boldhw.gateware.ops.narrow import narrowed
from boldhw.gateware.ops.ports import (
    COUNTER_BITS,
    CounterRead,
    CounterWrite,
    OpPort,
    RowRead,
    item_row,
)
from boldhw.gateware.ops.widths import count_bits, side_bits
from boldhw.gateware.ops.words import places_of, tiles_of
from boldhw.spec.ops.kinds import Count, Part
from boldhw.spec.ops.ram import has_item_rows, items


class CountUnit(wiring.Component):
    """Go through all places for one group after the other; each lane has a small counter.

    At the end of a group they are added to those in the memory: of all lanes at once, or with
    ``serial`` one lane after the other.

    Golden model: :func:`boldhw.golden.ops.count.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``lanes``, ``granules``, ``planes``, ``data_rows``, ``data_width``,
        ``counter_rows``, ``serial`` and ``read_latency``.

    Members
    -------
    op : Out(OpPort(Count))
        The op.
    read : Out(RowRead(size.data_width, size.planes)), registered
        Words of the map.
    counters : Out(CounterRead(size)), registered
        Counters of a group.
    counter_write : Out(CounterWrite(size)), combinational
        The same.

    Latency
    -------
    For each group a cycle for each tile of places, and with ``serial`` one for each lane;
    ``read_latency + 2`` more for the op, with ``serial`` ``read_latency + 1``.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": Out(OpPort(Count)),
            "read": Out(RowRead(size.data_width, size.planes)),
            "counters": Out(CounterRead(size)),
            "counter_write": Out(CounterWrite(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, late = self.size, self.size.read_latency
        self._op = narrowed(size, self.op.op, counter_row=count_bits(size.counter_rows))
        reading, storing, lane = Signal(), Signal(), Signal(range(size.elements))
        last_place, here = self._places(m, reading)
        # All lanes of a group are stored at once, while the next group begins; or one by one.
        last_lane = storing & (lane == size.elements - 1) if size.serial else reading & last_place
        granule, row, final = self._groups(m, last_lane)
        with m.If(last_lane):
            m.d.sync += reading.eq(~final)
        if size.serial:
            with m.If(last_lane):
                m.d.sync += storing.eq(0)
            with m.If(reading & last_place):
                m.d.sync += [storing.eq(1), reading.eq(0)]
            with m.If(storing):
                m.d.sync += lane.eq(Mux(last_lane, 0, lane + 1))
        else:
            m.d.sync += storing.eq(last_lane)
            row, final = delay(m, row, 1), delay(m, final, 1)
        with m.If(self.op.start):
            m.d.sync += reading.eq(1)
        here = here & reading.replicate(size.planes)
        ends = last_lane if size.serial else storing
        granules, there = (delay(m, each, late) for each in (granule, here))
        lanes = self._lanes(m, granules, there, delay(m, ends, late + 1))
        # Steps take a register: counters come a cycle later.
        self._store(m, *(delay(m, each, 1) for each in (storing, lane, row, final)), lanes)
        m.d.comb += [
            self.read.valid.eq(reading),
            self.op.done.eq(delay(m, (last_lane if size.serial else storing) & final, late + 1)),
        ]
        return m

    def _places(self, m, step):
        """Go through the places of a group; return which one is the last, and which there are."""
        op, size = self._op, self.size
        number = (Signal.like(op.columns, name=name, init=1) for name in ("tile", "line"))
        tile, line = number
        addr, first = Signal.like(op.in_row), Signal.like(op.in_row)  # first: of the word
        # The last ones have flags, known a step before.
        right, bottom = Signal(), Signal()
        tiles, ends = tiles_of(size, op.columns), places_of(size, op.columns, Const(1))
        one_tile, one_line = settled(m, tiles == 1), settled(m, op.rows == 1)
        tiles, ends = settled(m, tiles), settled(m, ends)
        with m.If(step):
            m.d.sync += [tile.eq(tile + 1), addr.eq(addr + Mux(right, op.jump, size.planes))]
            m.d.sync += right.eq(tile + 1 == tiles)
            with m.If(right):
                m.d.sync += [tile.eq(1), right.eq(one_tile), line.eq(line + 1)]
                m.d.sync += bottom.eq(line + 1 == op.rows)
                with m.If(bottom):
                    m.d.sync += [line.eq(1), bottom.eq(one_line)]
        with m.If(self.op.start):
            m.d.sync += [right.eq(one_tile), bottom.eq(one_line)]
        m.d.comb += self.read.addr.eq(addr)
        self._addr, self._first = addr, first
        return right & bottom, ends | (~right).replicate(size.planes)

    def _groups(self, m, onward):
        """Go from group to group; return granule and row of the counters, and the last group."""
        op, granules = self._op, self.size.granules
        left, after = Signal.like(op.groups), Signal.like(op.groups)
        granule, row = Signal(range(granules)), Signal.like(op.counter_row)
        last_granule = granule == granules - 1
        m.d.comb += after.eq(Mux(self.op.start, op.groups, left - 1))
        # A pixel is in the last granules of a word.
        begins = Mux(after >= granules, 0, (-after)[: len(granule)])
        base = Mux(self.op.start, op.in_row, self._first + Mux(last_granule, op.pitch, 0))
        with m.If(onward):
            m.d.sync += [row.eq(row + 1), granule.eq(granule + 1)]
        with m.If(self.op.start):
            m.d.sync += row.eq(op.counter_row)
        with m.If(onward & last_granule | self.op.start):
            m.d.sync += granule.eq(begins)
        with m.If(onward | self.op.start):
            m.d.sync += [left.eq(after), self._first.eq(base), self._addr.eq(base)]
        return granule, row, left == 1

    def _lanes(self, m, granule, here, clears):
        """Count; return the counters of all lanes. here: which of D places there are."""
        size, part, found = self.size, self._op.part, []
        ones, twos = [], []  # of each plane
        first, both = (settled(m, part == each) for each in (Part.FIRST, Part.SIGNED))
        for plane in range(size.planes):
            row = self.read.row[plane * size.data_width :][: 2 * size.lanes]
            mask = here[plane].replicate(size.elements)
            one = row[: size.lanes].word_select(granule, size.elements)
            two = row[size.lanes :].word_select(granule, size.elements)
            ones.append(Mux(first, one, two) & mask)
            twos.append(two & ~one & mask & both.replicate(size.elements))
        # A place has a row or more.
        shape = signed(min(size.data_rows.bit_length() + size.planes.bit_length(), 18))
        if size.plain:  # it counts upward, places of a map of few rows and columns
            shape = unsigned(min(size.data_rows.bit_length(), 2 * side_bits(size)))
        for lane in range(size.elements):
            counter = Signal(shape, name=f"counter{lane}")
            step = Signal(signed(size.planes.bit_length() + 1), name=f"step{lane}")
            steps = (one[lane] - 2 * two[lane] for one, two in zip(ones, twos, strict=True))
            if size.plain:
                step, steps = Signal(name=f"step{lane}"), [ones[0][lane]]
            m.d.sync += step.eq(sum(steps))
            with m.If(clears):
                m.d.sync += counter.eq(0 if size.serial else step)
            with m.Else():
                m.d.sync += counter.eq(counter + step)
            found.append(counter)
        return found

    def _store(self, m, storing, lane, row, final, lanes):
        """Add the counters to those of the memory, one after the other."""
        late = self.size.read_latency
        if has_item_rows(self.size):
            row = item_row(self.size, row, lane)
        m.d.comb += [self.counters.valid.eq(storing), self.counters.addr.eq(row)]
        if self.size.serial:
            used = storing & (~final | (lane < self._op.lanes))
        else:
            used = Cat(
                storing & (~final | (number < self._op.lanes)) for number in range(len(lanes))
            )
        used, lane, row = (delay(m, each, late) for each in (used, lane, row))
        before = self.counters.row
        if self.size.serial:
            total = Signal(COUNTER_BITS)
            own = before if has_item_rows(self.size) else before.word_select(lane, COUNTER_BITS)
            m.d.comb += total.eq(own + Array(lanes)[lane])
            totals, parts = total.replicate(items(self.size)), used << lane
            if has_item_rows(self.size):
                parts = used
        else:
            words = (before[number * COUNTER_BITS :][:COUNTER_BITS] for number in range(len(lanes)))
            totals = Cat(
                (word + each)[:COUNTER_BITS] for word, each in zip(words, lanes, strict=True)
            )
            parts = used
        m.d.comb += [
            self.counter_write.valid.eq(parts),
            self.counter_write.addr.eq(row),
            self.counter_write.row.eq(totals),
        ]
