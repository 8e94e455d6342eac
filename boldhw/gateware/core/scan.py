"""Give the sums of the last layer to the loss, one by one."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.passes.pass_port import ScanPort
from boldhw.gateware.units.loss import OutputPort


class Scan(wiring.Component):
    """Register the sum that the forward pass names. Latency 1 cycle, one sum per cycle.

    With ``dual_port`` the sums are far away from each other. There each region of the device picks
    a sum in the cycle before: the latency from ``lane`` is 2 cycles.

    Parameters
    ----------
    config : EngineConfig

    Members
    -------
    sums : In(ArrayLayout(sum_shape, elements))
        Of the array; constant during a scan.
    request : In(ScanPort(config))
        From the forward pass.
    stall : In(1)
        The loss cannot take a sum: nothing moves.
    outputs : Out(OutputPort())
        To the loss; ``valid`` and ``value`` are registered.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "sums": In(data.ArrayLayout(sum_shape(config), config.elements)),
                "request": In(ScanPort(config)),
                "stall": In(1),
                "outputs": Out(OutputPort()),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.request.stall.eq(self.stall), self.outputs.stall.eq(self.stall)]
        lane = self.request.lane
        with m.If(~self.stall):
            value = self._picked(m, lane) if self.config.dual_port else self.sums[lane]
            m.d.sync += [self.outputs.valid.eq(self.request.valid), self.outputs.value.eq(value)]
        return m

    def _picked(self, m, lane):
        """Return the sum that was named a cycle ago, from the register of its region."""
        result = 0
        for region in range(self.config.regions):
            picked, choice = Signal(sum_shape(self.config)), 0
            for j in range(self.config.elements):
                if self.config.region_of(j) == region:
                    choice |= Mux(lane == j, self.sums[j], 0)
            with m.If(~self.stall):
                m.d.sync += picked.eq(choice)
            result |= picked
        return result
