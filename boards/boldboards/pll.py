# amaranth: UnusedElaboratable=no
# (a design whose clock is refused is never elaborated, and the refusal is all there is to say)
"""Clock of a board: a phase-locked loop behind a pin, and the reset until it has locked."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from amaranth.hdl import (
    ClockDomain,
    ClockSignal,
    DomainRenamer,
    Elaboratable,
    Module,
    ResetSignal,
    Signal,
)
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from boldhw.errors import ConfigError

Hertz = TypeVar("Hertz", float, Fraction)
Setting = TypeVar("Setting")
HOLD_SECONDS = 15e-6  # block RAM of an iCE40 reads zero for about 3 us after configuration


def choose(settings: Mapping[Hertz, Setting], oscillator_hz: int, clock_hz: int) -> Setting:
    """Return the setting of a PLL for a clock, from a dict of settings by output frequency.

    Raises ConfigError, naming the nearest frequency that works, when none gives the clock to the
    hertz.
    """
    nearest = min(settings, key=lambda hz: abs(hz - clock_hz))
    if round(nearest) != clock_hz:
        raise ConfigError(
            f"clock_hz={clock_hz} cannot be made from an oscillator of {oscillator_hz} Hz; the "
            f"nearest frequency that works is clock_hz={float(nearest):.0f}"
        )
    return settings[nearest]


def products(
    oscillator_hz: int, dividers: Sequence[int], compared_hz_min: int
) -> Iterator[tuple[int, int, Fraction]]:
    """Yield (input divider, feedback divider, output in Hz) of a PLL that divides its input.

    ``compared_hz_min`` is the least frequency at which oscillator and output are compared.
    """
    for divider in dividers:
        if oscillator_hz / divider < compared_hz_min:
            return
        for feedback in dividers:
            yield divider, feedback, Fraction(oscillator_hz * feedback, divider)


class PowerOnReset(wiring.Component):
    """Hold a reset until a PLL has been locked for a number of cycles.

    Runs in a domain without reset, from the PLL's clock. ``locked`` may change at any time; when it
    falls, the reset is held again.
    """

    def __init__(self, cycles: int) -> None:
        self.cycles = cycles
        super().__init__({"locked": In(1), "hold": Out(1, init=1)})

    def elaborate(self, platform: Any) -> Module:
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
    """Drive the domain ``sync``, which the design around it defines, from a pin through a PLL.

    Reset is held until the PLL has locked and block RAM can be read: what Amaranth's platforms do
    in the domain that they define themselves, which takes the pin's frequency as it is.

    Attributes
    ----------
    reset_less : bool
        The domains have no reset: the device itself resets all registers.

    Parameters
    ----------
    resource : str
        Name of the oscillator's pin.
    oscillator_hz, clock_hz : int
        Frequencies of the oscillator and of the domain.
    half_rate_link : bool
        Drive the domain ``link`` too, with half the frequency, from another output of the PLL.
    """

    reset_less = False

    def __init__(
        self, resource: str, oscillator_hz: int, clock_hz: int, half_rate_link: bool = False
    ) -> None:
        self.resource = resource
        self.oscillator_hz = oscillator_hz
        self.clock_hz = clock_hz
        self.half_rate_link = half_rate_link
        self.half_clock = Signal()

    def pll(self, m: Module, pin: Any, clock: Signal, locked: Signal) -> None:
        """Add the PLL of a family to a module, from an IOPort to the signals ``clock, locked``."""
        raise NotImplementedError

    def reset(self, m: Module, clock: Signal, locked: Signal) -> None:
        """Reset the domains, from the signals ``clock, locked`` of the PLL."""
        m.domains += ClockDomain("por", reset_less=True, local=True)
        cycles = int(HOLD_SECONDS * self.clock_hz)
        m.submodules.power_on = power_on = DomainRenamer("por")(PowerOnReset(cycles))
        m.d.comb += [
            ClockSignal("por").eq(clock),
            power_on.locked.eq(locked),
            ResetSignal("sync").eq(power_on.hold),
        ]
        if self.half_rate_link:
            m.d.comb += ResetSignal("link").eq(power_on.hold)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        clock, locked = Signal(), Signal()
        self.pll(m, platform.request(self.resource, dir="-"), clock, locked)
        self.reset(m, clock, locked)
        m.d.comb += ClockSignal("sync").eq(clock)
        if self.half_rate_link:
            m.d.comb += ClockSignal("link").eq(self.half_clock)
        return m
