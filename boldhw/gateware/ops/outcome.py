"""What becomes of sums: the largest of a square, thresholds, gates, deltas and their sizes."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import data_delay, data_register, delay, settled
from boldhw.gateware.ops.layouts import SumLayout
from boldhw.gateware.ops.ports import op_layout, sums_layout
from boldhw.gateware.ops.widths import total_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Mac, Sink
from boldhw.spec.ops.ram import unit_bits


class GroupLayout(data.StructLayout):
    """Bits of a group of P planes of each pixel of a tile, those of the first pixel lowest.

    first, second   outputs and gates, or signs and masks
    low, high       of the index of the largest sum of a square
    """

    def __init__(self, size):
        bits = size.planes * size.elements
        super().__init__(dict.fromkeys(("first", "second", "low", "high"), bits))


def registers(size):
    """Return the registers in front of the largest sums, and behind them: with planes one each."""
    return int(size.planes > 1), int(size.planes > 1)


class Outcome(wiring.Component):
    """Make two bits of each sum, and two of its place in a square.

    A pixel of the tile is made of the sums of each plane of the array. Where squares are pooled and
    both of their columns are there at once, pixel n is made of those of planes 2 n and 2 n + 1.

    The largest sum is kept inverted: then the differences with it take no inverters.

    Golden model: :func:`boldhw.golden.ops.mac.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``planes``, ``sum_bits``, ``inference`` (no gates, no indices) and the
        bits of ``total``.

    Members
    -------
    op : In(op_layout(Mac))
        The op.
    restart : In(1)
        ``total`` begins again.
    shift : In(1)
        The sums of ``largest`` move down by one, unless others come.
    valid : In(1)
        Sums are there.
    sum : In(SumLayout(size))
        What becomes of them.
    sums : In(sums_layout(size))
        One for each lane of each plane.
    units : In(size.elements * unit_bits(size))
        Threshold and window of each lane, in that cycle, with planes one later; with ``inference``
        no window.
    gates : In(size.planes * size.elements)
        Gates of the lanes of each pixel, a cycle later than ``units``.
    kept : Out(1), registered
        ``largest`` is there.
    kept_info : Out(SumLayout(size)), registered
        What becomes of it.
    done : Out(1), registered
        ``group`` is there.
    info : Out(SumLayout(size)), registered
        What becomes of it.
    largest : Out(sums_layout(size)), combinational
        The sums that it is made of, until the next ones come. From registers only.
    group : Out(GroupLayout(size)), combinational
        The bits of all lanes; 0 in those that are not in use, and with planes in pixels that are
        not stored.
    total : Out(total_bits(size)), registered
        Sum of all |g| of deltas whose gate is open, ``counted`` cycles after the last ``kept``, see
        :func:`boldhw.spec.ops.cycles.counted`.

    Latency
    -------
    1 cycle from the last sum of a square to its group, with planes 3; sums without a gap.
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
            "units": In(size.elements * unit_bits(size)),
            "gates": In(size.planes * size.elements),
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
        size, info = self.size, self.kept_info
        before, behind = registers(size)
        self._valid, bits = (delay(m, each, before) for each in (self.valid, self.sum.as_value()))
        self._sum = data.View(SumLayout(size), bits)
        m.d.sync += [self.kept.eq(self._valid & self._sum.last), info.eq(self._sum)]
        m.d.comb += [
            self.done.eq(delay(m, self.kept, behind)),
            self.info.eq(delay(m, info.as_value(), behind)),
        ]
        deltas = settled(m, self.op.sink == Sink.DELTAS)
        used = Signal(size.elements)
        m.d.comb += used.eq(
            Cat(~info.final | (lane < self.op.lanes) for lane in range(size.elements))
        )
        second = Signal(size.planes * size.elements)  # first words of the signal depend on it
        m.d.comb += self.group.second.eq(second)
        bounds = [self._bounds(m, lane, deltas) for lane in range(size.elements)]
        counted = delay(m, self.kept & deltas & info.stored[0], behind)
        plane_totals, kept = [], []
        for plane in range(size.planes):
            sizes = []
            for lane in range(size.elements):
                at = plane * size.elements + lane
                stored = used[lane] & (info.stored[plane] if size.planes > 1 else 1)
                lowest, index, loads = self._largest(m, plane, lane)
                if size.inference:
                    index = Const(0, 2)
                kept.append((lowest, loads))
                tau, window = bounds[lane]
                away = self._away(m, lowest, tau, behind)
                reached, distance, near = self._near(m, away, data_delay(m, window, behind))
                gate = stored & self.gates[at]
                stored, gate, index = (
                    data_delay(m, each, behind) for each in (stored, gate, index)
                )
                sizes.append(self._size(m, distance, ~reached, counted & gate))
                m.d.comb += [
                    self.largest[at].eq(~lowest),
                    self.group.low[at].eq(index[0] & stored),
                    self.group.high[at].eq(index[1] & stored),
                    second[at].eq(Mux(deltas, gate & ~near, stored & near)),
                    self.group.first[at].eq(reached & Mux(deltas, second[at], stored)),
                ]
            plane_totals.append(_added(m, sizes))
        # Scores are of one place. What shifts them is in the LUTs that invert them.
        shifted, others = kept[: size.elements], kept[size.elements :]
        for (lowest, (load, new)), (above, _) in zip(
            shifted, shifted[1:] + shifted[-1:], strict=True
        ):
            with m.If(load | self.shift):
                m.d.sync += lowest.eq(Mux(load, new, above))
        for lowest, (load, new) in others:
            with m.If(load):
                m.d.sync += lowest.eq(new)
        self._total(m, plane_totals)
        return m

    def _largest(self, m, plane, lane):
        """Return the largest sum of a square, inverted, its index, and when to keep which sum.

        The first one of several counts.
        """
        p, planes, name = self.size.elements, self.size.planes, f"{plane}_{lane}"
        own, place = self.sums[plane * p + lane], self.sum.index
        before, _ = registers(self.size)
        if 2 * plane + 1 < planes:
            left, right = (self.sums[(2 * plane + n) * p + lane] for n in (0, 1))
            beside, best = Signal(name=f"beside{name}"), Signal.like(own, name=f"best{name}")
            side_by_side = settled(m, (self.op.planes > 1) & (self.op.pool == 2))
            m.d.comb += [
                beside.eq(side_by_side & (right > left)),
                best.eq(Mux(beside, right, Mux(side_by_side, left, own))),
            ]
            own, place = best, Cat(place[0] | beside, place[1])
        inverted, place = data_delay(m, ~own, before), data_delay(m, place, before)
        lowest = data_register(own.shape(), name=f"lowest{name}")
        index = data_register(2, name=f"index{name}")
        if plane >= max(1, planes // 2):  # no square is kept there
            return lowest, Const(0, 2), (self._valid, inverted)
        larger = (inverted - lowest)[-1]
        load = Signal(name=f"load{name}")
        m.d.comb += load.eq(self._valid & (self._sum.first | larger))
        with m.If(load):
            m.d.sync += index.eq(place)
        return lowest, index, (load, inverted)

    def _bounds(self, m, lane, deltas):
        """Return threshold and window of a lane; of deltas 0 and the dead zone."""
        tau, window = data_register(signed(FIELD_BITS)), data_register(FIELD_BITS)
        bits = unit_bits(self.size)
        m.d.sync += tau.eq(self.units.word_select(lane, bits)[:FIELD_BITS])
        with m.If(deltas):
            m.d.sync += tau.eq(0)
        if not self.size.inference:
            own = self.units.word_select(2 * lane + 1, FIELD_BITS)
            m.d.sync += window.eq(Mux(deltas, self.op.dead, own))
        return tau, window

    def _away(self, m, lowest, tau, behind):
        """Return how far a sum is from its threshold, inverted, after ``behind`` registers."""
        away = Signal(signed(FIELD_BITS + 1))
        m.d.comb += away.eq(tau + lowest)
        return data_delay(m, away, behind)

    def _near(self, m, away, window):
        """Return whether a sum reaches its threshold, how far it is, and whether that is near.

        A sum that does not reach it is farther by one. near: in the window, or in the dead zone.
        """
        reached, distance, left = away[-1], Signal(FIELD_BITS), Signal(FIELD_BITS + 2)
        m.d.comb += distance.eq(away[:-1] ^ reached.replicate(FIELD_BITS))
        if self.size.inference:
            return reached, distance, Const(0)
        # Twice the window less the distance, less one where the threshold is not reached.
        m.d.comb += left.eq(Cat(reached, window) - Cat(Const(1, 1), distance))
        return reached, distance, ~left[-1]

    def _size(self, m, distance, farther, counts):
        """Return the size of a delta one cycle later, less one if it is negative, and that."""
        size, negative = Signal(self.size.sum_bits - 1), Signal()
        m.d.sync += [size.eq(0), negative.eq(0)]
        with m.If(counts):
            m.d.sync += [size.eq(distance), negative.eq(farther)]
        return size, negative

    def _total(self, m, plane_totals):
        """Add up the sizes of all planes, then those of all groups."""
        if len(plane_totals) > 1:
            plane_totals = [(delay(m, each, 1), delay(m, bit, 1)) for each, bit in plane_totals]
        together, carry = (delay(m, each, 1) for each in _added(m, plane_totals))
        m.d.sync += self.total.eq((Cat(carry, self.total) + Cat(carry, together)) >> 1)
        with m.If(self.restart):
            m.d.sync += self.total.eq(0)


def _added(m, terms):
    """Return the sum of numbers that each have a bit to add, the last bit of all beside it."""
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        # Twice the same bit below the numbers is a carry into them.
        added = [((Cat(one, a) + Cat(one, b))[1:], other) for (a, one), (b, other) in pairs]
        terms = added + terms[len(terms) & ~1 :]
    return terms[0]
