"""Bitstreams of boards, with Yosys and nextpnr."""

import json
import os
import re
import tempfile
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

from boldhw import cache
from boldhw.data.files import check_writable, replace_file
from boldhw.errors import ToolError, missing_package, naming
from boldhw.flow import floorplan
from boldhw.flow.fit import check_fits
from boldhw.flow.op_memories import memories_of
from boldhw.flow.synthesis import FAMILIES, Resources, find_tool, run_tool, synthesise, tool_version
from boldhw.flow.watch import SILENT, last_line
from boldhw.programs import StuckError
from boldhw.spec.memories import records

NAME = "boldhw"
RESULT = "build.json"
FLOORPLAN = "floorplan.svg"
UNFINISHED = "unfinished-"  # begins the names of folders of work
SEEDS = (1, 2, 3)
# What is left after a round, in the log of router2 and of router1, and how many rounds without
# progress are too many to wait for an end; see also nextpnr's issue 1341. Of runs that ended, those
# of router1 had 7 such rounds at most, those of router2 179, but for one that had 2,983.
ROUNDS = {
    r"iter=\d+ .*overused=(\d+)": 300,
    r"^Info: +\d+ \|[^|]*\|[^|]*\| +(\d+)\|": 30,
}


@dataclass(frozen=True)
class Placed:
    """A design that nextpnr has placed and routed from one seed."""

    seed: int
    fmax_mhz: float
    logic_cells: int


@dataclass(frozen=True, kw_only=True)
class BuildResult(Resources):
    """What came out of a build.

    board, device, speed_grade     what it was built for
    design_digest                  of the engine, as HELLO reports it
    bitstream                      path of the bitstream, that of the fastest seed
    seed, timing_met               of the bitstream: its seed, and whether it reaches clock_mhz
    fmax_mhz                       clock that the slowest seed reaches
    fmax_mhz_by_seed               clock that each seed reaches
    unrouted                       seeds whose placement the router never finishes
    clock_mhz                      clock that the board gives
    logic_cells                    places taken: a LUT4, a flip-flop or both
    cells_by_unit                  the same by unit, most first; see boldhw.flow.floorplan
    lut4, ff, ram_blocks, ...      see Resources
    lanes                          lanes of the array, P * S; times D if it runs op lists
    lut4_array                     LUT4 of the array synthesised alone
    lut4_per_lane                  lut4_array / lanes
    versions                       of the tools
    """

    board: str
    device: str
    speed_grade: str
    design_digest: str
    bitstream: str
    seed: int
    timing_met: bool
    fmax_mhz: float
    fmax_mhz_by_seed: dict
    unrouted: list
    clock_mhz: float
    logic_cells: int
    cells_by_unit: dict
    lanes: int
    lut4_array: int
    lut4_per_lane: float
    versions: dict


def build(board, directory, seeds=SEEDS, watch=SILENT):
    """Build the bitstream of a board and return its BuildResult.

    As many seeds at a time are placed as there are processors. ``watch``, a
    :class:`boldhw.flow.watch.Watch`, hears how it goes on. Writes the bitstream, ``boldhw.bin``,
    ``.bit`` or ``.fs`` by family, its floorplan as SVG, the logs and, last, ``build.json`` to the
    directory; a build that ends early changes nothing there. The same sources and tools give the
    same bitstream. Raises ToolError when a tool is missing or fails, or no seed can be routed,
    ConfigError for an engine that takes more than the device has, and DataError if the directory
    cannot take the files.
    """
    directory, family = Path(directory), FAMILIES[board.family]
    if board.config.runs_ops:  # now, not when all is synthesised
        check_fits(board, memories_of(board.config.size, board.family, records(board.config)))
    for variable in ("YOSYS", family.placer, family.packer):  # now, not when it is needed
        find_tool(variable)
    directory.mkdir(parents=True, exist_ok=True)
    bitstream = bitstream_name(board)
    for name in (bitstream, FLOORPLAN, RESULT):  # now, not when all is done
        check_writable(directory / name)
    cache.remove_leftovers(directory, UNFINISHED)
    with (
        naming(directory),
        tempfile.TemporaryDirectory(dir=directory, prefix=UNFINISHED) as work,
    ):
        result = _build(board, Path(work), directory / bitstream, tuple(seeds), watch)
        (Path(work) / RESULT).write_text(json.dumps(asdict(result), indent=2) + "\n")
        # What a link leads to, not the link.
        Path(os.path.realpath(directory / RESULT)).unlink(missing_ok=True)
        for name in (bitstream, FLOORPLAN, *_logs(work), RESULT):
            replace_file(directory / name, (Path(work) / name).read_bytes())
    return result


def bitstream_name(board):
    """Return the name of the file that programs a board."""
    return f"{NAME}.{FAMILIES[board.family].bitstream}"


def _logs(work):
    return sorted(path.name for path in Path(work).glob("*.log"))


def _build(board, work, bitstream, seeds, watch):
    family = FAMILIES[board.family]
    with watch.step("elaboration"):
        rtlil, constraints = elaborate(board)
    (work / f"{NAME}.{family.constraints}").write_text(constraints)
    with watch.step("synthesis of the design"):
        resources = synthesise(rtlil, NAME, work, board.family)
    check_fits(board, vars(resources))
    if board.sites:
        take_sites(work / f"{NAME}.json", board.sites(board.config))
    with watch.step("synthesis of the array alone"):
        array = synthesise(_array_rtlil(board), "array", work, board.family)
    with watch.step("place and route"):
        placed, unrouted = _place_all(board, work, seeds, watch)
    best = max(placed, key=lambda each: each.fmax_mhz)
    with watch.step("bitstream and floorplan"):
        _pack(board, work, best.seed)
        cells = _floorplan(work, f"seed{best.seed}.{family.written}")
    lanes = board.config.elements * board.config.lanes
    if board.config.runs_ops:
        lanes *= board.config.size.planes
    return BuildResult(
        **asdict(resources),
        board=board.name,
        device=board.device,
        speed_grade=board.speed_grade,
        design_digest=board.config.digest().hex(),
        bitstream=str(bitstream),
        seed=best.seed,
        timing_met=best.fmax_mhz >= board.clock_hz / 1e6,
        fmax_mhz=min(each.fmax_mhz for each in placed),
        fmax_mhz_by_seed={str(each.seed): each.fmax_mhz for each in placed},
        unrouted=unrouted,
        clock_mhz=board.clock_hz / 1e6,
        logic_cells=best.logic_cells,
        cells_by_unit=floorplan.count(cells, family.logic_cells),
        lanes=lanes,
        lut4_array=array.lut4,
        lut4_per_lane=round(array.lut4 / lanes, 2),
        versions={"yosys": tool_version("YOSYS"), "nextpnr": tool_version(family.placer)},
    )


def check_gateware():
    """Return the class of a board's design. Raises ToolError without Amaranth."""
    try:
        from boldboards.top import BoardTop
    except ImportError as error:
        raise missing_package("building", "amaranth", "build") from error
    return BoardTop


def elaborate(board):
    """Return (RTLIL, pin constraints) of a board's design. Raises ToolError without Amaranth."""
    top = check_gateware()
    if board.config.runs_ops:
        from boldhw.gateware.ops.engine import check_size

        check_size(board.config.size)  # before anything is made
    plan = board.platform().build(top(board), name=NAME, do_build=False, emit_src=False)
    return plan.files[f"{NAME}.il"], plan.files[f"{NAME}.{FAMILIES[board.family].constraints}"]


def _array_rtlil(board):
    from amaranth.back import rtlil

    from boldhw.gateware.array.array import PEArray
    from boldhw.gateware.core.core import array_of
    from boldhw.gateware.ops.array_config import ArrayConfig

    config = board.config
    array = PEArray(ArrayConfig(config.size)) if config.runs_ops else array_of(config)
    return rtlil.convert(array, name="array", platform=board.platform(), emit_src=False)


def _place_all(board, work, seeds, watch):
    """Return what was Placed, and the seeds whose placement is never routed."""
    results, stop = [], Event()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [
            pool.submit(_place_or_none, board, work, seed, stop.is_set, watch) for seed in seeds
        ]
        try:
            for seed, task in zip(seeds, tasks, strict=True):
                results.append(task.result())
                watch.placed(seed, results[-1])
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    placed = [each for each in results if each]
    unrouted = [seed for seed, each in zip(seeds, results, strict=True) if not each]
    if not placed:
        raise ToolError(
            f"the router of nextpnr never finishes from seeds {', '.join(map(str, unrouted))}; "
            f"try others with --seeds"
        )
    return placed, unrouted


def _place_or_none(board, work, seed, stopped, watch):
    """Return what was Placed, None when no router finishes."""
    try:
        return place(board, work, seed, stopped, watch)
    except StuckError:
        return None


def take_sites(path, sites):
    """Write into a netlist where cells belong, by the ending of their names.

    Raises ToolError, and writes nothing, when one of them is missing.
    """
    netlist = json.loads(path.read_text())
    cells = netlist["modules"][NAME]["cells"]
    for ending, site in sites.items():
        found = [name for name in cells if name.endswith(f".{ending}")]
        if len(found) != 1:
            raise ToolError(
                f"{len(found)} cells are called *.{ending}, which has a place of its own on the "
                f"board; correct the sites of the board"
            )
        cells[found[0]]["attributes"]["BEL"] = site
    path.write_text(json.dumps(netlist))


def place(board, work, seed, stopped=lambda: False, watch=SILENT):
    """Place and route a netlist from one seed and return what was Placed.

    A router that would never finish is stopped, and the family's next one tried. Leaves the placed
    design, the places of its cells and ``seedN.json``, nextpnr's report, in the directory. Raises
    StuckError when no router finishes, and CancelledError once ``stopped``, asked once a second,
    says so.
    """
    family = FAMILIES[board.family]
    *first, last = (board.config.runs_ops and family.op_routers) or family.routers
    for router in first:
        with suppress(StuckError):
            _place(board, work, seed, router, stopped, watch)
            break
    else:
        _place(board, work, seed, last, stopped, watch)
    report = json.loads((Path(work) / f"seed{seed}.json").read_text())
    cells = sum(report["utilization"].get(kind, {"used": 0})["used"] for kind in family.logic_cells)
    return Placed(seed, _fmax(report), cells)


def _place(board, work, seed, router, stopped, watch):
    family, name = FAMILIES[board.family], f"seed{seed}"
    output = f"{name}.{family.placed}"
    written = f"{name}.{family.written}"
    names = {"name": NAME, "output": output, "written": written, "mhz": board.clock_hz / 1e6}
    arguments = [
        *board.place_options, *(each.format(**names) for each in family.place), *router,
        "--json", f"{NAME}.json", "--report", f"{name}.json", "--log", f"{name}.log",
        "--seed", str(seed), "--timing-allow-fail", "--quiet",
    ]  # fmt: skip
    log = Path(work) / f"{name}.log"
    log.unlink(missing_ok=True)  # rounds of the router before would count

    known = [""]

    def stuck():
        if stopped():
            raise CancelledError
        line = last_line(log.read_text() if log.exists() else "")
        if line != known[0]:
            known[0] = line
            watch.said(seed, line)
        return in_circles(log)

    run_tool(family.placer, arguments, work, output, stuck)


def in_circles(log):
    """Return whether the last rounds in a router's log, its ROUNDS, came no nearer to the end.

    What counts is the wires that are used twice, or the arcs that remain to be routed.
    """
    text = log.read_text() if log.exists() else ""
    for progress, rounds in ROUNDS.items():
        left = [int(each) for each in re.findall(progress, text, re.M)]
        if len(left) > rounds and min(left[-rounds:]) >= min(left[: 1 - rounds]):
            return True
    return False


def _fmax(report):
    """Return the engine's clock in MHz that every domain of nextpnr's report allows.

    A domain whose clock is to have half the frequency must reach half as much. A way from one to
    another must take no longer than a cycle of the first: both rise together, and what comes from
    the slower one is taken at the end of its cycle.
    """
    clocks = report["fmax"]
    reached = [(clock["achieved"], clock["constraint"]) for clock in clocks.values()]
    for path in report["critical_paths"]:
        source, sink = (path[end].removeprefix("posedge ") for end in ("from", "to"))
        if source != sink and {source, sink} <= clocks.keys():
            delay_ns = sum(step["delay"] for step in path["path"])
            reached.append((1000 / delay_ns, clocks[source]["constraint"]))
    fastest = max(constraint for _, constraint in reached)
    return round(min(achieved * fastest / constraint for achieved, constraint in reached), 2)


def _pack(board, work, seed):
    """Make the bitstream of the design that was placed from ``seed``."""
    family = FAMILIES[board.family]
    known = {
        "placed": f"seed{seed}.{family.placed}",
        "bitstream": bitstream_name(board),
        "die": getattr(board.platform(), "die", None),
    }
    arguments = [each.format(**known) for each in family.pack]
    run_tool(family.packer, arguments, work, bitstream_name(board))


def _floorplan(work, written):
    """Draw the floorplan of the design whose places nextpnr has written; return its cells."""
    netlist, placed = (json.loads((work / name).read_text()) for name in (f"{NAME}.json", written))
    cells = floorplan.place(netlist, placed)
    (work / FLOORPLAN).write_text(floorplan.draw(cells) + "\n")
    return cells
