"""The array: P processing elements on one broadcast operand."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.accumulator import mark_of
from boldhw.gateware.array.popcount import Popcount
from boldhw.gateware.array.processing_element import ProcessingElement
from boldhw.gateware.delay import delay, register_copy


def sum_shape(config):
    """Shape of one signed sum."""
    return signed(config.sum_bits)


def array_members(config):
    """Ports of an array; see :class:`PEArray`."""
    p, s = config.elements, config.lanes
    members = {
        "weights": In(p * s),
        "sign": In(s * config.regions),
        "mask": In(s * config.regions),
        "valid": In(1),
        "first": In(1),
        "last": In(1),
        "origin": In(sum_shape(config)),
        "done": Out(1),
        "sums": Out(data.ArrayLayout(sum_shape(config), p)),
    }
    return members | ({"zero_true_vote": In(1)} if config.training else {})


class PEArray(wiring.Component):
    """Compute ``origin + 2 * popcount(xnor(a, b) & mask) - popcount(mask)`` in P elements at once.

    All elements subtract the same ``popcount(mask)``: it is counted once, in step with their
    counts.

    Golden model: :func:`boldhw.golden.rule.forward`, ``backward`` and ``vote``.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements``, ``lanes``, ``sum_bits``, ``popcount_registers``, ``regions`` and
        ``clears_sums``.

    Members
    -------
    weights : In(config.elements * config.lanes)
        One word of the private operand per element, element 0 lowest.
    sign : In(config.lanes * config.regions)
        Broadcast operand, once for each region of the engine.
    mask : In(config.lanes * config.regions)
        Lanes that count, likewise.
    valid : In(1)
        A word enters.
    first : In(1)
        With ``valid``: the word starts a sum.
    last : In(1)
        With ``valid``: the word ends a sum.
    origin : In(sum_shape(config))
        What the sums begin at: minus the threshold and the lanes after the last input. It must hold
        until the sums are done.
    zero_true_vote : In(1)
        The private operand is {0,T} coded: sums come out as twice the vote. It must hold until the
        sums are done; only in an engine that trains.
    done : Out(1), registered
        One cycle: ``sums`` are those of the words up to ``last``.
    sums : Out(data.ArrayLayout(sum_shape(config), config.elements)), registered
        Sums from ``done`` until the next sum is done; without ``config.clears_sums`` until its
        first word arrives in them, ``latency`` cycles after it entered.

    Latency
    -------
    ``latency`` = ``4 + popcount_registers`` cycles from the last word to ``done``, one word per
    cycle, sums without a gap. A sum of the words a and b, and the first word of the next one::

        cycle         0      1     2     ..    1 + latency
        word          a      b     c
        first         1      0     1
        last          0      1     0
        done                                   1
        sums                                   of a and b
    """

    def __init__(self, config):
        self.config = config
        self.latency = config.latency - 1 - config.read_latency
        super().__init__(array_members(config))

    def elaborate(self, platform):
        m = Module()
        offsets, mark = self._offsets(m), mark_of(self.config)
        for index in range(self.config.elements):
            element = ProcessingElement(self.config)
            m.submodules[f"element{index}"] = element
            region = self.config.region_of(index)
            m.d.comb += [
                element.weight.eq(self.weights.word_select(index, self.config.lanes)),
                element.sign.eq(self.sign.word_select(region, self.config.lanes)),
                element.mask.eq(self.mask.word_select(region, self.config.lanes)),
                getattr(element, mark).eq(getattr(self, mark)),
                element.valid.eq(self.valid),
            ]
            m.d.sync += self.sums[index].eq(2 * element.total + offsets[region])
        m.d.comb += self.done.eq(delay(m, Cat(self.valid & self.last), self.latency))
        return m

    def _offsets(self, m):
        """Sum what all elements add, in step with their totals, once for each region."""
        config = self.config
        m.submodules.popcount = popcount = Popcount(config.lanes, config.popcount_registers)
        count = Signal(range(2 * config.lanes + 1))
        if config.training:
            uncounted = Signal(config.lanes)
            with m.If(self.zero_true_vote):
                m.d.comb += uncounted.eq(self.sign[: config.batch])
            m.d.comb += popcount.bits.eq(self.mask[: config.lanes] & ~uncounted)
            counted = popcount.count << self.zero_true_vote
        else:
            m.d.comb += popcount.bits.eq(self.mask[: config.lanes])
            counted = popcount.count
        # One register for the count, one for what delays the elements: the lanes.
        m.d.sync += count.eq(delay(m, counted, 1))

        first, valid = delay(m, Cat(self.first, self.valid), self.latency - 2)
        offsets = [register_copy(sum_shape(config), config.regions) for _ in range(config.regions)]
        with m.If(valid):
            following = Mux(first, self.origin, offsets[0]) - count
            m.d.sync += [offset.eq(following) for offset in offsets]
        if not config.clears_sums:
            return offsets
        ended = Signal(sum_shape(config))
        with m.If(delay(m, self.valid & self.last, self.latency - 2)):
            m.d.sync += ended.eq(following)
        return [ended]
