"""Clock of iCE40 boards: the phase-locked loop behind the oscillator's pin."""

from amaranth.hdl import (
    ClockDomain,
    ClockSignal,
    DomainRenamer,
    Elaboratable,
    Instance,
    Module,
    ResetSignal,
    Signal,
)
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import Component, In, Out

from boldhw.errors import ConfigError

VCO_HZ = (533_000_000, 1_066_000_000)
FEEDBACK_MAX = 128  # divider of the VCO, whose output is compared with the oscillator
OUTPUT_EXPONENTS = range(1, 7)  # the output is the VCO's frequency divided by a power of two
HOLD_SECONDS = 15e-6  # block RAM reads zero for about 3 us after configuration


def pll_dividers(oscillator_hz, clock_hz):
    """Return (feedback divider, output exponent) of a PLL.

    The clock is ``oscillator_hz * divider / 2 ** exponent``. Raises ConfigError, naming the
    nearest frequency that works, when no setting is exact.
    """
    low, high = VCO_HZ
    settings = {
        oscillator_hz * feedback / 2**exponent: (feedback, exponent)
        for feedback in range(1, FEEDBACK_MAX + 1)
        if low <= oscillator_hz * feedback <= high
        for exponent in OUTPUT_EXPONENTS
    }
    if clock_hz not in settings:
        nearest = min(settings, key=lambda hz: abs(hz - clock_hz))
        raise ConfigError(
            f"clock_hz={clock_hz} cannot be made from an oscillator of {oscillator_hz} Hz; the "
            f"nearest frequency that works is clock_hz={nearest:.0f}"
        )
    return settings[clock_hz]


class PowerOnReset(Component):
    """Hold a reset until a PLL has been locked for a number of cycles.

    Runs in a domain without reset, from the PLL's clock. ``locked`` may change at any time; when it
    falls, the reset is held again.
    """

    def __init__(self, cycles):
        self.cycles = cycles
        super().__init__({"locked": In(1), "hold": Out(1, init=1)})

    def elaborate(self, platform):
        m = Module()
        stable = Signal()
        m.submodules.locked = FFSynchronizer(self.locked, stable)
        timer = Signal(range(self.cycles))
        with m.If(~stable):
            m.d.sync += [timer.eq(0), self.hold.eq(1)]
        with m.Elif(timer == self.cycles - 1):
            m.d.sync += self.hold.eq(0)
        with m.Else():
            m.d.sync += timer.eq(timer + 1)
        return m


class PllClock(Elaboratable):
    """Drive the domain ``sync``, which the design around it defines, from a pin through the PLL.

    Reset is held until the PLL has locked and block RAM can be read: what Amaranth's platforms do
    in the domain that they define themselves, which takes the pin's frequency as it is.

    Parameters
    ----------
    resource : str
        Name of the oscillator's pin, which must be the one wired to the PLL.
    oscillator_hz, clock_hz : int
        Frequencies of the oscillator and of the domain.
    """

    def __init__(self, resource, oscillator_hz, clock_hz):
        self.resource = resource
        self.oscillator_hz = oscillator_hz
        self.clock_hz = clock_hz

    def elaborate(self, platform):
        feedback, exponent = pll_dividers(self.oscillator_hz, self.clock_hz)
        m = Module()
        clock, locked = Signal(), Signal()
        m.submodules.pll = Instance(
            "SB_PLL40_PAD",
            p_FEEDBACK_PATH="SIMPLE",
            p_DIVR=0,
            p_DIVF=feedback - 1,
            p_DIVQ=exponent,
            p_FILTER_RANGE=1,  # of the phase detector, for 10 to 17 MHz
            i_PACKAGEPIN=platform.request(self.resource, dir="-").io,
            i_RESETB=1,
            i_BYPASS=0,
            o_PLLOUTGLOBAL=clock,
            o_LOCK=locked,
        )
        cycles = int(HOLD_SECONDS * self.clock_hz)
        m.submodules.power_on = power_on = DomainRenamer("por")(PowerOnReset(cycles))
        m.domains += ClockDomain("por", reset_less=True, local=True)
        m.d.comb += [
            ClockSignal("por").eq(clock),
            ClockSignal("sync").eq(clock),
            power_on.locked.eq(locked),
            ResetSignal("sync").eq(power_on.hold),
        ]
        return m
