"""An engine with a store, and the model of its memory, as one design to simulate."""

from dataclasses import replace

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, flipped

from boldhw.cosim import flash, sdram
from boldhw.cosim.build import FLASH_FILE
from boldhw.gateware.store.flash import FlashReader
from boldhw.gateware.store.sdram import SDRAM_8_MB, SDRAM_32_MB, SdramController
from boldhw.gateware.top import Engine
from boldhw.gateware.verilog import MODULE, to_verilog

CHIPS = {SDRAM_32_MB.address_bits: SDRAM_32_MB, SDRAM_8_MB.address_bits: SDRAM_8_MB}


def chip_of(config):
    """Return the SdramChip of an engine's store: a board's, or one of its size with fewer rows."""
    bits = config.store_address_bits
    rows = SDRAM_32_MB.row_bits + bits - SDRAM_32_MB.address_bits
    return CHIPS.get(bits) or replace(SDRAM_32_MB, row_bits=rows)


class StoredEngine(wiring.Component):
    """Engine, memory controller and memory between two streams of bytes."""

    def __init__(self, config, clock_hz):
        self.config = config
        self.clock_hz = clock_hz
        super().__init__({"rx": In(stream.Signature(8)), "tx": Out(stream.Signature(8))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.engine = engine = Engine(self.config, self.clock_hz)
        m.submodules.controller, m.submodules.model = controller, model = self._memory()
        wiring.connect(m, flipped(self.rx), engine.rx)
        wiring.connect(m, engine.tx, flipped(self.tx))
        wiring.connect(m, engine.memory, controller.memory)
        wiring.connect(m, controller.pins, model.pins)
        return m

    def _memory(self):
        """Return the memory's controller and its model."""
        config, clock_hz = self.config, self.clock_hz
        if config.store == "flash":
            bits = config.store_address_bits
            return FlashReader(bits, clock_hz), flash.FlashModel(bits, clock_hz, FLASH_FILE)
        chip = chip_of(config)
        return SdramController(chip, clock_hz), sdram.SdramModel(chip, clock_hz)


def stored_verilog(config, clock_hz, name=MODULE):
    """Return the Verilog of an engine and its memory, with the ports of an engine alone."""
    text = to_verilog(StoredEngine(config, clock_hz), name)
    return text + (flash.VERILOG if config.store == "flash" else sdram.VERILOG)
