"""The ULX3S with an ECP5 of 84,000 LUT4, a 25 MHz oscillator and an FTDI FT231X."""

from typing import Any

from boldboards.board import Board
from boldhw.spec.engine import EngineConfig
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray

OSCILLATOR_HZ = 25_000_000

# 4,356 lanes. Six words of 132 lanes hold 784 inputs and eight groups of 33 outputs 256 units,
# almost without a gap; a block of 33 x 33 weights takes 31 block RAMs, a row of accumulators 18.3.
ENGINE = EngineConfig(
    elements=33,
    lanes=132,
    batch=66,
    accumulator_bits=5,
    weight_rows=512,
    data_rows=8192,
    signal_rows=512,
    max_layers=3,
    popcount_registers=2,
    dual_port=True,
)

# 1,024 lanes. 28x28-16k5p2-32k5p2-10, 784-256-10 and 32x32x24-32k3-32k3p2-64k3-64k3p2-10 fit.
ARRAY = ArraySize(
    elements=16,
    lanes=64,
    batch=32,
    accumulator_bits=8,
    data_rows=16384,
    weight_rows=512,
    delta_rows=512,
    unit_rows=16,
    counter_rows=64,
    score_rows=64,
    segments=2,
    popcount_registers=2,
    dual_port=True,
)


# Block RAMs stand in rows across the device, four of them to a group.
GROUPS = (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)
ROWS = (22, 46, 70, 82)


def _sites(config: EngineConfig | LinkedArray) -> dict[str, str]:
    """Return the place of each block RAM by the ending of its name; other engines have none.

    nextpnr lays such large cells out one by one and far apart where almost all of them are taken.
    Here the four blocks of a weight word share a group, the elements take a quarter of the device
    each, one behind the other all the way round, and the data memory, whose four parts
    share a group too, stands between, its slices one above the other.
    """
    if config != ENGINE:
        return {}
    left, right, top, bottom = GROUPS[:4], GROUPS[9:], ROWS[:2], ROWS[2:]
    sides = [(left[::-1], top), (left, bottom), (right, bottom), (right[::-1], top)]
    weights = [(x, y) for groups, rows in sides for x in groups for y in rows]
    between = [(x, y) for y in ROWS for x in GROUPS[4:9]]
    signals = between.pop(len(between) // 2 - 3)
    names = [
        *([f"block{part}_{i // 8}.0.{i % 8}" for part in range(4)] for i in range(31)),
        ["counters.words.0.0", "frames.0.0", "replies.0.0"],
        *([f"rows{2048 * part}_0.0.{i}" for part in range(4)] for i in range(8)),
        *([f"rows{2048 * part}_1.0.{i}" for part in range(4)] for i in range(11)),
        [f"part{part}.0.0" for part in range(4)],
    ]
    return {
        name: f"X{x + (0, 2, 4, 6)[place]}/Y{y}/EBR{place}"
        for group, (x, y) in zip(names, [*weights, *between, signals], strict=True)
        for place, name in enumerate(group)
    }


def _platform() -> Any:
    from amaranth_boards.ulx3s import ULX3S_85F_Platform

    return ULX3S_85F_Platform()


def _clock(clock_hz: int) -> Any:
    from boldboards.ecp5 import Ecp5Clock

    return Ecp5Clock("clk25", OSCILLATOR_HZ, clock_hz, half_rate_link=True)


def _memory(clock_hz: int) -> Any:
    from boldboards.ecp5 import Ecp5FallingBuffer
    from boldboards.sdram import SdramStore
    from boldhw.gateware.store.sdram import SDRAM_32_MB

    def pins(platform: Any) -> Any:
        return platform.request("sdram", dir="-")

    return SdramStore(SDRAM_32_MB, clock_hz, pins, Ecp5FallingBuffer)


ULX3S = Board(
    name="ulx3s",
    config=ENGINE,
    network=(784, 256, 10),
    array=ARRAY,
    family="ecp5",
    device="LFE5U-85F-6BG381C",
    speed_grade="6",
    logic_cells=83_640,
    ram_blocks=208,
    spram=0,
    dsp=156,
    clock_hz=83_333_333,
    ops_hz=45_000_000,
    baud=3_000_000,
    memories="208 block RAMs of 18 kbit, 256 Mbit SDRAM (a store of samples with --store)",
    link_text="USB serial, 3 Mbaud",
    loader="ulx3s",
    place_options=("--85k", "--package", "CABGA381", "--speed", "6"),
    platform=_platform,
    clock=_clock,
    store="sdram",
    store_bytes=32 << 20,
    memory=_memory,
    half_rate_link=True,
    sites=_sites,
)
