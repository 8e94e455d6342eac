"""The Tang Nano 20K: a Gowin GW2AR-18 with a 27 MHz oscillator and a BL616 for USB."""

from typing import Any

from boldboards.board import Board
from boldhw.spec.engine import EngineConfig
from boldhw.spec.ops.array import ArraySize

OSCILLATOR_HZ = 27_000_000
PART, FAMILY, DIE = "GW2AR-LV18QN88C8/I7", "GW2AR-18C", "GW2A-18C"

# Blocks of 12 x 12 weights fill 4 block RAMs of 36 bits, rows of 12 accumulators 2 of them.
ENGINE = EngineConfig(
    elements=12,
    lanes=48,
    batch=12,
    accumulator_bits=6,
    weight_rows=512,
    data_rows=6144,
    signal_rows=512,
    popcount_registers=1,
    dual_port=True,
)

# 256 lanes. 28x28-16k3p2-32k3p2-10 fits.
ARRAY = ArraySize(
    elements=8,
    lanes=32,
    batch=12,
    accumulator_bits=8,
    data_rows=6144,
    weight_rows=512,
    delta_rows=512,
    unit_rows=16,
    counter_rows=16,
    score_rows=16,
    segments=1,
    popcount_registers=1,
    dual_port=True,
)


def _platform() -> Any:
    from amaranth.build import Attrs, Clock, Pins, Resource
    from amaranth_boards.resources import ButtonResources, LEDResources, UARTResource

    from boldboards.gowin import HimbaechelPlatform

    attributes = Attrs(IO_TYPE="LVCMOS33")

    class TangNano20k(HimbaechelPlatform):
        part = PART
        family = FAMILY
        die = DIE
        default_clk = "clk27"
        resources = [
            Resource("clk27", 0, Pins("4", dir="i"), Clock(OSCILLATOR_HZ), attributes),
            UARTResource(0, rx="70", tx="69", attrs=Attrs(IO_TYPE="LVCMOS33", PULL_MODE="UP")),
            *LEDResources(pins="15 16 17 18 19 20", invert=True, attrs=attributes),
            *ButtonResources(pins="88 87", attrs=attributes),
        ]
        connectors: list[Any] = []

    return TangNano20k()


def _clock(clock_hz: int) -> Any:
    from boldboards.gowin import GowinClock

    return GowinClock("clk27", OSCILLATOR_HZ, clock_hz)


# Ports by which nextpnr knows the SDRAM in the package; those that end in _n are active low.
SDRAM_PORTS = {
    "clk": ("O_sdram_clk", 1), "clk_en": ("O_sdram_cke", 1), "cs": ("O_sdram_cs_n", 1),
    "ras": ("O_sdram_ras_n", 1), "cas": ("O_sdram_cas_n", 1), "we": ("O_sdram_wen_n", 1),
    "ba": ("O_sdram_ba", 2), "a": ("O_sdram_addr", 11), "dqm": ("O_sdram_dqm", 4),
    "dq": ("IO_sdram_dq", 32),
}  # fmt: skip


def _memory(clock_hz: int) -> Any:
    from types import SimpleNamespace

    from amaranth.hdl import IOPort
    from amaranth.lib.io import SingleEndedPort

    from boldboards.sdram import SdramStore
    from boldhw.gateware.store.sdram import SDRAM_8_MB

    def pins(platform: Any) -> Any:
        return SimpleNamespace(**{
            key: SingleEndedPort(IOPort(width, name=name), invert=name.endswith("n"))
            for key, (name, width) in SDRAM_PORTS.items()
        })  # fmt: skip

    return SdramStore(SDRAM_8_MB, clock_hz, pins)


TANG_NANO_20K = Board(
    name="tang_nano_20k",
    config=ENGINE,
    network=(784, 84, 10),
    array=ARRAY,
    family="gowin",
    device=PART,
    speed_grade="C8/I7",
    logic_cells=20_736,
    ram_blocks=46,
    spram=0,
    dsp=48,
    clock_hz=99_000_000,
    baud=3_000_000,
    memories="46 block RAMs of 18 kbit, 64 Mbit SDRAM (a store of samples with --store)",
    link_text="USB serial, 3 Mbaud",
    loader="tangnano20k",
    place_options=("--device", PART, "--vopt", f"family={DIE}"),
    platform=_platform,
    clock=_clock,
    store="sdram",
    store_bytes=8 << 20,
    memory=_memory,
)
