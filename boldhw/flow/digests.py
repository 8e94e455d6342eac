"""Digests of generated hardware: what a refactoring must leave as it was.

Two digests of every design. ``rtlil`` is the SHA-256 of the RTLIL that Amaranth emits. ``netlist``
is that of the flattened netlist as a graph of cells: it holds neither names nor hierarchy nor the
order in which things were written, so it stays when a signal is renamed or a unit is split, and
changes with every constant, operand, width and initial value.
"""

import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from boldboards import find_board

from boldhw.errors import ConfigError, ToolError
from boldhw.flow.build import NAME, elaborate
from boldhw.flow.synthesis import run_tool
from boldhw.spec.engine import EngineConfig

CLOCK_HZ = 24_000_000
IDENTITY = b"\0" * 38  # of a core that is elaborated alone
PLAIN = EngineConfig(
    elements=3, lanes=12, batch=5, accumulator_bits=5, weight_rows=64, data_rows=512,
    signal_rows=48, max_layers=3, max_fan_in=36,
)  # fmt: skip
STREAMING = replace(PLAIN, dual_port=True)
OPTIONS = replace(PLAIN, stochastic=True, decay=True, popcount_registers=1)
# Every option of EngineConfig at least once, and every branch on the number of elements.
ENGINES = {
    "plain": PLAIN,
    "inference": replace(PLAIN, training=False),
    "options": replace(OPTIONS, popcount_registers=2),
    "dsp_sums": replace(PLAIN, dsp_sums=True),
    "dsp_sums_options": replace(OPTIONS, dsp_sums=True),
    "dual_port": STREAMING,
    "dual_port_options": replace(OPTIONS, dual_port=True),
    "regions": replace(STREAMING, elements=17, lanes=34, signal_rows=51),
    "flash": replace(PLAIN, store="flash", store_bytes=1 << 17),
    "sdram": replace(STREAMING, store="sdram", store_bytes=1 << 18),
}
BOARDS = ("icebreaker", "ulx3s", "tang_nano_20k")
FLATTEN = """\
read_rtlil design.il
hierarchy -top {top}
proc -noopt
flatten -noscopeinfo
memory_collect
opt_clean
write_json design.json
"""
MEMID = "MEMID"  # parameter with the name of a memory
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd: multiplication by it loses nothing
MOST_ROUNDS = 200


def designs():
    """Yield (name, function that returns the RTLIL and its top module) of every guarded design.

    The core and the engine of each of ENGINES, and the whole design of each of BOARDS.
    """
    # Imported here: Amaranth is not needed to list the verb.
    from amaranth.back import rtlil

    from boldhw.gateware.core.core import Core
    from boldhw.gateware.top import Engine

    def emit(component):
        return rtlil.convert(component, name="top", emit_src=False), "top"

    for name, config in ENGINES.items():
        yield f"{name}.core", lambda config=config: emit(Core(config, IDENTITY))
        yield f"{name}.engine", lambda config=config: emit(Engine(config, CLOCK_HZ))
    for name in BOARDS:
        yield f"{name}.board", lambda name=name: _board(name)


def _board(name):
    return elaborate(find_board(name))[0], NAME


def rows(names=()):
    """Yield ``design``, ``rtlil`` and ``netlist`` of every guarded design, or of those named.

    Raises ConfigError for a name that is not known, ToolError without Yosys.
    """
    known = dict(designs())
    for name in names:
        if name not in known:
            raise ConfigError(f"design {name!r} is not known; known designs: {', '.join(known)}")
    for name in names or known:
        text, top = known[name]()
        yield {
            "design": name,
            "rtlil": hashlib.sha256(text.encode()).hexdigest(),
            "netlist": netlist_digest(text, top),
        }


def netlist_digest(text, top):
    """Return the digest of the netlist of an RTLIL text, without names, hierarchy and order."""
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "design.il").write_text(text)
        (Path(work) / "design.ys").write_text(FLATTEN.format(top=top))
        run_tool("YOSYS", ["-q", "design.ys"], work, "design.json")
        modules = json.loads((Path(work) / "design.json").read_text())["modules"]
    if len(modules) != 1:
        raise ToolError(f"flattening left {len(modules)} modules of one; a module is not known")
    return _colours(*_graph(next(iter(modules.values()))))


def _graph(module):
    """Return (colours of the nodes, edges) of a flat module.

    Nodes are bits, cells and the top ports; an edge (node, node, label) says which bit is at which
    place of which port. Initial values colour the bits.
    """
    numbers, colours, edges = {}, [], []

    def node(*what):
        colours.append(_hash(what))
        return len(colours) - 1

    starts = _initial_values(module)

    def bit_node(bit):
        if bit not in numbers:
            constant = bit if isinstance(bit, str) else None
            numbers[bit] = node("bit", constant, starts.get(bit))
        return numbers[bit]

    def connect(owner, port, bits):
        for place, bit in enumerate(bits):
            edges.append((owner, bit_node(bit), _hash((port, place))))

    for port in module["ports"].values():
        connect(node("port", port["direction"], len(port["bits"])), "port", port["bits"])
    for cell in module["cells"].values():
        values = {k: v for k, v in cell["parameters"].items() if k != MEMID}
        owner = node("cell", cell["type"], sorted(values.items()))
        for port, bits in cell["connections"].items():
            connect(owner, port, bits)
    return colours, edges


def _initial_values(module):
    """Return the initial value of each bit that has one."""
    starts: dict[int | str, str] = {}
    for net in module["netnames"].values():
        if start := net["attributes"].get("init"):
            starts |= zip(net["bits"], reversed(start), strict=False)
    return starts


def _colours(colours, edges):
    """Return a digest of the graph by colour refinement.

    The colour of a node is mixed with those of its neighbours until no more nodes can be told
    apart; the sorted colours are what is digested.
    """
    colours = np.array(colours, np.uint64)
    left, right, labels = (np.array(column, np.uint64) for column in zip(*edges, strict=True))
    left, right = left.astype(np.intp), right.astype(np.intp)
    apart = 0
    for _ in range(MOST_ROUNDS):
        sums = np.zeros_like(colours)
        # A sum, so that the order of the neighbours does not count.
        np.add.at(sums, left, _mix(colours[right] ^ labels))
        np.add.at(sums, right, _mix(colours[left] + labels))
        colours = _mix(colours * MIX + sums)
        found = len(np.unique(colours))
        if found == apart:
            break
        apart = found
    return hashlib.sha256(np.sort(colours).tobytes()).hexdigest()


def _mix(values):
    """Scatter 64-bit numbers: each bit of a result depends on all bits of its number."""
    for shift in (33, 29, 32):
        values = (values ^ (values >> np.uint64(shift))) * MIX
    return values


def _hash(what):
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:8], "little")
