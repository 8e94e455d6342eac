"""The processing element against its specification."""

from amaranth.hdl import Assert, Assume, Cat, Module, Mux, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from boldhw.gateware.delay import delay
from boldhw.gateware.processing_element import ProcessingElement


class OpenElement(ProcessingElement):
    """An element whose column register can be seen: induction needs to know it."""

    def __init__(self, config):
        super().__init__(config)
        self.column = Signal(config.batch)

    def _column(self, m):
        column = super()._column(m)
        m.d.comb += self.column.eq(column)
        return column


class ProcessingElementProof(wiring.Component):
    """Assert that ``total`` is the sum of agreeing lanes of all words since ``first``.

    For any words in any order of ``first`` and ``valid``, with gaps or without, and for any way of
    filling the column register, as long as one of the two private operands is zero.
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
                "first": In(1),
                "valid": In(1),
                "column_shift": In(1),
                "column_bit": In(1),
                "column_clear": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.element = element = self.element
        for name in self.signature.members:
            m.d.comb += getattr(element, name).eq(getattr(self, name))
        column = self._column(m)
        private = Mux(column == 0, self.weight, column)
        m.d.comb += [
            Assume(~ResetSignal()),
            Assume((column == 0) | (self.weight == 0)),
            Assert(element.column == column),
        ]
        agreeing = [
            self.mask[lane] & (private[lane] == self.sign[lane])
            for lane in range(element.config.lanes)
        ]
        total = Signal.like(element.total)
        with m.If(self.valid):
            m.d.sync += total.eq(Mux(self.first, 0, total) + sum(agreeing))
        m.d.comb += Assert(element.total == delay(m, total, self.latency - 1))
        return m

    def _column(self, m):
        """Return the last ``batch`` bits shifted in since the column was cleared, oldest lowest."""
        column = Signal(self.element.config.batch)
        with m.If(self.column_shift):
            m.d.sync += column.eq(Cat(column, self.column_bit) >> 1)
        with m.If(self.column_clear):
            m.d.sync += column.eq(0)
        return column
