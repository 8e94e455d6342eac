"""COUNT: T's of each plane of a map."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.ports import COUNTER_BITS, OpPort, PartWrite, RowRead
from boldhw.gateware.ops.words import last_granules
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Count, Part


class CountUnit(wiring.Component):
    """Go through all pixels for one group after the other; each lane has a counter.

    A group begins with the counters that it has in the memory, and stores them at its end.

    Golden model: :func:`boldhw.golden.ops.count.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``lanes``, ``granules``, ``data_width`` and ``read_latency``.

    Members
    -------
    op : Out(OpPort(Count))
        The op.
    read : Out(RowRead(size.data_width)), registered
        Words of the map.
    counters : Out(RowRead(size.elements * COUNTER_BITS)), registered
        Counters of a group.
    counter_write : Out(PartWrite(size.elements * COUNTER_BITS, size.elements)), registered
        The same.

    Latency
    -------
    A cycle for each word of a pixel, then one for each place and group, and ``read_latency + 1``.
    """

    def __init__(self, size):
        self.size = size
        width = size.elements * COUNTER_BITS
        super().__init__({
            "op": Out(OpPort(Count)),
            "read": Out(RowRead(size.data_width)),
            "counters": Out(RowRead(width)),
            "counter_write": Out(PartWrite(width, size.elements)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        op, late = self.op.op, self.size.read_latency
        reading, line = Signal(), Signal(FIELD_BITS)  # rows of all words of a map row
        place = self._places(m, reading, line)
        flags = Cat(reading & place["first"], reading & place["last"], reading)
        first, last, there = delay(m, flags, late)
        granule, row = delay(m, place["granule"], late), delay(m, place["row"], late)
        final = delay(m, place["final"], late)
        lanes = self._lanes(m, granule, final, there, first)
        stores, store_row = delay(m, last, 1), delay(m, row, 1)
        over = delay(m, last & final, 1)
        m.d.comb += [
            self.counters.valid.eq(reading),
            self.counters.addr.eq(Mux(reading, place["row"], 0)),
            self.counter_write.valid.eq(stores.replicate(self.size.elements)),
            self.counter_write.addr.eq(Mux(stores, store_row, 0)),
            self.counter_write.row.eq(Mux(stores, Cat(lanes), 0)),
        ]
        words = Signal(FIELD_BITS)  # of a pixel that are not yet in ``line``, less one
        bits = (self.size.granules - 1).bit_length()
        with m.FSM():
            with m.State("IDLE"), m.If(self.op.start):
                m.d.sync += [words.eq((op.groups - 1) >> bits), line.eq(0)]
                m.next = "LINE"
            with m.State("LINE"):
                m.d.sync += [line.eq(line + op.pitch), words.eq(words - 1)]
                with m.If(words == 0):
                    m.next = "READ"
            with m.State("READ"):
                m.d.comb += reading.eq(1)
                with m.If(place["last"] & place["final"]):
                    m.next = "STORE"
            with m.State("STORE"):
                with m.If(over):
                    m.d.comb += self.op.done.eq(1)
                    m.next = "IDLE"
        return m

    def _places(self, m, reading, line):
        """Go through the places of a group, then to the next group."""
        op, size = self.op.op, self.size
        x, y, group, row, first_row, base = (Signal(FIELD_BITS) for _ in range(6))
        bits = (size.granules - 1).bit_length()
        right, bottom = x == op.columns - 1, y == op.rows - 1
        last_of_word = group[:bits] == size.granules - 1
        in_last_word = group[bits:] == (op.groups - 1)[bits:]
        final, next_base = group == op.groups - 1, Mux(last_of_word, base + op.pitch, base)
        free = Mux(in_last_word, size.granules - 1 - last_granules(size, op.groups), 0)
        granule = Signal(range(size.granules))
        m.d.comb += [
            granule.eq(group[:bits] + free),
            self.read.valid.eq(reading),
            self.read.addr.eq(Mux(reading, row, 0)),
        ]
        with m.If(reading):
            m.d.sync += [x.eq(x + 1), row.eq(row + 1)]
            with m.If(right):
                below = first_row + line
                m.d.sync += [x.eq(0), y.eq(y + 1), row.eq(below), first_row.eq(below)]
            with m.If(right & bottom):
                m.d.sync += [y.eq(0), group.eq(group + 1), base.eq(next_base)]
                m.d.sync += [row.eq(next_base), first_row.eq(next_base)]
        with m.If(self.op.start):
            m.d.sync += [Cat(x, y, group).eq(0)]
            m.d.sync += [each.eq(op.in_row) for each in (row, first_row, base)]
        return {"first": (x == 0) & (y == 0), "last": right & bottom, "granule": granule,
                "row": op.counter_row + group, "final": final}  # fmt: skip

    def _lanes(self, m, granule, final, there, first):
        """Count; return the counters of all lanes."""
        size, part, found = self.size, self.op.op.part, []
        pair = self.read.row[: size.lanes], self.read.row[size.lanes : 2 * size.lanes]
        one, two = (word.word_select(granule, size.elements) for word in pair)
        for lane in range(size.elements):
            counter, step = Signal(COUNTER_BITS, name=f"counter{lane}"), Signal(signed(2))
            used = ~final | (lane < self.op.op.lanes)
            with m.If(used & (part == Part.SIGNED)):
                m.d.comb += step.eq(Mux(two[lane], Mux(one[lane], 1, -1), 0))
            with m.Elif(used):
                m.d.comb += step.eq(Mux(part == Part.SECOND, two[lane], one[lane]))
            before = self.counters.row.word_select(lane, COUNTER_BITS)
            with m.If(there):
                m.d.sync += counter.eq(Mux(first, before, counter) + step)
            found.append(counter)
        return found
