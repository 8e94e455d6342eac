"""What becomes of sums: the largest of a square, thresholds, gates, deltas and their sizes."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.layouts import SumLayout
from boldhw.gateware.ops.ports import COUNTER_BITS, SUM_BITS, op_layout, sums_layout
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Mac, Sink


class GroupLayout(data.StructLayout):
    """Bits of a group of P planes.

    first, second   outputs and gates, or signs and masks
    low, high       of the index of the largest sum of a square
    """

    def __init__(self, size):
        super().__init__(dict.fromkeys(("first", "second", "low", "high"), size.elements))


class Outcome(wiring.Component):
    """Make two bits of each sum, and two of its place in a square.

    Golden model: :func:`boldhw.golden.ops.mac.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``.

    Members
    -------
    op : In(op_layout(Mac))
        The op.
    restart : In(1)
        ``total`` begins again.
    valid : In(1)
        Sums are there.
    sum : In(SumLayout(size))
        What becomes of them.
    sums : In(sums_layout(size))
        One for each lane.
    units : In(size.elements * 2 * FIELD_BITS)
        Threshold and window of each lane, one cycle later.
    gates : In(size.elements)
        Gates of the lanes, one cycle later.
    done : Out(1), registered
        ``group`` is there.
    info : Out(SumLayout(size)), registered
        What becomes of it.
    largest : Out(sums_layout(size)), registered
        The sums that it is made of, until the next ones come.
    group : Out(GroupLayout(size)), combinational
        The bits of all lanes; 0 in those that are not in use.
    total : Out(COUNTER_BITS), registered
        Sum of all |g| of deltas whose gate is open, three cycles after the last ``done``.

    Latency
    -------
    1 cycle from the last sum of a square to its group, sums without a gap.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": In(op_layout(Mac)),
            "restart": In(1),
            "valid": In(1),
            "sum": In(SumLayout(size)),
            "sums": In(sums_layout(size)),
            "units": In(size.elements * 2 * FIELD_BITS),
            "gates": In(size.elements),
            "done": Out(1),
            "info": Out(SumLayout(size)),
            "largest": Out(sums_layout(size)),
            "group": Out(GroupLayout(size)),
            "total": Out(COUNTER_BITS),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        lanes = range(self.size.elements)
        m.d.sync += [self.done.eq(self.valid & self.sum.last), self.info.eq(self.sum)]
        deltas = self.op.sink == Sink.DELTAS
        used = Signal(self.size.elements)
        m.d.comb += used.eq(Cat(~self.info.final | (lane < self.op.lanes) for lane in lanes))
        gates, sizes = used & self.gates, []
        second = Signal(self.size.elements)  # first words of the same signal depend on it
        m.d.comb += self.group.second.eq(second)
        for lane in lanes:
            index = self._largest(m, lane)
            reached, size, near = self._compared(m, lane, deltas)
            m.d.comb += [
                self.group.low[lane].eq(index[0] & used[lane]),
                self.group.high[lane].eq(index[1] & used[lane]),
                second[lane].eq(Mux(deltas, gates[lane] & ~near, used[lane] & near)),
                self.group.first[lane].eq(reached & Mux(deltas, second[lane], used[lane])),
            ]
            counted = self.done & self.info.stored & deltas & gates[lane]
            sizes.append(delay(m, Mux(counted, size, 0), 1))
        self._total(m, sizes)
        return m

    def _largest(self, m, lane):
        """Keep the largest sum of a square; return its index. The first one of several counts."""
        own, largest = self.sums[lane], self.largest[lane]
        index = Signal(2, name=f"index{lane}")
        with m.If(self.valid & (self.sum.first | (own > largest))):
            m.d.sync += [largest.eq(own), index.eq(self.sum.index)]
        return index

    def _compared(self, m, lane, deltas):
        """Return whether a sum reaches the threshold, how far it is from it, and if that is near.

        Deltas are compared with 0, and are near in the dead zone.
        """
        tau = self.units.word_select(2 * lane, FIELD_BITS).as_signed()
        window = self.units.word_select(2 * lane + 1, FIELD_BITS)
        away = Signal(signed(SUM_BITS + 1), name=f"away{lane}")
        size = Signal(SUM_BITS + 1, name=f"size{lane}")
        m.d.comb += [
            away.eq(self.largest[lane] - Mux(deltas, 0, tau)),
            size.eq(Mux(away < 0, -away, away)),
        ]
        return away >= 0, size, size <= Mux(deltas, self.op.dead, window)

    def _total(self, m, sizes):
        """Add up the sizes of all lanes, then those of all groups."""
        together = Signal(COUNTER_BITS)
        m.d.sync += [together.eq(sum(sizes)), self.total.eq(self.total + together)]
        with m.If(self.restart):
            m.d.sync += self.total.eq(0)
