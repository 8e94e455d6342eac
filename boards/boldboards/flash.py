"""Pins of the flash that holds samples, with its reader."""

from typing import Any

from amaranth.hdl import Cat, Module
from amaranth.lib import io, wiring
from amaranth.lib.wiring import In

from boldhw.gateware.memory.memory_port import MemoryPort
from boldhw.gateware.store.flash import WORD_BITS, FlashReader


class FlashStore(wiring.Component):
    """A reader and the pins of its chip, resource ``spi_flash_4x`` of the platform.

    Parameters
    ----------
    address_bits : int
        Of the upper end of the chip, where samples are.
    clock_hz : int
    """

    def __init__(self, address_bits: int, clock_hz: int) -> None:
        self.address_bits = address_bits
        self.clock_hz = clock_hz
        super().__init__({"memory": In(MemoryPort(address_bits, WORD_BITS))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.reader = reader = FlashReader(self.address_bits, self.clock_hz)
        wiring.connect(m, wiring.flipped(self.memory), reader.memory)
        ports, pins = platform.request("spi_flash_4x", dir="-"), reader.pins
        m.submodules.select = select = io.Buffer("o", ports.cs)
        m.submodules.clk = clk = io.Buffer("o", ports.clk)
        m.d.comb += [select.o.eq(pins.select), clk.o.eq(pins.clk)]
        lines = []
        for line in range(4):
            # A buffer each, since each is driven on its own.
            m.submodules[f"line{line}"] = buffer = io.Buffer("io", ports.dq[line])
            m.d.comb += [buffer.o.eq(pins.data_out[line]), buffer.oe.eq(pins.drive[line])]
            lines.append(buffer.i)
        m.d.comb += pins.data_in.eq(Cat(lines))
        return m
