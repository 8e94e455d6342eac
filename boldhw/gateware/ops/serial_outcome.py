"""What becomes of sums, one lane after the other: the Outcome of small devices."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import settled
from boldhw.gateware.ops.layouts import SumLayout
from boldhw.gateware.ops.outcome import GroupLayout
from boldhw.gateware.ops.ports import op_layout, sums_layout
from boldhw.gateware.ops.widths import total_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Mac, Sink
from boldhw.spec.ops.ram import unit_bits


class SerialOutcome(wiring.Component):
    """Make two bits of each sum, and two of its place in a square, with one threshold at a time.

    The largest sums of a square move down, one lane a cycle, and the lowest one meets its
    threshold. As in :class:`boldhw.gateware.ops.outcome.Outcome` they are kept inverted.

    Golden model: :func:`boldhw.golden.ops.mac.run`.

    Parameters
    ----------
    size : ArraySize
        Of an array of one plane. Gives ``elements`` (P), ``sum_bits`` and the bits of ``total``.

    Members
    -------
    op : In(op_layout(Mac))
        The op.
    restart : In(1)
        ``total`` begins again.
    shift : In(1)
        The sums of ``largest`` move down by one, unless others come; of scores, which have no
        thresholds.
    valid : In(1)
        Sums are there; the first ones of a square P cycles or more after ``kept``.
    sum : In(SumLayout(size))
        What becomes of them.
    sums : In(sums_layout(size))
        One for each lane.
    units : In(unit_bits(size))
        Threshold and window: of lane 0 with ``kept``, of each lane one cycle later.
    gates : In(size.elements)
        Gates of the lanes, with the last sums of a square.
    kept : Out(1), registered
        ``largest`` is there.
    kept_info : Out(SumLayout(size)), registered
        What becomes of it, until the next ones come.
    done : Out(1), registered
        ``group`` is there.
    info : Out(SumLayout(size)), registered
        What becomes of it.
    largest : Out(sums_layout(size)), combinational
        The sums that it is made of; those that are left of them. From registers only.
    group : Out(GroupLayout(size)), registered
        The bits of all lanes; 0 in those that are not in use.
    total : Out(total_bits(size)), registered
        Sum of all |g| of deltas whose gate is open, P + 1 cycles after the last ``kept``.

    Latency
    -------
    P + 1 cycles from the last sum of a square to its group. Two lanes::

        cycle            0     1     2     3     4
        valid            a                 b
        kept                   a                 b
        largest[0]             a0    a1          b0
        units                  0     1     0     0
        done                               a
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "op": In(op_layout(Mac)),
            "restart": In(1),
            "shift": In(1),
            "valid": In(1),
            "sum": In(SumLayout(size)),
            "sums": In(sums_layout(size)),
            "units": In(unit_bits(size)),
            "gates": In(size.elements),
            "kept": Out(1),
            "kept_info": Out(SumLayout(size)),
            "done": Out(1),
            "info": Out(SumLayout(size)),
            "largest": Out(sums_layout(size)),
            "group": Out(GroupLayout(size)),
            "total": Out(total_bits(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        p, info = self.size.elements, self.kept_info
        last = self.valid & self.sum.last
        lane, passing = Signal(range(p)), Signal()
        ends = passing & (lane == p - 1)
        deltas, scores = (settled(m, self.op.sink == each) for each in (Sink.DELTAS, Sink.SCORES))
        gates = Signal(p)
        m.d.sync += [self.kept.eq(last), self.done.eq(ends)]
        m.d.comb += self.info.eq(info)
        with m.If(passing):
            m.d.sync += [lane.eq(Mux(ends, 0, lane + 1)), gates.eq(gates[1:])]
        with m.If(ends):
            m.d.sync += passing.eq(0)
        with m.If(last):
            m.d.sync += [passing.eq(~scores), gates.eq(self.gates), info.eq(self.sum)]
        lowest, index = self._largest(m, passing)
        used = ~info.final | (lane < self.op.lanes)
        gate = used & gates[0]
        reached, near = self._compared(m, lowest, deltas)
        second = Mux(deltas, gate & ~near, used & near)
        bits = {
            "first": reached & Mux(deltas, second, used),
            "second": second,
            "low": index[0] & used,
            "high": index[1] & used,
        }
        with m.If(passing):
            for name, bit in bits.items():
                own = self.group[name]
                m.d.sync += own.eq(Cat(own[1:], bit))
        self._add(m, lowest, passing & deltas & gate & info.stored[0])
        return m

    def _largest(self, m, passing):
        """Keep the largest sums, inverted, and where they are; return those of the lowest lane.

        The first one of several counts.
        """
        p = self.size.elements
        shape = signed(self.size.sum_bits)
        lowest = [Signal(shape, name=f"lowest{lane}") for lane in range(p)]
        index = [Signal(2, name=f"index{lane}") for lane in range(p)]
        for lane, (own, place) in enumerate(zip(lowest, index, strict=True)):
            new, load, above = self.sums[lane], Signal(name=f"load{lane}"), min(lane + 1, p - 1)
            larger = ~(new + own)[-1]  # the new one less the largest one, less 1, is not negative
            m.d.comb += [
                load.eq(self.valid & (self.sum.first | larger)),
                self.largest[lane].eq(~own),
            ]
            with m.If(load | passing | self.shift):
                m.d.sync += own.eq(Mux(load, ~new, lowest[above]))
            with m.If(load | passing):
                m.d.sync += place.eq(Mux(load, self.sum.index, index[above]))
        return lowest[0], index[0]

    def _compared(self, m, lowest, deltas):
        """Return whether a sum reaches its threshold, a delta 0, and whether it is near to it."""
        tau, window = self.units[:FIELD_BITS].as_signed(), self.units[FIELD_BITS:]
        away = Signal(signed(FIELD_BITS + 1))  # inverted
        m.d.comb += away.eq(Mux(deltas, lowest, tau + lowest))
        inverted = ~(away[:-1] ^ away[-1].replicate(FIELD_BITS))
        # window - |away|, with what is missing of an inverse of two's complement carried in.
        far = Mux(deltas, self.op.dead, window)
        return away[-1], (Cat(Const(1, 1), far) + Cat(away[-1], inverted))[-1]

    def _add(self, m, lowest, counts):
        """Add up sizes of deltas: less one if it is negative, and that."""
        size, negative = Signal(len(lowest) - 1), Signal()
        m.d.sync += [size.eq(0), negative.eq(0)]
        with m.If(counts):
            m.d.sync += size.eq(lowest[:-1] ^ lowest[-1].replicate(len(size)))
            m.d.sync += negative.eq(~lowest[-1])
        m.d.sync += self.total.eq((Cat(negative, self.total) + Cat(negative, size)) >> 1)
        with m.If(self.restart):
            m.d.sync += self.total.eq(0)
