"""The processing element against its specification."""

from amaranth.hdl import Assert, Assume, Module, Mux, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from boldhw.gateware.delay import delay


class ProcessingElementProof(wiring.Component):
    """Assert that ``total`` is the sum of agreeing lanes of all words between two with ``last``.

    For any words in any order of ``last`` and ``valid``, with gaps or without.
    """

    def __init__(self, element):
        self.element = element
        lanes = element.config.lanes
        self.latency = 3 + element.config.popcount_registers
        super().__init__(
            {
                "weight": In(lanes),
                "sign": In(lanes),
                "mask": In(lanes),
                "last": In(1),
                "valid": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.element = element = self.element
        for name in self.signature.members:
            m.d.comb += getattr(element, name).eq(getattr(self, name))
        m.d.comb += Assume(~ResetSignal())
        agreeing = [
            self.mask[lane] & (self.weight[lane] == self.sign[lane])
            for lane in range(element.config.lanes)
        ]
        before, total = Signal.like(element.total), Signal.like(element.total)
        with m.If(self.valid):
            m.d.sync += before.eq(Mux(self.last, 0, before + sum(agreeing)))
        with m.If(self.valid & self.last):
            m.d.sync += total.eq(before + sum(agreeing))
        m.d.comb += Assert(element.total == delay(m, total, self.latency - 1))
        # Induction needs to know where sums that have not ended stand.
        m.d.comb += Assert(element.accumulator.before == delay(m, before, self.latency - 1))
        return m
