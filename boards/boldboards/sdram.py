"""Pins of the SDRAM that holds samples, with their controller."""

from collections.abc import Callable
from typing import Any

from amaranth.hdl import ClockDomain, ClockSignal, Module
from amaranth.lib import io, wiring
from amaranth.lib.wiring import In

from boldhw.gateware.memory.memory_port import MemoryPort
from boldhw.gateware.store.sdram import WORD_BITS, SdramChip, SdramController


class FallingBuffer(io.FFBuffer):
    """Registers beside pins of both directions; the input one takes at the falling edge."""

    def __init__(self, port: Any) -> None:
        super().__init__("io", port)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.buffer = buffer = io.Buffer("io", self.port)
        m.domains += ClockDomain("falling", clk_edge="neg", reset_less=True, local=True)
        m.d.comb += ClockSignal("falling").eq(ClockSignal())
        m.d.falling += self.i.eq(buffer.i)
        m.d.sync += [buffer.o.eq(self.o), buffer.oe.eq(self.oe)]
        return m


class SdramStore(wiring.Component):
    """A controller and the pins of its chip.

    All outputs leave from registers at the pins. The chip's clock does too, from one that puts out
    0 in the first half of a cycle of ``sync`` and 1 in the second, so that its edge lies in the
    middle of the others' cycle. What the chip sends is taken at the falling edge of ``sync`` and
    goes on to it half a cycle later. docs/boards.md has the arithmetic; nextpnr does not check the
    timing of pins.

    Parameters
    ----------
    chip : SdramChip
    clock_hz : int
    pins : callable
        Takes the platform; returns an object with the I/O ports ``clk, clk_en, cs, ras, cas, we,
        ba, a, dqm, dq``, ports of pins that are active low being inverted.
    data_buffer : callable
        Makes the buffer of ``dq`` from its port, with the members of ``FallingBuffer``.
    """

    def __init__(
        self,
        chip: SdramChip,
        clock_hz: int,
        pins: Callable[[Any], Any],
        data_buffer: Callable[[Any], Any] = FallingBuffer,
    ) -> None:
        self.chip = chip
        self.clock_hz = clock_hz
        self.pins = pins
        self.data_buffer = data_buffer
        super().__init__({"memory": In(MemoryPort(chip.address_bits, WORD_BITS))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.controller = controller = SdramController(self.chip, self.clock_hz)
        wiring.connect(m, wiring.flipped(self.memory), controller.memory)
        ports, pins = self.pins(platform), controller.pins
        values = {
            "clk_en": 1, "cs": 1, "ras": pins.ras, "cas": pins.cas, "we": pins.we, "ba": pins.bank,
            "a": pins.address, "dqm": pins.mask,
        }  # fmt: skip
        for name, value in values.items():
            m.submodules[name] = buffer = io.FFBuffer("o", getattr(ports, name))
            m.d.comb += buffer.o.eq(value)
        m.submodules.clk = clk = io.DDRBuffer("o", ports.clk)
        m.submodules.dq = dq = self.data_buffer(ports.dq)
        m.d.comb += [
            clk.o[0].eq(0),
            clk.o[1].eq(1),
            dq.o.eq(pins.data_out),
            dq.oe.eq(pins.drive),
            pins.data_in.eq(dq.i),
        ]
        return m
