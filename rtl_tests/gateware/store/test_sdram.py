"""The SDRAM controller against the model of a chip, which checks every rule of its data sheet."""

from dataclasses import replace

import pytest
from support import simulate
from support.memory_traffic import Traffic
from support.modelled import Exercised, Modelled

from boldhw.cosim.sdram import RULES, VERILOG, SdramModel
from boldhw.errors import ConfigError
from boldhw.gateware.store.sdram import (
    SDRAM_8_MB,
    SDRAM_32_MB,
    WORD_BITS,
    SdramChip,
    SdramController,
    Timing,
    cycles,
)

CLOCK_HZ = 75_000_000
# The timing of the boards' chips with few cells, so that all of them are met.
NARROW = replace(SDRAM_32_MB, row_bits=3, column_bits=5)
BROAD = replace(SDRAM_8_MB, row_bits=3, column_bits=4)
# Times that are all long enough to be what the controller waits for at this clock.
SLOW = replace(NARROW, wr=90, mrd=90, rrd=10, rc=120, init=30_000)


def modelled(chip, clock_hz, timing=None):
    """Return a controller and its chip."""
    return Modelled(SdramController(chip, clock_hz, timing), SdramModel(chip, clock_hz))


def exercised(chip, clock_hz, timing=None):
    """Return a controller, its chip and random traffic."""
    return Exercised(modelled(chip, clock_hz, timing), Traffic(chip.address_bits, WORD_BITS))


@pytest.mark.parametrize("chip", [NARROW, BROAD], ids=["16 bits", "32 bits"])
def test_sdram(sim, chip):
    parameters = {"address_bits": chip.address_bits, "rcd": cycles(chip.rcd, CLOCK_HZ)}
    component = modelled(chip, CLOCK_HZ)
    simulate.run(component, "bench_sdram", sim, tests=3, parameters=parameters, models=VERILOG)


@pytest.mark.parametrize(
    ("chip", "clock_hz"),
    [(NARROW, 75_000_000), (BROAD, 63_000_000), (BROAD, 24_000_000), (SLOW, 99_000_000)],
    ids=["16 bits", "32 bits", "slow clock", "slow chip"],
)
def test_no_rule_is_broken_in_a_million_cycles(chip, clock_hz):
    component, parameters = (
        exercised(chip, clock_hz),
        {"cycles": 1_000_000, "violation": 0, "writable": True},
    )
    simulate.run(
        component, "bench_memory_traffic", "verilator", tests=1, parameters=parameters,
        cycles=1_000_000, models=VERILOG,
    )  # fmt: skip


WRONG = {
    "rcd": {"rcd": -1},
    "rp": {"rp": -1},
    "ras": {"ras": -1},
    "rfc": {"rfc": -1},
    "wr": {"wr": -1},
    "mrd": {"mrd": -2},  # two states lie between the mode register and the first row
    "refi": {"refresh": 30},
    "too early": {"boot": -1},
}


def test_a_clock_too_fast_is_found():
    """The checker knows the least period by itself; the controller would refuse the clock."""
    component = exercised(SLOW, 120_000_000, Timing.of(SLOW, 100_000_000))
    parameters = {"cycles": 50_000, "violation": RULES.index("ck"), "writable": True}
    simulate.run(
        component, "bench_memory_traffic", "verilator", tests=1, parameters=parameters,
        models=VERILOG,
    )  # fmt: skip


@pytest.mark.parametrize("rule", WRONG)
def test_one_wrong_time_is_found(rule):
    """The checker names the rule that a controller breaks with one time too short, or too long."""
    chip = replace(SLOW, wr=14, rc=63) if rule == "ras" else SLOW
    timing = Timing.of(chip, CLOCK_HZ)
    timing = replace(timing, **{k: getattr(timing, k) + v for k, v in WRONG[rule].items()})
    component = exercised(chip, CLOCK_HZ, timing)
    parameters = {"cycles": 50_000, "violation": RULES.index(rule), "writable": True}
    simulate.run(
        component, "bench_memory_traffic", "verilator", tests=1, parameters=parameters,
        models=VERILOG,
    )  # fmt: skip


def test_timing_is_rounded_up():
    assert [cycles(ns, 75_000_000) for ns in (0, 13, 13.3, 13.4, 14, 21, 63)] == [
        1,
        1,
        1,
        2,
        2,
        2,
        5,
    ]
    timing = Timing.of(SDRAM_32_MB, 75_000_000)
    assert (timing.rcd, timing.rp, timing.rfc, timing.wr, timing.mrd) == (2, 2, 5, 2, 2)
    assert timing.refresh < 7.8 * 75
    with pytest.raises(ConfigError, match="nearest frequency that works is clock_hz=100000000"):
        Timing.of(SDRAM_32_MB, 100_000_001)
    assert timing.boot * timing.refresh >= 200 * 75


def test_chips_have_their_size():
    sizes = [1 << chip.address_bits for chip in (SDRAM_32_MB, SDRAM_8_MB)]
    assert [size * WORD_BITS // 8 for size in sizes] == [32 << 20, 8 << 20]
    assert SdramChip(row_bits=1, column_bits=1, data_bits=64).half_bits == 2
