"""The model of an SDRAM chip beside a simulated design; ``sdram.v`` is its behaviour."""

from pathlib import Path
from types import SimpleNamespace

from amaranth.hdl import ClockSignal, Const, Instance, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.store.sdram import CAS_LATENCY, SdramPins
from boldhw.spec.numbers import ceil_div

VERILOG = Path(__file__).with_name("sdram.v").read_text()
TIMES = ("init", "rcd", "rp", "ras", "ras_max", "rc", "rrd", "rfc", "wr", "mrd", "refi", "ck")
OUTPUTS = ("ras", "cas", "we", "bank", "address", "mask", "data_out", "drive")
# What `violation` says.
RULES = (
    None, "too early", "not ready", "rcd", "rp", "ras", "ras_max", "rc", "rrd", "rfc", "wr", "mrd",
    "refi", "bank open", "bank closed", "bus", "cut off", "mode", "mask", "column", "ck",
)  # fmt: skip


class SdramModel(wiring.Component):
    """An SdramChip behind registers at its pins, at a clock; ``violation`` is an index in RULES."""

    def __init__(self, chip, clock_hz):
        self.chip = chip
        self.clock_hz = clock_hz
        super().__init__({"pins": In(SdramPins(chip)), "violation": Out(5)})

    def elaborate(self, platform):
        m = Module()
        chip, pins = self.chip, SimpleNamespace()
        for name in OUTPUTS:
            signal = getattr(self.pins, name)
            setattr(pins, name, Signal.like(signal))
            m.d.sync += getattr(pins, name).eq(signal)
        m.submodules.chip = Instance(
            "sdram",
            p_ROW_BITS=chip.row_bits,
            p_COLUMN_BITS=chip.column_bits,
            p_DATA_BITS=chip.data_bits,
            p_ADDRESS_BITS=len(pins.address),
            p_LATENCY=CAS_LATENCY,
            # Rounded up, so that a whole number of cycles is never too short by rounding.
            p_PERIOD=Const(ceil_div(10**15, self.clock_hz), 64),
            **{
                f"p_{name.upper()}": Const(round(10**6 * getattr(chip, name)), 64) for name in TIMES
            },
            i_clk=ClockSignal(),
            i_rst=ResetSignal(),
            i_ras=pins.ras,
            i_cas=pins.cas,
            i_we=pins.we,
            i_bank=pins.bank,
            i_address=pins.address,
            i_mask=pins.mask,
            i_data_out=pins.data_out,
            i_drive=pins.drive,
            o_data_in=self.pins.data_in,
            o_violation=self.violation,
        )
        return m
