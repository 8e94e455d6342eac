"""Clock of iCE40 boards."""

from typing import Any

from amaranth.hdl import Instance, Module, Signal
from amaranth.lib import io

from boldboards.pll import PllClock, choose

VCO_HZ = (533_000_000, 1_066_000_000)
FEEDBACK_MAX = 128  # divider of the VCO, whose output is compared with the oscillator
OUTPUT_EXPONENTS = range(1, 7)  # the output is the VCO's frequency divided by a power of two


def pll_dividers(oscillator_hz: int, clock_hz: int) -> tuple[int, int]:
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
    return choose(settings, oscillator_hz, clock_hz)


class Ice40Clock(PllClock):
    """A PLL of an iCE40, ``at_pin`` when the oscillator's pin is the one wired to it."""

    def __init__(
        self, resource: str, oscillator_hz: int, clock_hz: int, at_pin: bool = True
    ) -> None:
        super().__init__(resource, oscillator_hz, clock_hz, half_rate_link=True)
        self.at_pin = at_pin

    def pll(self, m: Module, pin: Any, clock: Signal, locked: Signal) -> None:
        feedback, exponent = pll_dividers(self.oscillator_hz, self.clock_hz)
        if self.at_pin:
            kind, source = "SB_PLL40_2F_PAD", {"i_PACKAGEPIN": pin.io}
        else:
            m.submodules.buffer = buffer = io.Buffer("i", pin)
            kind, source = "SB_PLL40_2F_CORE", {"i_REFERENCECLK": buffer.i}
        m.submodules.pll = Instance(
            kind,
            p_FEEDBACK_PATH="SIMPLE",
            p_DIVR=0,
            p_DIVF=feedback - 1,
            p_DIVQ=exponent,
            p_FILTER_RANGE=1,  # of the phase detector, for 10 to 17 MHz
            p_PLLOUT_SELECT_PORTA="GENCLK",
            p_PLLOUT_SELECT_PORTB="GENCLK_HALF",
            i_RESETB=1,
            i_BYPASS=0,
            o_PLLOUTGLOBALA=clock,
            o_PLLOUTGLOBALB=self.half_clock,
            o_LOCK=locked,
            **source,
        )
