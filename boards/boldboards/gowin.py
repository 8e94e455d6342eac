"""Clock of Gowin boards, and the platform for the tools that know their devices."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from amaranth.hdl import Const, Instance, Module, Signal
from amaranth.lib import io
from amaranth.vendor import GowinPlatform

from boldboards.pll import PllClock, choose, products

VCO_HZ = (500_000_000, 1_250_000_000)  # of a GW2A, speed grade C8/I7
COMPARED_HZ_MIN = 3_000_000  # frequency at which oscillator and output are compared
DIVIDERS = range(1, 65)
OUTPUT_DIVIDERS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)
# Inputs of rPLL that change it while it runs.
UNUSED = {
    "RESET": 1, "RESET_P": 1, "CLKFB": 1, "FBDSEL": 6, "IDSEL": 6, "ODSEL": 6, "PSDA": 4,
    "DUTYDA": 4, "FDLY": 4,
}  # fmt: skip


def pll_dividers(oscillator_hz: int, clock_hz: int) -> tuple[int, int, int]:
    """Return (input divider, feedback divider, output divider) of a PLL.

    The clock is ``oscillator_hz * feedback / input``; the VCO runs at the clock times the output
    divider. Raises ConfigError, naming the nearest frequency that works, when none is exact.
    """
    low, high = VCO_HZ
    settings: dict[Fraction, tuple[int, int, int]] = {}
    for divider, feedback, hz in products(oscillator_hz, DIVIDERS, COMPARED_HZ_MIN):
        for output in OUTPUT_DIVIDERS:
            if low <= hz * output <= high:
                settings.setdefault(hz, (divider, feedback, output))
    return choose(settings, oscillator_hz, clock_hz)


class GowinClock(PllClock):
    """A PLL of a GW2A or GW2AR."""

    def pll(self, m: Module, pin: Any, clock: Signal, locked: Signal) -> None:
        divider, feedback, output = pll_dividers(self.oscillator_hz, self.clock_hz)
        m.submodules.buffer = buffer = io.Buffer("i", pin)
        m.submodules.pll = Instance(
            "rPLL",
            p_FCLKIN=f"{self.oscillator_hz / 1e6:g}",
            p_IDIV_SEL=divider - 1,
            p_FBDIV_SEL=feedback - 1,
            p_ODIV_SEL=output,
            p_DYN_IDIV_SEL="false",
            p_DYN_FBDIV_SEL="false",
            p_DYN_ODIV_SEL="false",
            p_DEVICE="GW2A-18C",
            i_CLKIN=buffer.i,
            **{f"i_{name}": Const(0, width) for name, width in UNUSED.items()},
            o_CLKOUT=clock,
            o_LOCK=locked,
        )


class HimbaechelPlatform(GowinPlatform):
    """GowinPlatform that calls the nextpnr of today.

    Amaranth 0.5 calls ``nextpnr-gowin``, which is no more. Subclasses give ``die``, the name by
    which nextpnr and gowin_pack know the device, beside ``part`` and ``family``.
    """

    _apicula_required_tools = ("yosys", "nextpnr-himbaechel-gowin", "gowin_pack")
    _apicula_command_templates = (
        GowinPlatform._apicula_command_templates[0],
        r"""
        {{invoke_tool("nextpnr-himbaechel-gowin")}}
            {{quiet("--quiet")}}
            {{get_override("nextpnr_opts")|options}}
            --log {{name}}.tim
            --device {{platform.part}}
            --vopt family={{platform.die}}
            --vopt cst={{name}}.cst
            --freq {{platform.default_clk_frequency / 1e6}}
            --json {{name}}.syn.json
            --write {{name}}.pnr.json
        """,
        r"""
        {{invoke_tool("gowin_pack")}}
            -d {{platform.die}}
            -o {{name}}.fs
            {{get_override("gowin_pack_opts")|options}}
            {{name}}.pnr.json
        """,
    )

    def iter_port_constraints_bits(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield those of pins; what lies in the package is known by its name and has none."""
        for name, port, _ in self._design.ports:
            for bit, pin in enumerate(port.metadata or ()):
                if pin:
                    yield name if len(port) == 1 else f"{name}[{bit}]", pin.name, pin.attrs
