"""Random bits for stochastic ternarisation and rounding."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.spec.engine import NOISE_BITS


def recurrence(elements):
    """Return (n, k): bit t of the stream is bit t - n xor bit t - n + k.

    Both trinomials are primitive (Zierler and Brillhart, 1968); the second one allows draws of up
    to 489 bits in one step.
    """
    return (159, 31) if NOISE_BITS * elements <= 159 - 31 else (521, 32)


class Noise(wiring.Component):
    """Draw NOISE_BITS random bits for every lane. A new draw is there one cycle after ``step``.

    Golden model: :class:`boldhw.spec.noise.NoiseStream`.

    Parameters
    ----------
    config : EngineConfig

    Members
    -------
    step : In(1)
        Go on to the next draw.
    write, write_data : In(1), In(16)
        Shift 16 bits into the state, the oldest bits fall out.
    draws : Out(8 * elements), combinational from registers
        Lane 0 lowest.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "step": In(1),
                "write": In(1),
                "write_data": In(16),
                "draws": Out(NOISE_BITS * config.elements),
            }
        )

    def elaborate(self, platform):
        m = Module()
        length, tap = recurrence(self.config.elements)
        width = len(self.draws)
        state = Signal(length, init=1)
        m.d.comb += self.draws.eq(state[:width] ^ state[tap : tap + width])
        with m.If(self.write):
            m.d.sync += state.eq(Cat(state[16:], self.write_data))
        with m.Elif(self.step):
            m.d.sync += state.eq(Cat(state[width:], self.draws))
        return m
