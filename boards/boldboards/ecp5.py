"""Clock of ECP5 boards, and registers in their I/O cells."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

from amaranth.hdl import ClockSignal, Instance, Module, Signal, Value
from amaranth.lib import io

from boldboards.pll import PllClock, choose, products

VCO_HZ = (400_000_000, 800_000_000)
COMPARED_HZ_MIN = 3_125_000  # frequency at which oscillator and output are compared
DIVIDERS = range(1, 129)
# Analog settings that Lattice's own tool writes for every frequency in this range.
ANALOG = {
    "a_ICP_CURRENT": "12",
    "a_LPF_RESISTOR": "8",
    "a_MFG_ENABLE_FILTEROPAMP": "1",
    "a_MFG_GMCREF_SEL": "2",
}


def pll_dividers(oscillator_hz: int, clock_hz: int) -> tuple[int, int, int]:
    """Return (input divider, feedback divider, output divider) of a PLL.

    The clock is ``oscillator_hz * feedback / input``; the VCO runs at the clock times the output
    divider. Raises ConfigError, naming the nearest frequency that works, when none is exact.
    """
    low, high = VCO_HZ
    settings: dict[Fraction, tuple[int, int, int]] = {}
    for divider, feedback, hz in products(oscillator_hz, DIVIDERS, COMPARED_HZ_MIN):
        output = (low + high) // 2 // hz
        if output in DIVIDERS and low <= hz * output <= high:
            settings.setdefault(hz, (divider, feedback, int(output)))
    return choose(settings, oscillator_hz, clock_hz)


class Ecp5Clock(PllClock):
    """A PLL of an ECP5, and its global reset, which reaches every register on wires of its own.

    The reset ends within some cycles, not in the same one everywhere. Nothing depends on that: at
    first units only wait for a byte, or clear a memory to its end.
    """

    reset_less = True

    def reset(self, m: Module, clock: Signal, locked: Signal) -> None:
        stages = [locked, Signal(), Signal()]
        for stage, later in pairwise(stages):
            # Registers that the reset does not reach.
            m.submodules += Instance("FD1S3AX", p_GSR="DISABLED", i_CK=clock, i_D=stage, o_Q=later)
        m.submodules.reset = Instance("SGSR", i_CLK=clock, i_GSR=stages[-1])

    def pll(self, m: Module, pin: Any, clock: Signal, locked: Signal) -> None:
        divider, feedback, output = pll_dividers(self.oscillator_hz, self.clock_hz)
        half = {}
        if self.half_rate_link:
            half = {
                "a_FREQUENCY_PIN_CLKOS": f"{self.clock_hz / 2e6:g}",
                "p_CLKOS_DIV": 2 * output,
                "p_CLKOS_CPHASE": output - 1,
                "p_CLKOS_FPHASE": 0,
                "p_CLKOS_ENABLE": "ENABLED",
                "o_CLKOS": self.half_clock,
            }
        m.submodules.buffer = buffer = io.Buffer("i", pin)
        m.submodules.pll = Instance(
            "EHXPLLL",
            a_FREQUENCY_PIN_CLKI=f"{self.oscillator_hz / 1e6:g}",
            a_FREQUENCY_PIN_CLKOP=f"{self.clock_hz / 1e6:g}",
            **ANALOG,
            p_CLKI_DIV=divider,
            p_CLKFB_DIV=feedback,
            p_CLKOP_DIV=output,
            p_CLKOP_CPHASE=output - 1,
            p_CLKOP_FPHASE=0,
            p_CLKOP_ENABLE="ENABLED",
            p_FEEDBK_PATH="CLKOP",
            i_CLKI=buffer.i,
            i_CLKFB=clock,
            i_RST=0,
            i_STDBY=0,
            o_CLKOP=clock,
            o_LOCK=locked,
            **half,
        )


class Ecp5FallingBuffer(io.FFBuffer):
    """Registers in the I/O cells of pins of both directions; that of the input takes at the
    falling edge, which Amaranth's own buffer does not offer.
    """

    def __init__(self, port: Any) -> None:
        super().__init__("io", port)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for bit, pin in enumerate(self.port.io):
            i, o, off = Signal(), Signal(), Signal()
            m.submodules[f"buffer{bit}"] = Instance("BB", io_B=pin, i_I=o, i_T=off, o_O=i)
            m.submodules[f"output{bit}"] = _output(self.o[bit], o)
            m.submodules[f"enable{bit}"] = _output(~self.oe, off)
            m.submodules[f"input{bit}"] = Instance(
                "TRELLIS_FF", a_syn_useioff="1", a_ioff_dir="input", p_CLKMUX="INV", p_CEMUX="1",
                p_GSR="DISABLED", i_CLK=ClockSignal(), i_DI=i, o_Q=self.i[bit],
            )  # fmt: skip
        return m


def _output(value: Value, pin: Value) -> Instance:
    """Return a register that nextpnr puts into the output's I/O cell.

    The global reset leaves it alone: zeros on all pins of a memory are a command.
    """
    return Instance(
        "OFS1P3DX", p_GSR="DISABLED", i_SCLK=ClockSignal(), i_SP=1, i_CD=0, i_D=value, o_Q=pin
    )
