"""The iCEBreaker: an iCE40UP5K with a 12 MHz oscillator and an FTDI FT2232H."""

from dataclasses import replace
from typing import Any

from boldboards.board import Board
from boldhw.spec.engine import EngineConfig
from boldhw.spec.ops.array import ArraySize

OSCILLATOR_HZ = 12_000_000
STORE_BYTES = 8 << 20  # upper half of the flash; the bitstream takes 104 kB of the lower one


# The engine for an iCE40UP5K: 784-72-10 fits. docs/decisions.md says how it was chosen.
ENGINE = EngineConfig(
    elements=8,
    lanes=32,
    batch=24,
    accumulator_bits=8,
    weight_rows=256,
    data_rows=16384,
    signal_rows=256,
    dsp_sums=True,
)

# The engine for an iCE40UP5K with a store: fewer lanes leave room for it; 784-84-10 fits.
STORE_ENGINE = replace(ENGINE, elements=6, lanes=24, weight_rows=512)

# 196 lanes. 28x28-7k5p2-14k5p2-10 fits its memories; its logic is too large for an iCE40UP5K.
ARRAY = ArraySize(
    elements=7,
    lanes=28,
    batch=16,
    accumulator_bits=8,
    data_rows=1 << 14,
    weight_rows=256,
    delta_rows=256,
    unit_rows=8,
    counter_rows=32,
    score_rows=16,
    segments=2,
)

# 128 lanes that infer 28x28-7k5p2-14k5p2-10, trained elsewhere, and what is smaller: no more fits.
INFERENCE = ArraySize(
    elements=4,
    lanes=32,
    batch=1,
    accumulator_bits=8,
    data_rows=1024,
    weight_rows=128,
    delta_rows=1,
    unit_rows=8,
    counter_rows=9,
    score_rows=12,
    segments=1,
    serial=True,
    plain=True,
    inference=True,
    sum_bits=11,
    side_bits=5,
    window_kernels="5x1/1",
)


def _platform() -> Any:
    from amaranth_boards.icebreaker import ICEBreakerPlatform

    return ICEBreakerPlatform()


def _clock(clock_hz: int) -> Any:
    from boldboards.ice40 import Ice40Clock

    return Ice40Clock("clk12", OSCILLATOR_HZ, clock_hz)


def _memory(clock_hz: int) -> Any:
    from boldboards.flash import FlashStore

    return FlashStore(STORE_BYTES.bit_length() - 1, clock_hz)


ICEBREAKER = Board(
    name="icebreaker",
    config=ENGINE,
    network=(784, 72, 10),
    array=ARRAY,
    inference_array=INFERENCE,
    ops_hz=18_000_000,
    family="ice40",
    device="iCE40UP5K-SG48",
    speed_grade="single",
    logic_cells=5280,
    ram_blocks=30,
    spram=4,
    dsp=8,
    clock_hz=30_000_000,
    baud=3_000_000,
    memories="30 block RAMs of 4 kbit, 4 single-port RAMs of 256 kbit, 128 Mbit flash (a store of "
    "samples with --store)",
    link_text="USB serial, 3 Mbaud",
    loader="ice40_generic",
    place_options=("--up5k", "--package", "sg48"),
    platform=_platform,
    clock=_clock,
    store="flash",
    store_bytes=STORE_BYTES,
    memory=_memory,
    store_config=STORE_ENGINE,
    store_network=(784, 84, 10),
    half_rate_link=True,
)
