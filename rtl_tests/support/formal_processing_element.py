"""The processing element against its specification."""

from amaranth.hdl import Assert, Assume, Module, Mux, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from boldhw.gateware.array.accumulator import mark_of
from boldhw.gateware.delay import delay


class ProcessingElementProof(wiring.Component):
    """Assert that ``total`` is the sum of agreeing lanes of all words of a sum.

    For any words in any order of marks and ``valid``, with gaps or without.
    """

    def __init__(self, element):
        self.element = element
        lanes = element.config.lanes
        self.latency = 3 + element.config.popcount_registers
        self.mark = mark_of(element.config)
        super().__init__(
            {
                "weight": In(lanes),
                "sign": In(lanes),
                "mask": In(lanes),
                self.mark: In(1),
                "valid": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.element = element = self.element
        for name in self.signature.members:
            m.d.comb += getattr(element, name).eq(getattr(self, name))
        m.d.comb += Assume(~ResetSignal())
        agreeing = sum(
            self.mask[lane] & (self.weight[lane] == self.sign[lane])
            for lane in range(element.config.lanes)
        )
        total = Signal.like(element.total)
        if element.config.clears_sums:
            self._ending(m, agreeing, total)
        else:
            with m.If(self.valid):
                m.d.sync += total.eq(Mux(self.first, 0, total) + agreeing)
        m.d.comb += Assert(element.total == delay(m, total, self.latency - 1))
        return m

    def _ending(self, m, agreeing, total):
        """Sum up to the last word. Induction needs to know where sums that have not ended stand."""
        before = Signal.like(total)
        with m.If(self.valid):
            m.d.sync += before.eq(Mux(self.last, 0, before + agreeing))
        with m.If(self.valid & self.last):
            m.d.sync += total.eq(before + agreeing)
        stands = self.element.accumulator.before
        m.d.comb += Assert(stands == delay(m, before, self.latency - 1))
