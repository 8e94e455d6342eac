"""Bitstreams of boards, with Yosys and nextpnr."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from boldhw.errors import ToolError
from boldhw.synthesis import Resources, run_tool, synthesise, tool_version

NAME = "boldhw"
RESULT, BITSTREAM = "build.json", f"{NAME}.bin"
SEEDS = (1, 2, 3)


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
    clock_mhz                      clock that the board gives
    logic_cells                    places taken: a LUT4, a flip-flop or both
    lut4, ff, ram_blocks, ...      see Resources
    lanes                          lanes of the array, P * S
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
    clock_mhz: float
    logic_cells: int
    lanes: int
    lut4_array: int
    lut4_per_lane: float
    versions: dict


def build(board, directory, seeds=SEEDS):
    """Build the bitstream of a board and return its BuildResult.

    Writes the bitstream ``boldhw.bin``, the logs and, last, ``build.json`` to the directory; a
    build that ends early changes nothing there. The same sources and tools give the same
    bitstream. Raises ToolError when a tool is missing or fails.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix="unfinished-") as work:
        result = _build(board, Path(work), directory / BITSTREAM, tuple(seeds))
        (Path(work) / RESULT).write_text(json.dumps(asdict(result), indent=2) + "\n")
        (directory / RESULT).unlink(missing_ok=True)
        for name in (BITSTREAM, *_logs(work), RESULT):
            os.replace(Path(work) / name, directory / name)
    return result


def _logs(work):
    return sorted(path.name for path in Path(work).glob("*.log"))


def _build(board, work, bitstream, seeds):
    rtlil, constraints = elaborate(board)
    (work / f"{NAME}.pcf").write_text(constraints)
    resources = synthesise(rtlil, NAME, work)
    array = synthesise(_array_rtlil(board.engine), "array", work)
    placed = [_place(board, work, seed) for seed in seeds]
    best = max(placed, key=lambda each: each.fmax_mhz)
    run_tool("ICEPACK", [f"seed{best.seed}.asc", BITSTREAM], work, BITSTREAM)
    lanes = board.engine.elements * board.engine.lanes
    return BuildResult(
        **asdict(resources),
        board=board.name,
        device=board.device,
        speed_grade=board.speed_grade,
        design_digest=board.engine.digest().hex(),
        bitstream=str(bitstream),
        seed=best.seed,
        timing_met=best.fmax_mhz >= board.clock_hz / 1e6,
        fmax_mhz=min(each.fmax_mhz for each in placed),
        fmax_mhz_by_seed={str(each.seed): each.fmax_mhz for each in placed},
        clock_mhz=board.clock_hz / 1e6,
        logic_cells=best.logic_cells,
        lanes=lanes,
        lut4_array=array.lut4,
        lut4_per_lane=round(array.lut4 / lanes, 2),
        versions={"yosys": tool_version("YOSYS"), "nextpnr": tool_version("NEXTPNR_ICE40")},
    )


def elaborate(board):
    """Return (RTLIL, pin constraints) of a board's design. Raises ToolError without Amaranth."""
    try:
        from boldboards.top import BoardTop
    except ImportError as error:
        raise ToolError(
            "building needs the package amaranth; install it with: pip install 'boldhw[build]'"
        ) from error
    plan = board.platform().build(BoardTop(board), name=NAME, do_build=False, emit_src=False)
    return plan.files[f"{NAME}.il"], plan.files[f"{NAME}.pcf"]


def _array_rtlil(engine):
    from amaranth.back import rtlil

    from boldhw.gateware.array import PEArray

    return rtlil.convert(PEArray(engine), name="array", emit_src=False)


def _place(board, work, seed):
    """Place and route from one seed; leaves ``seedN.asc``."""
    name = f"seed{seed}"
    arguments = [
        *board.place_options, "--json", f"{NAME}.json", "--pcf", f"{NAME}.pcf",
        "--asc", f"{name}.asc", "--report", f"{name}.json", "--log", f"{name}.log",
        "--seed", str(seed), "--timing-allow-fail", "--quiet",
    ]  # fmt: skip
    run_tool("NEXTPNR_ICE40", arguments, work, f"{name}.asc")
    report = json.loads((work / f"{name}.json").read_text())
    fmax = min(clock["achieved"] for clock in report["fmax"].values())
    return Placed(seed, round(fmax, 2), report["utilization"]["ICESTORM_LC"]["used"])
