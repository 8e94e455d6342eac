"""An engine as Verilog made from its packed bitstream: what an iCE40 would really compute.

Yosys, nextpnr and icepack make the bitstream for an iCE40HX8K, whose every part icebox_vlog knows;
it does not know the DSP blocks and the single-port RAM of an iCE40UP5K. iceunpack and icebox_vlog
then turn it back into LUTs, flip-flops and block RAM.
"""

import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

from amaranth.back import rtlil
from support import netlist

from boldhw.flow.synthesis import run_tool, synthesis_script
from boldhw.gateware.top import Engine
from boldhw.gateware.verilog import CLOCK_HZ, MODULE, ports_of
from boldhw.programs import find_program

UNPACK = "icebox_vlog"
CHIP = ("--hx8k", "--package", "ct256")
CLOCK_PIN = "J3"
PINS = "A1 A2 A5 A6 A7 A9 A10 A11 A15 A16 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11".split()
INPUTS = {"rst": 1, "rx_payload": 8, "rx_valid": 1, "tx_ready": 1}
OUTPUTS = {"rx_ready": 1, "tx_payload": 8, "tx_valid": 1}


def verilog_of_bitstream(config, directory):
    """Return the Verilog of the bitstream of an EngineConfig's engine, ports those of the engine.

    Works in ``directory``. Raises ToolError when a tool is missing or fails.
    """
    work = Path(directory)
    platform = SimpleNamespace(device="iCE40HX8K")
    engine = Engine(config, CLOCK_HZ)
    text = rtlil.convert(
        engine, name=MODULE, platform=platform, ports=ports_of(engine), emit_src=False
    )
    (work / f"{MODULE}.il").write_text(text)
    script = synthesis_script(MODULE, "ice40").replace("-device u -dsp", "-device hx")
    (work / f"{MODULE}.ys").write_text(script)
    (work / "nextpnr.pcf").write_text(_constraints("{}[{}]"))
    (work / "icebox.pcf").write_text(_constraints("{}_{}"))
    run_tool("YOSYS", ["-q", f"{MODULE}.ys"], work, f"{MODULE}.json")
    files = ["--json", f"{MODULE}.json", "--pcf", "nextpnr.pcf", "--asc", "placed.asc"]
    options = ["--seed", "1", "--timing-allow-fail", "--quiet"]
    run_tool("NEXTPNR_ICE40", [*CHIP, *files, *options], work, "placed.asc")
    run_tool("ICEPACK", ["placed.asc", "chip.bin"], work, "chip.bin")
    run_tool("ICEPACK", ["-u", "chip.bin", "unpacked.asc"], work, "unpacked.asc")
    words = [find_program(UNPACK), "-s", "-n", "pins", "-p", "icebox.pcf", "unpacked.asc"]
    chip = subprocess.run(words, cwd=work, capture_output=True, text=True, check=True).stdout
    return _wrapper() + _declared_once(chip) + netlist.models("ice40", "  SB_RAM40_4K ")


def _bits():
    """Return (name, index or None) of every pin but the clock's."""
    ports = (INPUTS | OUTPUTS).items()
    return [(name, index if width > 1 else None) for name, width in ports for index in range(width)]


def _constraints(form):
    names = [name if index is None else form.format(name, index) for name, index in _bits()]
    pairs = [("clk", CLOCK_PIN), *zip(names, PINS, strict=True)]
    return "".join(f"set_io {name} {pin}\n" for name, pin in pairs)


def _wrapper():
    """Return a module with the ports of the engine around ``pins``, which has single bits."""

    def ports(way, widths):
        return [f"{way} [{width - 1}:0] {name}" for name, width in widths.items()]

    inside = [
        f".{name}({name})" if index is None else f".{name}_{index}({name}[{index}])"
        for name, index in _bits()
    ]
    outside = ["input clk", *ports("input", INPUTS), *ports("output", OUTPUTS)]
    head = f"module {MODULE}({', '.join(outside)});"
    return f"{head}\npins pins(.clk(clk), {', '.join(inside)});\nendmodule\n"


def _declared_once(text):
    """Return Verilog of icebox_vlog whose wires are not declared again where they are ports."""
    ports = set(re.findall(r"(?:input|output) (\w+)", text.partition(";")[0]))

    def others(match):
        names = [name for name in match[1].split(", ") if name not in ports]
        return f"wire {', '.join(names)};" if names else ""

    return re.sub(r"^wire (.*);$", others, text, flags=re.M)
