"""The model of a flash chip beside a simulated design; ``flash.v`` is its behaviour."""

from pathlib import Path

from amaranth.hdl import ClockSignal, Const, Instance, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.store.flash import DESELECT_NS, WAKE_NS, FlashPins
from boldhw.spec.numbers import ceil_div

VERILOG = Path(__file__).with_name("flash.v").read_text()
# What `violation` says.
RULES = (
    None, "asleep", "wake", "deselect", "clock", "bus", "unknown", "cut off", "address", "access",
)  # fmt: skip


class FlashModel(wiring.Component):
    """A flash chip with a file at its upper end; ``violation`` is the index in RULES."""

    def __init__(self, address_bits, clock_hz, path):
        self.address_bits = address_bits
        self.clock_hz = clock_hz
        self.path = path
        super().__init__({"pins": In(FlashPins()), "violation": Out(4)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.chip = Instance(
            "flash",
            p_ADDRESS_BITS=self.address_bits,
            p_FILE=str(self.path),
            # Rounded up, so that a whole number of cycles is never too short by rounding.
            p_PERIOD=Const(ceil_div(10**15, self.clock_hz), 64),
            p_WAKE=Const(10**6 * WAKE_NS, 64),
            p_DESELECT=Const(10**6 * DESELECT_NS, 64),
            i_clk=ClockSignal(),
            i_rst=ResetSignal(),
            i_select=self.pins.select,
            i_sck=self.pins.clk,
            i_data_out=self.pins.data_out,
            i_drive=self.pins.drive,
            o_data_in=self.pins.data_in,
            o_violation=self.violation,
        )
        return m
