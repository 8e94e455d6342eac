"""Choose the limits that sums are compared with."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay, register_copy
from boldhw.gateware.passes.table import field_shape
from boldhw.gateware.units.magnitude import limit_shape


class Limits(wiring.Component):
    """Choose the limits that sums are compared with: window in the forward pass, else dead zones.

    With ``dual_port`` the limits reach a comparator in each element all over the device and are
    registered twice.

    Parameters
    ----------
    config : EngineConfig
        Of an engine that trains; gives ``elements``, ``sum_bits``, ``dual_port`` and ``regions``.

    Members
    -------
    push : In(1)
        The forward pass takes sums of this cycle; only used without ``dual_port``.
    forward : In(1)
        The forward pass starts; only used with ``dual_port``.
    backward : In(1)
        The backward pass starts; only used with ``dual_port``.
    window : In(field_shape(config, "window"))
        Of the layer, from the forward pass.
    dead : In(data.ArrayLayout(limit_shape(config), config.elements))
        Dead zone and noise of each lane.
    limits : Out(data.ArrayLayout(limit_shape(config), config.elements))
        The limits; registered with ``dual_port``, else combinational.

    Latency
    -------
    None without ``dual_port``; with it 2 cycles from ``window`` and ``dead``, and the choice
    changes one cycle after a pass starts.
    """

    def __init__(self, config):
        self.config = config
        limits = data.ArrayLayout(limit_shape(config), config.elements)
        super().__init__(
            {
                "push": In(1),
                "forward": In(1),
                "backward": In(1),
                "window": In(field_shape(config, "window")),
                "dead": In(limits),
                "limits": Out(limits),
            }
        )

    def elaborate(self, platform):
        m = Module()
        in_forward = self.push
        if self.config.dual_port:
            in_forward = Signal()
            with m.If(self.forward | self.backward):
                m.d.sync += in_forward.eq(self.forward)
        for limit, dead in zip(self.limits, self.dead, strict=True):
            chosen = Mux(in_forward, self.window, dead)
            if self.config.dual_port:
                register = register_copy(limit.shape(), self.config.regions)
                m.d.sync += register.eq(delay(m, chosen, 1))
                chosen = register
            m.d.comb += limit.eq(chosen)
        return m
