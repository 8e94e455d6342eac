"""A row of accumulators, one after the other through a lane: votes, or flips."""

from amaranth.hdl import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ops.lane import FACTOR, Lane
from boldhw.gateware.ops.plain_lane import PlainLane
from boldhw.gateware.ops.ports import COUNTER_BITS, SUM_BITS, op_layout, sums_layout
from boldhw.gateware.ops.steps import MOST, accumulators_layout
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Flip

BEHIND = 2  # cycles from an accumulator to its result, in a Lane


def pass_cycles(size):
    """Return the cycles from one row to the next that can be taken."""
    return size.elements + BEHIND + 1


class RowPass(wiring.Component):
    """Change a row of accumulators, which go round through one :class:`Lane`.

    Golden model: :func:`boldhw.golden.ops.vote.run`, and :func:`boldhw.golden.ops.flip.run`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P), ``accumulator_bits`` and ``plain``: then nothing decays, and there
        are no means.

    Members
    -------
    arrives : In(1)
        A row is there: no pass runs, or it is ``done``.
    row : In(accumulators_layout(size))
        The row.
    votes : In(1)
        Sums are added; else weights flip. Constant, as all that follows, during the pass of a row.
    sums : In(sums_layout(size))
        Votes q; twice that with ``doubled``.
    lanes : In(size.elements)
        Lanes that vote; a vote of the others is 0.
    doubled : In(1)
        Sums are twice the votes.
    rounding : In(range(MOST + 1))
        Bits r that are dropped from a vote.
    offset : In(MOST)
        What rounds, u: less than ``2 ** rounding``.
    decay : In(FIELD_BITS)
        Share that decays before a vote, 1/65536.
    flip : In(op_layout(Flip))
        How weights flip.
    balance : In(signed(COUNTER_BITS))
        Sum of the deltas of the output.
    means : In(data.ArrayLayout(signed(FIELD_BITS), size.elements))
        Means of the inputs.
    weights : In(size.elements)
        Weights of the output, from the cycle after ``arrives`` on.
    done : Out(1), combinational
        The result is there. From registers only.
    result : Out(accumulators_layout(size)), registered
        The new row.
    flipped : Out(size.elements), registered
        The new weights, with ``done``, unless the row votes.
    count : Out(1), combinational
        A weight flips in this cycle.

    Latency
    -------
    P + 3 cycles from ``arrives`` to ``done``. A row of two accumulators, and the next one::

        cycle       0    1    2    3    4    5    6
        arrives     a                        b
        lane             a0   a1                  b0
        result                   ..  ..      a
        done                                 1
    """

    def __init__(self, size):
        self.size = size
        p = size.elements
        super().__init__({
            "arrives": In(1),
            "row": In(accumulators_layout(size)),
            "votes": In(1),
            "sums": In(sums_layout(size)),
            "lanes": In(p),
            "doubled": In(1),
            "rounding": In(range(MOST + 1)),
            "offset": In(MOST),
            "decay": In(FIELD_BITS),
            "flip": In(op_layout(Flip)),
            "balance": In(signed(COUNTER_BITS)),
            "means": In(data.ArrayLayout(signed(FIELD_BITS), p)),
            "weights": In(p),
            "done": Out(1),
            "result": Out(accumulators_layout(size)),
            "flipped": Out(p),
            "count": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        p, bits = self.size.elements, self.size.accumulator_bits
        m.submodules.lane = lane = (PlainLane if self.size.plain else Lane)(self.size)
        number = Signal(range(p + BEHIND + 2))  # from 1: in the lane
        flipping = ~self.votes
        m.d.comb += self.done.eq(number == p + BEHIND + 1)
        row = self.result.as_value()
        with m.If(number != 0):
            m.d.sync += number.eq(number + 1)
        with m.If(self.done):
            m.d.sync += number.eq(0)
        with m.Else():
            m.d.sync += row.eq(Cat(row[bits:], lane.result))
        with m.If(self.arrives):
            m.d.sync += [number.eq(1), row.eq(self.row)]
        changes = flipping & (number > BEHIND)
        with m.If(~changes):
            m.d.sync += self.flipped.eq(self.weights)
        with m.Elif(~self.done):
            m.d.sync += self.flipped.eq(Cat(self.flipped[1:], self.flipped[0] ^ lane.flipped))
        self._operands(m, lane, number, flipping)
        m.d.comb += [
            lane.accumulator.eq(self.result[0]),
            lane.flips.eq(changes),
            lane.weight.eq(self.flipped[0]),
            self.count.eq(lane.flipped & ~self.done),
        ]
        return m

    def _operands(self, m, lane, number, flipping):
        """Say what is added to the accumulator of this cycle."""
        p, flip = self.size.elements, self.flip
        most = p.bit_length()
        sums, votes, means = (
            Array([values[0], *values, *[values[p - 1]] * ((1 << most) - p - 1)])[number[:most]]
            for values in (self.sums, self.lanes, self.means)
        )
        vote, offset = Signal(signed(SUM_BITS + 1)), Signal(MOST + 1)
        m.d.comb += [
            offset.eq(self.offset << self.doubled),
            vote.eq(offset - sums),
            lane.theta.eq(flip.theta),
        ]
        if self.size.plain:
            m.d.comb += [
                lane.vote.eq(vote),
                lane.votes.eq(self.votes & votes),
                lane.drops.eq(self.rounding + self.doubled),
            ]
            return
        m.d.comb += [
            lane.factor.eq(Mux(flipping, self.balance, vote)),
            lane.other.eq(Mux(flipping, Mux(flip.balanced, means, 0), Mux(votes, FACTOR, 0))),
            lane.drops.eq(Mux(flipping, flip.rounding, self.rounding + self.doubled)),
            lane.rounds.eq(flipping),
            lane.decay.eq(Mux(flipping, flip.decay, self.decay)),
        ]
