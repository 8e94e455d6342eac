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
    """Draw NOISE_BITS random bits for every lane.

    A shift register with linear feedback makes all bits of a draw in one step: a draw has at most
    ``n - k`` bits (see :func:`recurrence`), and each is an xor of two bits of the state.

    Golden model: :class:`boldhw.spec.noise.NoiseStream`.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements``.

    Members
    -------
    step : In(1)
        Go on to the next draw.
    write : In(1)
        Shift ``write_data`` into the state; wins over ``step``. The oldest bits fall out.
    write_data : In(16)
        Bits of the state, the oldest one lowest.
    draws : Out(NOISE_BITS * config.elements), combinational
        The draw, lane 0 lowest; one xor after the state.

    Latency
    -------
    The next draw is there one cycle after ``step``, one draw per cycle.
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
