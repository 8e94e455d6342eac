"""COUNT: T's of each plane of a map."""

from amaranth.hdl import Array, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.narrow import bits_for, narrowed
from boldhw.gateware.ops.ports import COUNTER_BITS, OpPort, PartWrite, RowRead
from boldhw.gateware.ops.words import places_of, tiles_of
from boldhw.spec.ops.kinds import Count, Part


class CountUnit(wiring.Component):
    """Go through all places for one group after the other; each lane has a small counter.

    At the end of a group they are added to those in the memory, one lane after the other.

    Golden model: :func:`boldhw.golden.ops.count.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``lanes``, ``granules``, ``planes``, ``data_rows``, ``data_width``,
        ``counter_rows`` and ``read_latency``.

    Members
    -------
    op : Out(OpPort(Count))
        The op.
    read : Out(RowRead(size.data_width, size.planes)), registered
        Words of the map.
    counters : Out(RowRead(size.elements * COUNTER_BITS)), registered
        Counters of a group.
    counter_write : Out(PartWrite(size.elements * COUNTER_BITS, size.elements)), combinational
        The same.

    Latency
    -------
    For each group a cycle for each tile of places, and one for each lane; ``read_latency`` more
    for the op.
    """

    def __init__(self, size):
        self.size = size
        width = size.elements * COUNTER_BITS
        super().__init__({
            "op": Out(OpPort(Count)),
            "read": Out(RowRead(size.data_width, size.planes)),
            "counters": Out(RowRead(width)),
            "counter_write": Out(PartWrite(width, size.elements)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, late = self.size, self.size.read_latency
        self._op = narrowed(
            self.op.op, bits_for(size.data_rows), counter_row=bits_for(size.counter_rows)
        )
        reading, storing, lane = Signal(), Signal(), Signal(range(size.elements))
        last_place, here = self._places(m, reading)
        last_lane = storing & (lane == size.elements - 1)
        granule, row, final = self._groups(m, last_lane)
        with m.If(last_lane):
            m.d.sync += [storing.eq(0), reading.eq(~final)]
        with m.If(reading & last_place):
            m.d.sync += [storing.eq(1), reading.eq(0)]
        with m.If(self.op.start):
            m.d.sync += reading.eq(1)
        with m.If(storing):
            m.d.sync += lane.eq(Mux(last_lane, 0, lane + 1))
        here = here & reading.replicate(size.planes)
        begins = Signal(init=1)  # the next place is the first one of its group
        with m.If(reading | last_lane):
            m.d.sync += begins.eq(last_lane)
        lanes = self._lanes(
            m, *(delay(m, each, late) for each in (granule, here, reading & begins))
        )
        self._store(m, storing, lane, row, final, lanes)
        m.d.comb += [
            self.read.valid.eq(reading),
            self.op.done.eq(delay(m, last_lane & final, late)),
        ]
        return m

    def _places(self, m, step):
        """Go through the places of a group; return which one is the last, and which there are."""
        op, size = self._op, self.size
        number = (Signal.like(op.columns, name=name, init=1) for name in ("tile", "line"))
        tile, line = number
        addr, first = Signal.like(op.in_row), Signal.like(op.in_row)  # first: of the word
        right, bottom = tile == tiles_of(size, op.columns), line == op.rows
        with m.If(step):
            m.d.sync += [tile.eq(tile + 1), addr.eq(addr + Mux(right, op.jump, size.planes))]
            with m.If(right):
                m.d.sync += [tile.eq(1), line.eq(line + 1)]
                with m.If(bottom):
                    m.d.sync += line.eq(1)
        m.d.comb += self.read.addr.eq(addr)
        self._addr, self._first = addr, first
        return right & bottom, places_of(size, op.columns, right)

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

    def _lanes(self, m, granule, here, first):
        """Count; return the counters of all lanes. first: the place is the first one."""
        size, part, found = self.size, self._op.part, []
        ones, twos = [], []  # of each plane
        for plane in range(size.planes):
            row = self.read.row[plane * size.data_width :][: 2 * size.lanes]
            mask = here[plane].replicate(size.elements)
            one = row[: size.lanes].word_select(granule, size.elements)
            two = row[size.lanes :].word_select(granule, size.elements)
            ones.append(Mux(part == Part.FIRST, one, two) & mask)
            twos.append(two & ~one & mask & (part == Part.SIGNED).replicate(size.elements))
        # A place has a row or more.
        shape = signed(min(size.data_rows.bit_length() + size.planes.bit_length(), 18))
        clears = first.replicate(shape.width)
        for lane in range(size.elements):
            counter, step = Signal(shape, name=f"counter{lane}"), Signal(shape, name=f"step{lane}")
            m.d.comb += step.eq(
                sum(one[lane] - 2 * two[lane] for one, two in zip(ones, twos, strict=True))
            )
            with m.If(here.any()):
                m.d.sync += counter.eq((counter & ~clears) + step)
            found.append(counter)
        return found

    def _store(self, m, storing, lane, row, final, lanes):
        """Add the counters to those of the memory, one after the other."""
        late = self.size.read_latency
        m.d.comb += [self.counters.valid.eq(storing), self.counters.addr.eq(Mux(storing, row, 0))]
        used = storing & (~final | (lane < self._op.lanes))
        used, lane, row = (delay(m, each, late) for each in (used, lane, row))
        total = Signal(COUNTER_BITS)
        m.d.comb += [
            total.eq(self.counters.row.word_select(lane, COUNTER_BITS) + Array(lanes)[lane]),
            self.counter_write.valid.eq(used << lane),
            self.counter_write.addr.eq(Mux(used, row, 0)),
            self.counter_write.row.eq(Mux(used, total, 0).replicate(self.size.elements)),
        ]
