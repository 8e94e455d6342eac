"""Quality of results: builds from one fixed seed, compared with a stored baseline.

``boldhw dev qor`` and ``make qor`` use it.
"""

import json
from pathlib import Path

from boldboards import find_board

from boldhw.data.files import replace_file
from boldhw.flow.build import build
from boldhw.flow.estimate import estimate
from boldhw.programs import versions

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
    cycles = estimate(board.config, board.network, board)
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


def compare(directory=Path("build/qor"), accept=False, on_board=lambda name: None):
    """Build every board and return a dict of FIGURES and ``worse`` for each, by its name.

    ``worse`` lists the figures that are worse than the baseline by more than 5 %, or says that
    there is no baseline. ``accept`` makes what came out the new baseline; nothing is worse then.
    ``on_board`` is called before each build. Each build is appended to ``history.jsonl``.
    """
    baseline = json.loads(BASELINE.read_text())
    found, bad = {}, {}
    for name in BOARDS:
        board = find_board(name)
        on_board(name)
        found[name] = measure(board, directory / name)
        remember(directory / "history.jsonl", board, found[name])
        known = name in baseline
        bad[name] = worse(found[name], baseline[name]) if known else ["no baseline: --accept"]
    if accept:
        replace_file(BASELINE, json.dumps(found, indent=2) + "\n")
        bad = dict.fromkeys(BOARDS, [])
    return {name: found[name] | {"worse": bad[name]} for name in BOARDS}
