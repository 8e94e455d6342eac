"""The array of an engine that keeps its sums in DSP blocks."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from boldhw.gateware.array.array import array_members, sum_shape
from boldhw.gateware.array.dsp_element import DspElement
from boldhw.gateware.array.mac import OPERAND_BITS
from boldhw.gateware.array.popcount import Popcount
from boldhw.gateware.delay import delay


class DspArray(wiring.Component):
    """Compute ``origin + 2 * popcount(xnor(a, b) & mask) - popcount(mask)`` in P elements at once.

    All sums of a layer have the same masks and origin, and therefore the same ``offset = origin -
    popcount(mask)``. It is counted beside the first sum and added to it in the end, by a slot of
    its own that closes the sum; each later sum begins at it. Votes change their mask with every
    word; there each sum begins at what its own word gives.

    A slot is a cycle at the inputs: a word (``valid``), the begin of a sum (``first`` alone) or its
    close (``last`` alone). A sum begins in the slot before its first word; the first sum after
    ``restart`` begins two or more slots before it.

    Golden model: :func:`boldhw.golden.rule.forward`, ``backward`` and ``vote``.

    Parameters
    ----------
    config : EngineConfig
        With ``dsp_sums``; gives ``elements``, ``lanes``, ``sum_bits`` and ``popcount_registers``.

    Members
    -------
    restart : In(1)
        The next sum is the first one of a layer.
    weights : In(config.elements * config.lanes)
        One word of the private operand per element, element 0 lowest.
    sign : In(config.lanes * config.regions)
        Broadcast operand; there is one region.
    mask : In(config.lanes * config.regions)
        Lanes that count.
    valid : In(1)
        The slot is a word.
    first : In(1)
        Without ``valid``: a sum begins. With it ``first`` is not used.
    last : In(1)
        The slot ends a sum; without ``valid`` it closes the sum too.
    origin : In(sum_shape(config))
        What the sums begin at: minus the threshold and the lanes after the last input. It must hold
        until the sums are done.
    zero_true_vote : In(1)
        The private operand is {0,T} coded: sums come out as the vote itself. It must hold until the
        sums are done; only in an engine that trains.
    done : Out(1), registered
        One cycle: ``sums`` are those of the words up to ``last``.
    sums : Out(data.ArrayLayout(sum_shape(config), config.elements)), registered
        Sums from ``done`` until the next sum begins.

    Latency
    -------
    ``latency`` = ``3 + popcount_registers`` cycles from ``last`` to ``done``, one slot per cycle.
    The first sum of a layer, of the words a and b, and the second one, of c and d::

        slot      -1         0         1    2    3    4         5         6    7
        restart   1
        first                1                             1
        valid                               a    b                        c    d
        last                                          1                        1
                             begin                    close     begin
    """

    def __init__(self, config):
        self.config = config
        self.latency = config.latency - 2
        super().__init__(array_members(config) | {"restart": In(1)})

    def elaborate(self, platform):
        m = Module()
        config = self.config
        load, close = self.first & ~self.valid, self.last & ~self.valid
        offset = self._offset(m, load, close)
        factor = self._factor(m, close, offset)
        for index in range(config.elements):
            m.submodules[f"element{index}"] = element = DspElement(config)
            m.d.comb += [
                element.weight.eq(self.weights.word_select(index, config.lanes)),
                element.sign.eq(self.sign),
                element.mask.eq(self.mask),
                element.valid.eq(self.valid),
                element.load.eq(load),
                element.close.eq(close),
                element.origin.eq(offset),
                element.factor.eq(factor),
                self.sums[index].eq(element.total),
            ]
        m.d.comb += self.done.eq(delay(m, self.last, self.latency))
        return m

    def _offset(self, m, load, close):
        """Count what the masks take from the origin, until a sum is closed.

        The counts of both halves are registered: a popcount of all lanes and a subtraction do not
        fit a cycle.
        """
        config = self.config
        registers = config.popcount_registers
        bits = Signal(config.lanes)
        m.d.comb += bits.eq(self.mask)
        if config.training:
            with m.If(self.zero_true_vote):
                m.d.comb += bits[: config.batch].eq((self.mask & ~self.sign)[: config.batch])
        cut = config.lanes // 2
        halves = Popcount(cut, registers), Popcount(config.lanes - cut, registers)
        m.submodules.lower, m.submodules.upper = halves
        for half, part in zip(halves, (bits[:cut], bits[cut:]), strict=True):
            m.d.comb += half.bits.eq(part)

        loading, closing, valid = delay(m, Cat(load, close, self.valid), registers)
        fresh, known, counted = Signal(), Signal(), Signal()
        counts = [Signal.like(half.count) for half in halves]
        offset, before, result = (Signal(sum_shape(config)) for _ in range(3))
        m.d.comb += [
            before.eq(Mux(fresh & counted, self.origin, offset)),
            result.eq(before - sum(counts)),
        ]
        m.d.sync += [counted.eq(valid & ~known), offset.eq(result)]
        for count, half in zip(counts, halves, strict=True):
            m.d.sync += count.eq(Mux(valid & ~known, half.count, 0))
        with m.If(counted):
            m.d.sync += fresh.eq(0)
        with m.If(loading):
            m.d.sync += fresh.eq(1)
        with m.If(closing):
            m.d.sync += known.eq(1)
        with m.If(self.restart):
            m.d.sync += [offset.eq(0), known.eq(0)]
        return result

    def _factor(self, m, close, offset):
        """Return what the DSP blocks multiply with: a lane's weight, or the offset to close."""
        once = 1 | 1 << self.config.sum_bits
        factor = Signal(signed(OPERAND_BITS))
        m.d.comb += factor.eq(2 * once)
        if self.config.training:
            with m.If(self.zero_true_vote):
                m.d.comb += factor.eq(once)
        with m.If(delay(m, close, 2 + self.config.popcount_registers)):
            m.d.comb += factor.eq(offset)
        return factor
