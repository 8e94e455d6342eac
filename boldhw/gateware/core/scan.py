"""Give the sums of the last layer to the loss, one by one."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.passes.pass_port import ScanPort
from boldhw.gateware.units.loss import OutputPort


class Scan(wiring.Component):
    """Register the sum that the forward pass names, for the loss.

    With ``dual_port`` the sums are far away from each other: each region of the device first
    registers its own choice.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements``, ``sum_bits``, ``dual_port`` and ``regions``.

    Members
    -------
    sums : In(data.ArrayLayout(sum_shape(config), config.elements))
        Sums of the array, constant during a scan.
    request : In(ScanPort(config))
        Requests of the forward pass; ``stall`` is combinational.
    stall : In(1)
        The loss cannot take a sum: no register changes.
    outputs : Out(OutputPort())
        The sum, to the loss; ``valid`` and ``value`` are registered, ``stall`` is combinational.

    Latency
    -------
    1 cycle from ``request``, with ``dual_port`` 2 from ``request.lane``; one sum per cycle. With
    ``dual_port``, sums a and b::

        cycle            0     1     2     3
        request.lane     a     b
        request.valid          1     1
        outputs.valid                1     1
        outputs.value                a     b
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
