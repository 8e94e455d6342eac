"""``report.html`` of a run: one file, readable without a network, in light and in dark.

A run is a directory with ``run.json`` (settings, totals, weights at start and end) and
``epochs.jsonl`` (one line an epoch), both written by :mod:`boldhw.report.run`, and by
:mod:`boldhw.report.graph_run`, whose network is a text, and whose layers are listed.
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from boldhw.data.files import replace_file
from boldhw.errors import DataError
from boldhw.report.figures import line_chart, tiles
from boldhw.report.page import template

SETTINGS, EPOCHS = "run.json", "epochs.jsonl"
FLOORPLAN = "floorplan.svg"  # beside a build.json
HISTORY = "qor/history.jsonl"  # below the builds
REMEMBERED = ("lut4", "fmax_mhz", "cycles_training")  # figures whose history is plotted


def read_run(directory):
    """Return (run, epochs) of a run directory. Raises DataError when there is none."""
    directory = Path(directory)
    try:
        run = json.loads((directory / SETTINGS).read_text())
        lines = (directory / EPOCHS).read_text().splitlines()
        return run, [json.loads(line) for line in lines]
    except FileNotFoundError as error:
        raise DataError(f"{directory} holds no run; boldhw demo writes one") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"the run in {directory} is damaged ({error}); run boldhw demo") from error


def read_builds(directory):
    """Return the results of the board builds below a directory, sorted by board.

    Each has the key ``floorplan`` besides those of its build.json: an SVG, or nothing. Raises
    DataError when one is damaged.
    """
    builds = []
    for path in sorted(Path(directory).glob("*/build.json")):
        picture = path.with_name(FLOORPLAN)
        floorplan = picture.read_text() if picture.exists() else ""
        builds.append(_parse(path, path.read_text()) | {"floorplan": floorplan})
    return builds


def read_history(directory):
    """Return {board: builds that ``make qor`` remembers, first first}, below a directory.

    Raises DataError when it is damaged.
    """
    path = Path(directory) / HISTORY
    history: dict[str, list[Any]] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        build = _parse(path, line)
        history.setdefault(build["board"], []).append(build)
    return history


def _parse(path, text):
    """Return what JSON that was read from a file says. Raises DataError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged ({error}); delete it, and build again") from error


def write_report(run, epochs, builds, history, path):
    """Write the report of one run and return its path.

    ``builds`` and ``history`` are what read_builds and read_history return. Raises ToolError
    without Jinja2, DataError if the report cannot be written.
    """
    text = template("demo").render(
        run=run,
        title=run["network"] if "layers" in run else "-".join(map(str, run["network"])),
        layers=_layers(run),
        epochs=epochs,
        builds=builds,
        history={board: _history(each) for board, each in history.items()},
        rate=simulated_rate(run, builds),
        exact=all(each["cycles"] == each["model"] for each in run["passes"]),
        **_figures(run, epochs),
    )
    replace_file(path, text)
    return Path(path)


def simulated_rate(run, builds):
    """Return training samples/s at the clock of a build of this very design, None without one.

    Cycles of the core only: the link to the host is not in it.
    """
    clocks = [
        build["clock_mhz"]
        for build in builds
        if build["timing_met"] and build["design_digest"] == run["design_digest"]
    ]
    if not clocks or not run["cycles"]:
        return None
    return clocks[0] * 1e6 * run["samples"] / run["cycles"]


def pack(weights):
    """Return boolean weights as base64 text."""
    return base64.b64encode(np.packbits(weights).tobytes()).decode()


def unpack(text, shape):
    """Return the boolean weights of :func:`pack`."""
    count = int(np.prod(shape))
    bits = np.unpackbits(np.frombuffer(base64.b64decode(text), np.uint8), count=count)
    return bits.astype(bool).reshape(shape)


def _figures(run, epochs):
    if not epochs:
        return {"accuracy": "", "flips": [], "weights": _weights(run)}
    accuracy = {
        "golden": [100 * epoch["golden_accuracy"] for epoch in epochs],
        "hardware": [100 * epoch["accuracy"] for epoch in epochs],
    }
    flips = zip(*(epoch["flips"] for epoch in epochs), strict=True)
    return {
        "accuracy": line_chart(accuracy, "accuracy on held-out digits, percent"),
        "flips": [
            line_chart({"flips": layer}, f"flips in layer {index}, per epoch", 440, 200)
            for index, layer in enumerate(flips, 1)
        ],
        "weights": _weights(run),
    }


def _history(builds):
    """Return the chart of a board's builds, in percent of the first one."""
    lines = {name: [100 * build[name] / builds[0][name] for build in builds] for name in REMEMBERED}
    return line_chart(lines, "builds of make qor, percent of the first", 440, 200, step="build")


def _layers(run):
    """Return name, inputs and outputs of each layer; those of a chain are numbered."""
    if "layers" in run:
        return run["layers"]
    pairs = zip(run["network"], run["network"][1:], strict=False)
    return [
        {"name": f"layer {number}", "inputs": inputs, "outputs": outputs}
        for number, (inputs, outputs) in enumerate(pairs, 1)
    ]


def _weights(run):
    """Return the pictures of the first layer, None when its inputs are no square image."""
    first = _layers(run)[0]
    inputs, outputs = first["inputs"], first["outputs"]
    side = round(inputs**0.5)
    if side * side != inputs:
        return None
    return {
        when: tiles(unpack(run["weights"][when], (outputs, inputs)), (side, side))
        for when in ("start", "end")
    }
