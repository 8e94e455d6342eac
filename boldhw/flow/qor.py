"""Quality of results: builds from one fixed seed, compared with a stored baseline.

``boldhw dev qor`` and ``make qor`` use it.
"""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from boldboards import find_board

from boldhw.data.files import replace_file
from boldhw.errors import ConfigError
from boldhw.flow.build import build
from boldhw.flow.estimate import estimate
from boldhw.flow.op_lists import ACTIVE, lists_of, made_for, mean, program_of
from boldhw.programs import versions
from boldhw.spec.network import Network
from boldhw.spec.ops.program import FORWARD


@dataclass(frozen=True)
class Build:
    """What is built: the engine of a board for chains, or one of op lists.

    board      name of the board
    network    text of the network that an engine of op lists is built for; None: for chains
    size       parameters of its ArraySize, in place of those of the board
    made_for   it is made for that network alone
    """

    board: str
    network: str | None = None
    size: dict[str, Any] = field(default_factory=dict)
    made_for: bool = False

    def on(self):
        """Return the Board with the engine."""
        board = find_board(self.board)
        if self.network is None:
            return board
        size = replace(board.array, **self.size)
        return board.with_ops(made_for(Network.of(self.network), size) if self.made_for else size)


BOARDS = ("icebreaker", "ulx3s", "tang_nano_20k")
# Engines of op lists are those of docs/boards.md and docs/graph_engine.md that their devices hold.
BUILDS = {
    **{name: Build(name) for name in BOARDS},
    "icebreaker-ops": Build(
        "icebreaker",
        "14x14-2k3-2k3-10",
        {"elements": 2, "lanes": 8, "serial": True, "plain": True, "uncounted": True,
         "sum_bits": 10, "side_bits": 5, "batch": 4},
        made_for=True,
    ),
    "ulx3s-ops": Build(
        "ulx3s",
        "28x28-16k5p2-32k5p2-10",
        {"lanes": 32, "planes": 2, "window_kernels": "5x1/1", "sum_bits": 13, "side_bits": 6},
        made_for=True,
    ),
    "tang_nano_20k-ops": Build(
        "tang_nano_20k",
        "28x28-16k3p2-32k3p2-10",
        {"serial": True, "uncounted": True, "sum_bits": 12, "side_bits": 6,
         "window_kernels": "3x1/1"},
        made_for=True,
    ),
}  # fmt: skip
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


def measure(board, directory, network=None):
    """Build a board from fixed seeds and return its figures; cycles are those of its network.

    network: text of the one of an engine of op lists. Raises ConfigError for an engine that the
    device does not hold.
    """
    built = build(board, directory, SEEDS)
    return {
        "lut4": built.lut4,
        "ram_blocks": built.ram_blocks,
        "fmax_mhz": built.fmax_mhz,
        **(_chain_cycles(board) if network is None else op_cycles(board.config.size, network)),
    }


def _chain_cycles(board):
    found = estimate(board.config, board.network, board)
    return {
        "cycles_inference": found.cycles_inference,
        "cycles_training": found.cycles_training,
    }


def op_cycles(size, network):
    """Return the figures of cycles of a network's op lists. size: ArraySize.  network: its text."""
    lists = lists_of(program_of(Network.of(network), size), size)
    return {
        "cycles_inference": lists[FORWARD]["cycles"] - lists[FORWARD]["counting"],
        "cycles_training": round(mean(lists, size.batch, ACTIVE / 100, None)["cycles_a_sample"], 1),
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


def remember(history, name, board, figures):
    """Append figures to the history, one JSON line a build, with the versions of the tools."""
    line = {"board": name, "device": board.device, "seeds": SEEDS, **figures}
    with history.open("a") as file:
        file.write(json.dumps(line | {"versions": versions()}) + "\n")


def compare(
    directory=Path("build/qor"), accept=False, on_build=lambda name: None, names=tuple(BUILDS)
):
    """Build and return a dict of FIGURES and ``worse`` for each of the names of BUILDS.

    ``worse`` lists the figures that are worse than the baseline by more than 5 %, or says that
    there is no baseline, or why the engine is not built. ``accept`` makes what came out the new
    baseline of these builds; only one that is not built is worse then. ``on_build`` is called
    before each build. Each build is appended to ``history.jsonl``.
    """
    baseline, found, bad = json.loads(BASELINE.read_text()), {}, {}
    for name in names:
        on_build(name)
        try:
            board = BUILDS[name].on()
            found[name] = measure(board, directory / name, BUILDS[name].network)
        except ConfigError as error:
            found[name], bad[name] = dict.fromkeys(FIGURES), [str(error)]
            continue
        remember(directory / "history.jsonl", name, board, found[name])
        known = name in baseline
        bad[name] = worse(found[name], baseline[name]) if known else ["no baseline: --accept"]
        if accept:
            baseline[name], bad[name] = found[name], []
    if accept:
        replace_file(BASELINE, json.dumps(baseline, indent=2) + "\n")
    return {name: found[name] | {"worse": bad[name]} for name in names}
