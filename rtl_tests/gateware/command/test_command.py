import operator
from dataclasses import asdict, replace

import pytest
from amaranth.hdl import Cat, Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from support import simulate

from boldhw.gateware.command.unit import CommandUnit
from boldhw.gateware.link.link import Link
from boldhw.gateware.ports import BlockPort, ControlPort, DataPort
from boldhw.gateware.store.store import StorePort
from boldhw.spec.engine import EngineConfig

NARROW = EngineConfig(
    elements=4, lanes=8, batch=5, accumulator_bits=6, weight_rows=13, data_rows=99, signal_rows=8
)
# Blocks with words of two bytes, operand words whose end is not that of a row.
WIDE = EngineConfig(
    elements=10, lanes=40, batch=32, accumulator_bits=6, weight_rows=8, data_rows=128,
    signal_rows=10, max_layers=3,
)  # fmt: skip
CONFIGS = {
    "narrow": NARROW,
    "wide": WIDE,
    "inference": replace(NARROW, training=False),
    "sdram": replace(NARROW, store="sdram", store_bytes=1 << 18),
    "flash": replace(WIDE, store="flash", store_bytes=1 << 24),
}


STROBES = (
    "data.write", "blocks.load", "blocks.shift", "blocks.store", "control.start", "control.clear",
    "control.noise_write", "control.score_ready",
)  # fmt: skip
OF_STORE = ("store.start", "store.read", "store.write", "store.register_write", "store.clear")


def strobes_of(config):
    """Return the names of the strobes of an engine's command unit."""
    return STROBES + OF_STORE if config.has_store else STROBES


class Device(wiring.Component):
    """Link and command unit; the bench plays core and store. ``strobes`` has one bit for each."""

    def __init__(self, config):
        self.config = config
        self.names = ("data", "blocks", "control", *(("store",) if config.has_store else ()))
        store = {"store": Out(StorePort(config))} if config.has_store else {}
        super().__init__(store | {
            "rx": In(stream.Signature(8)),
            "tx": Out(stream.Signature(8)),
            "data": Out(DataPort(config)),
            "blocks": Out(BlockPort(config)),
            "control": Out(ControlPort(config)),
            "strobes": Out(len(strobes_of(config))),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.link = link = Link()
        m.submodules.command = command = CommandUnit(self.config)
        wiring.connect(m, link.frame, command.frame)
        wiring.connect(m, wiring.flipped(self.rx), link.rx)
        wiring.connect(m, link.tx, wiring.flipped(self.tx))
        for name in self.names:
            wiring.connect(m, getattr(command, name), wiring.flipped(getattr(self, name)))
        strobes = [operator.attrgetter(name)(self) for name in strobes_of(self.config)]
        m.d.comb += self.strobes.eq(Cat(strobes))
        return m


@pytest.mark.parametrize("name", CONFIGS)
def test_command(sim, name):
    config = CONFIGS[name]
    strobes = strobes_of(config)
    parameters = {"config": asdict(config), "strobes": strobes}
    simulate.run(Device(config), "bench_command", sim, tests=7, parameters=parameters)
