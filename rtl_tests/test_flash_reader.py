"""The flash reader against the model of a chip, which checks the rules of its data sheet."""

import hashlib
import random
from pathlib import Path

import pytest
import simulate
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from memory_traffic import Traffic

from boldhw.cosim.flash import RULES, VERILOG, FlashModel
from boldhw.gateware.flash import WORD_BITS, FlashReader
from boldhw.gateware.memory_port import MemoryPort

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


class Memory(wiring.Component):
    """A reader and its chip."""

    def __init__(self, path, clock_hz=CLOCK_HZ, **changes):
        self.reader = FlashReader(ADDRESS_BITS, clock_hz)
        for name, value in changes.items():
            setattr(self.reader, name, value)
        self.model = FlashModel(ADDRESS_BITS, clock_hz, path)
        super().__init__({
            "memory": In(MemoryPort(ADDRESS_BITS, WORD_BITS)),
            "violation": Out(4),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.reader, m.submodules.model = self.reader, self.model
        wiring.connect(m, wiring.flipped(self.memory), self.reader.memory)
        wiring.connect(m, self.reader.pins, self.model.pins)
        m.d.comb += self.violation.eq(self.model.violation)
        return m


class Exercised(wiring.Component):
    """A reader, its chip and random traffic."""

    def __init__(self, memory):
        self.memory = memory
        self.traffic = Traffic(ADDRESS_BITS, WORD_BITS, CONTENTS)
        super().__init__({
            "reads": Out(32),
            "writes": Out(32),
            "wrong": Out(32),
            "violation": Out(4),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory, m.submodules.traffic = self.memory, self.traffic
        wiring.connect(m, self.traffic.memory, self.memory.memory)
        m.d.comb += self.violation.eq(self.memory.violation)
        for name in ("reads", "writes", "wrong"):
            m.d.comb += getattr(self, name).eq(getattr(self.traffic, name))
        return m


def test_flash_reader(sim, path):
    parameters = {"address_bits": ADDRESS_BITS, "contents": CONTENTS}
    simulate.run(
        Memory(path), "bench_flash_reader", sim, tests=3, parameters=parameters, models=VERILOG
    )


@pytest.mark.parametrize("clock_hz", [CLOCK_HZ, 99_000_000])
def test_no_rule_is_broken_in_a_million_cycles(clock_hz, path):
    parameters = {"cycles": 1_000_000, "violation": 0, "writable": False}
    simulate.run(
        Exercised(Memory(path, clock_hz)), "bench_memory_traffic", "verilator", tests=1,
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
        Exercised(Memory(path, clock_hz, **changes)), "bench_memory_traffic", "verilator",
        tests=1, parameters=parameters, models=VERILOG,
    )  # fmt: skip
