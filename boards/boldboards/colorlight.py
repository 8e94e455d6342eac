"""Colorlight i5 and i9: receiver cards of LED walls with an ECP5, on their extension board.

The extension board's debug adapter is the serial port and programs the card.
"""

from dataclasses import replace
from typing import Any

from boldboards.board import Board
from boldhw.spec.engine import EngineConfig
from boldhw.spec.ops.array import ArraySize

OSCILLATOR_HZ = 25_000_000

ENGINE = EngineConfig(
    elements=12,
    lanes=48,
    batch=24,
    accumulator_bits=6,
    weight_rows=512,
    data_rows=6656,
    signal_rows=512,
    popcount_registers=1,
)

# 256 lanes. 28x28-16k3p2-32k3p2-10 fits.
ARRAY = ArraySize(
    elements=8,
    lanes=32,
    batch=24,
    accumulator_bits=8,
    data_rows=6144,
    weight_rows=512,
    delta_rows=512,
    unit_rows=16,
    counter_rows=16,
    score_rows=16,
    segments=1,
    popcount_registers=1,
)


def _platform(part: str) -> Any:
    from amaranth.build import Attrs, Clock, Pins, Resource
    from amaranth.vendor import LatticeECP5Platform
    from amaranth_boards.resources import UARTResource

    attributes = Attrs(IO_TYPE="LVCMOS33")

    class Colorlight(LatticeECP5Platform):
        device = part
        package = "BG381"
        speed = "6"
        default_clk = "clk25"
        resources = [
            Resource("clk25", 0, Pins("P3", dir="i"), Clock(OSCILLATOR_HZ), attributes),
            UARTResource(0, rx="H18", tx="J17", attrs=attributes),
        ]
        connectors: list[Any] = []

    return Colorlight()


def _clock(clock_hz: int) -> Any:
    from boldboards.ecp5 import Ecp5Clock

    return Ecp5Clock("clk25", OSCILLATOR_HZ, clock_hz)


COLORLIGHT_I5 = Board(
    name="colorlight_i5",
    config=ENGINE,
    network=(784, 84, 10),
    array=ARRAY,
    family="ecp5",
    device="LFE5U-25F-6BG381C",
    speed_grade="6",
    logic_cells=24_288,
    ram_blocks=56,
    spram=0,
    dsp=28,
    clock_hz=50_000_000,
    baud=115_200,
    memories="56 block RAMs of 18 kbit, 64 Mbit SDRAM (not used)",
    link_text="USB serial of the extension board, 115,200 baud",
    loader="colorlight-i5",
    place_options=("--25k", "--package", "CABGA381", "--speed", "6"),
    platform=lambda: _platform("LFE5U-25F"),
    clock=_clock,
)
COLORLIGHT_I9 = replace(
    COLORLIGHT_I5,
    name="colorlight_i9",
    device="LFE5U-45F-6BG381C",
    logic_cells=43_848,
    dsp=72,
    ram_blocks=108,
    memories="108 block RAMs of 18 kbit, 64 Mbit SDRAM (not used)",
    loader="colorlight-i9",
    place_options=("--45k", "--package", "CABGA381", "--speed", "6"),
    platform=lambda: _platform("LFE5U-45F"),
)
