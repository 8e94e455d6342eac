"""Tell which sums are far from zero."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.array import sum_shape


def limit_shape(config):
    """Shape of a limit: one that no sum exceeds fits."""
    return sum_shape(config).width - 1


class Magnitude(wiring.Component):
    """Compare the absolute value of each sum with a limit.

    One comparator per lane serves both the gate bits of the forward pass and the dead zone of the
    backward pass. A negative sum is compared by its complement, which is one less than its
    absolute value; the carry into the comparison makes up for that.

    Golden model: ``np.abs(sums) > limits``.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements`` and ``sum_bits``.

    Members
    -------
    sums : In(data.ArrayLayout(sum_shape(config), config.elements))
        One signed sum per lane.
    limits : In(data.ArrayLayout(limit_shape(config), config.elements))
        One limit per lane.
    far : Out(config.elements), combinational
        Lanes with ``abs(sum) > limit``.

    Latency
    -------
    None: combinational.
    """

    def __init__(self, config):
        self.config = config
        p = config.elements
        super().__init__(
            {
                "sums": In(data.ArrayLayout(sum_shape(config), p)),
                "limits": In(data.ArrayLayout(limit_shape(config), p)),
                "far": Out(p),
            }
        )

    def elaborate(self, platform):
        m = Module()
        for lane in range(self.config.elements):
            width = limit_shape(self.config)
            total, folded = self.sums[lane], Signal(width, name=f"folded{lane}")
            negative = total[-1]
            m.d.comb += folded.eq(total[:width] ^ negative.replicate(width))
            # The lowest bits make the carry. With one net at both of its inputs nextpnr's router1
            # would go round in circles on an iCE40, as in its issue 1341.
            carry = Cat(negative, folded) + Cat(Const(1, 1), ~self.limits[lane])
            m.d.comb += self.far[lane].eq(carry[width + 1])
        return m
