"""The flash reader against the model of a chip, which checks the rules of its data sheet."""

import hashlib
import random
from pathlib import Path

import pytest
from support import simulate
from support.memory_traffic import Traffic
from support.modelled import Exercised, Modelled

from boldhw.cosim.flash import RULES, VERILOG, FlashModel
from boldhw.gateware.store.flash import WORD_BITS, FlashReader

CLOCK_HZ = 24_000_000
ADDRESS_BITS = 10
CONTENTS = list(random.Random(1).randbytes(1 << ADDRESS_BITS))


@pytest.fixture(scope="session")
def path():
    """A file of CONTENTS, at the same place each time, since its name is part of the Verilog."""
    name = hashlib.sha256(bytes(CONTENTS)).hexdigest()[:16]
    simulate.BUILD.mkdir(parents=True, exist_ok=True)
    path = Path(simulate.BUILD) / f"{name}.bin"
    path.write_bytes(bytes(CONTENTS))
    return path


def modelled(path, clock_hz=CLOCK_HZ, **changes):
    """Return a reader, with other times if asked, and its chip."""
    reader = FlashReader(ADDRESS_BITS, clock_hz)
    for name, value in changes.items():
        setattr(reader, name, value)
    return Modelled(reader, FlashModel(ADDRESS_BITS, clock_hz, path))


def exercised(memory):
    """Return a reader, its chip and random traffic."""
    return Exercised(memory, Traffic(ADDRESS_BITS, WORD_BITS, CONTENTS))


def test_flash_reader(sim, path):
    parameters = {"address_bits": ADDRESS_BITS, "contents": CONTENTS}
    simulate.run(
        modelled(path), "bench_flash_reader", sim, tests=3, parameters=parameters, models=VERILOG
    )


@pytest.mark.parametrize("clock_hz", [CLOCK_HZ, 99_000_000])
def test_no_rule_is_broken_in_a_million_cycles(clock_hz, path):
    parameters = {"cycles": 1_000_000, "violation": 0, "writable": False}
    simulate.run(
        exercised(modelled(path, clock_hz)), "bench_memory_traffic", "verilator", tests=1,
        parameters=parameters, cycles=1_000_000, models=VERILOG,
    )  # fmt: skip


# Changes of the reader's times; a clock too fast for the chip's access time.
WRONG = {
    "wake": ({"wake": 69}, CLOCK_HZ),
    "deselect": ({"deselect": 0}, 99_000_000),
    "access": ({}, 150_000_000),
}


@pytest.mark.parametrize("rule", WRONG)
def test_one_wrong_time_is_found(rule, path):
    changes, clock_hz = WRONG[rule]
    parameters = {"cycles": 50_000, "violation": RULES.index(rule), "writable": False}
    simulate.run(
        exercised(modelled(path, clock_hz, **changes)), "bench_memory_traffic", "verilator",
        tests=1, parameters=parameters, models=VERILOG,
    )  # fmt: skip
