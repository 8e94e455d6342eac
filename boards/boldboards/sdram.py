"""Pins of the SDRAM that holds samples, with their controller."""

from amaranth.hdl import ClockDomain, ClockSignal, Module, Signal
from amaranth.lib import io, wiring
from amaranth.lib.wiring import Component, In

from boldhw.gateware.memory_port import MemoryPort
from boldhw.gateware.sdram import WORD_BITS, SdramController


class SdramStore(Component):
    """A controller and the pins of its chip.

    The chip's clock is the inverted one of the domain ``sync``, so that commands are stable half a
    cycle before and behind its edge; what it sends is taken at that edge too, and goes on to
    ``sync`` half a cycle later. At 75 MHz and a latency of 2 that leaves 7.3 ns for the way to the
    chip and back, less the set-up time of a flip-flop: an access time of 6 ns comes off the 13.3 ns
    between the chip's edges. nextpnr does not check the timing of pins.

    Parameters
    ----------
    chip : SdramChip
    clock_hz : int
    pins : callable
        Takes the platform; returns an object with the I/O ports ``clk, clk_en, cs, ras, cas, we,
        ba, a, dqm, dq``, ports of pins that are active low being inverted.
    """

    def __init__(self, chip, clock_hz, pins):
        self.chip = chip
        self.clock_hz = clock_hz
        self.pins = pins
        super().__init__({"memory": In(MemoryPort(chip.address_bits, WORD_BITS))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.controller = controller = SdramController(self.chip, self.clock_hz)
        wiring.connect(m, wiring.flipped(self.memory), controller.memory)
        ports, pins = self.pins(platform), controller.pins
        values = {
            "clk": ~ClockSignal(), "clk_en": 1, "cs": 1, "ras": pins.ras, "cas": pins.cas,
            "we": pins.we, "ba": pins.bank, "a": pins.address, "dqm": pins.mask,
        }  # fmt: skip
        for name, value in values.items():
            m.submodules[name] = buffer = io.Buffer("o", getattr(ports, name))
            m.d.comb += buffer.o.eq(value)
        m.domains += ClockDomain("falling", clk_edge="neg", reset_less=True, local=True)
        m.submodules.dq = dq = io.Buffer("io", ports.dq)
        taken = Signal.like(pins.data_in)
        m.d.falling += taken.eq(dq.i)
        m.d.comb += [
            ClockSignal("falling").eq(ClockSignal()),
            dq.o.eq(pins.data_out),
            dq.oe.eq(pins.drive),
            pins.data_in.eq(taken),
        ]
        return m
