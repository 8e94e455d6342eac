"""Quality of results: builds with one fixed seed, compared with a stored baseline.

    python -m boldhw.qor            # make qor: every board of the baseline
    python -m boldhw.qor --accept   # make what came out the new baseline

Exit code 1 when LUT4, clock or cycles of a board are worse than the baseline by more than 5 %, or
when there is no baseline to compare it with.
"""

import argparse
import json
import sys
from pathlib import Path

from boldboards import find_board

from boldhw.build import build
from boldhw.cli.output import say, table
from boldhw.doctor import versions
from boldhw.estimate import estimate
from boldhw.files import replace_file

BOARDS = ("icebreaker", "ulx3s", "tang_nano_20k")
SEEDS = (1,)
BASELINE = Path(__file__).with_name("qor.json")
TOLERANCE = 0.05
# What is compared, and whether more is better.
FIGURES = {
    "lut4": False,
    "ram_blocks": False,
    "fmax_mhz": True,
    "cycles_inference": False,
    "cycles_training": False,
}


def measure(board, directory):
    """Build a board from fixed seeds and return its figures; cycles are those of its network."""
    built = build(board, directory, SEEDS)
    cycles = estimate(board.engine, board.network, board)
    return {
        "lut4": built.lut4,
        "ram_blocks": built.ram_blocks,
        "fmax_mhz": built.fmax_mhz,
        "cycles_inference": cycles.cycles_inference,
        "cycles_training": cycles.cycles_training,
    }


def worse(figures, baseline):
    """Return the names of figures that are worse than the baseline by more than the tolerance."""
    names = []
    for name, more_is_better in FIGURES.items():
        if name in baseline:
            change = figures[name] / baseline[name] - 1
            if (-change if more_is_better else change) > TOLERANCE:
                names.append(name)
    return names


def remember(history, board, figures):
    """Append figures to the history, one JSON line a build, with the versions of the tools."""
    line = {"board": board.name, "device": board.device, "seeds": SEEDS, **figures}
    with history.open("a") as file:
        file.write(json.dumps(line | {"versions": versions()}) + "\n")


def main(arguments, directory=Path("build/qor")):
    """Measure every board; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accept", action="store_true", help="make what came out the new baseline")
    accept = parser.parse_args(arguments).accept
    baseline = json.loads(BASELINE.read_text())
    found, bad = {}, {}
    for name in BOARDS:
        board = find_board(name)
        say(f"Building {name}, some minutes ...")
        found[name] = measure(board, directory / name)
        remember(directory / "history.jsonl", board, found[name])
        known = name in baseline
        bad[name] = worse(found[name], baseline[name]) if known else ["no baseline: --accept"]
    rows = [{"board": name, **found[name], "worse": ", ".join(bad[name])} for name in BOARDS]
    print(table(rows, ["board", *FIGURES, "worse"]))
    if accept:
        replace_file(BASELINE, json.dumps(found, indent=2) + "\n")
        return 0
    return int(any(bad.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
