"""Measure the engines from which :mod:`boldhw.estimate` predicts others.

    python -m boldhw.calibrate

prints the rows of ``boldhw.estimate.MEASURED``. It takes some minutes: each engine is synthesised
as the design of the iCEBreaker, and its logic cells are packed but not placed.
"""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from boldboards import find_board

from boldhw.build import NAME, elaborate
from boldhw.config import EngineConfig
from boldhw.estimate import Sample
from boldhw.synthesis import run_tool, synthesise

SMALL = EngineConfig(
    elements=4, lanes=16, batch=8, accumulator_bits=8, weight_rows=256, data_rows=16384,
    signal_rows=256,
)  # fmt: skip
MIDDLE = replace(SMALL, elements=8, lanes=32, batch=16, accumulator_bits=6)
LARGE = replace(MIDDLE, elements=10, lanes=40, batch=32)
ENGINES = (
    SMALL,
    MIDDLE,
    LARGE,
    replace(MIDDLE, lanes=64),
    replace(MIDDLE, batch=32, accumulator_bits=8),
    replace(SMALL, elements=2, lanes=32, accumulator_bits=16),
    replace(SMALL, popcount_registers=1),
    replace(MIDDLE, popcount_registers=2),
    replace(SMALL, stochastic=True),
    replace(MIDDLE, stochastic=True),
    replace(SMALL, decay=True),
    replace(MIDDLE, decay=True),
    replace(SMALL, training=False),
    replace(MIDDLE, training=False),
    replace(LARGE, training=False),
)


def measure(engine):
    """Return the Sample of an engine on the iCEBreaker, packed by Yosys and nextpnr."""
    board = replace(find_board("icebreaker"), engine=engine)
    with tempfile.TemporaryDirectory() as work:
        rtlil, constraints = elaborate(board)
        (Path(work) / f"{NAME}.pcf").write_text(constraints)
        resources = synthesise(rtlil, NAME, work)
        arguments = [
            *board.place_options, "--json", f"{NAME}.json", "--pcf", f"{NAME}.pcf",
            "--pack-only", "--log", "log",
        ]  # fmt: skip
        run_tool("NEXTPNR_ICE40", arguments, work, "log")
        packed = re.search(r"ICESTORM_LC:\s*(\d+)/", (Path(work) / "log").read_text())
    return Sample(
        engine.elements, engine.lanes, engine.batch, engine.accumulator_bits,
        engine.popcount_registers, engine.training, engine.stochastic, engine.decay,
        resources.lut4, resources.ff, int(packed[1]), resources.ram_blocks,
    )  # fmt: skip


if __name__ == "__main__":
    for each in ENGINES:
        print(f"    Sample{tuple(measure(each))},", flush=True)
