"""The report of a training run: its curves, who was taken for whom, what the first layer learned.

Everything comes from the run itself: its checkpoint and its ``epochs.jsonl``.
"""

from dataclasses import asdict
from pathlib import Path

from boldhw.data.files import replace_file
from boldhw.report.confusion import confusion_chart
from boldhw.report.epochs import has_frozen
from boldhw.report.figures import COLOURS, GAP, line_chart, tiles
from boldhw.report.page import template
from boldhw.spec.layer import INPUT, Tap

# Title of a chart -> how to make its value of the figures of a layer in an epoch.
LAYER_CHARTS = {
    "weights flipped": lambda layer: layer["flips"],
    "theta": lambda layer: layer["theta"],
    "share of T among outputs, percent": lambda layer: _percent(layer["true_share"]),
    "outputs within their window, of active samples, percent": lambda layer: _percent(
        layer["gated_share"]
    ),
    "signals other than 0, of active samples, percent": lambda layer: _percent(
        layer["signal_share"]
    ),
    "saturated accumulators, percent": lambda layer: _percent(
        layer["saturated_low"] + layer["saturated_high"]
    ),
    "units that are never T or always": lambda layer: _sum(layer["never"], layer["always"]),
}
MOST_UNITS, MOST_PLANES = 100, 4  # of the first layer that are shown
WIDEST, LARGEST = 900, 8  # pixels of a picture of all units, and of a weight in it
MOST_CONFUSED = 10  # classes that are listed where a matrix has too many


def write_training_report(trainer, entries, path):
    """Write the report of a run and return its path.

    trainer: Trainer or GraphTrainer.  entries: the lines of its EpochLog. Raises ToolError without
    Jinja2, DataError if the report cannot be written.
    """
    text = template("training").render(
        facts=_facts(trainer),
        entries=entries,
        last=entries[-1] if entries else None,
        colours=COLOURS,
        pictures=_pictures(trainer),
        **(_figures(trainer, entries) if entries else {}),
    )
    replace_file(path, text)
    return Path(path)


def _figures(trainer, entries):
    """Return what a template shows of the epochs of a run."""
    last = entries[-1]
    classes, counts = _classes(trainer, last), last["confusion"]
    return {
        "frozen": has_frozen(last["updates"], last["flips"], last["active_share"]),
        "charts": _run_charts(entries),
        "layer_charts": _layer_charts(entries),
        "layers": [(layer["name"], _style(n)) for n, layer in enumerate(last["layers"])],
        "confusion": confusion_chart(counts, classes) if counts else "",
        "worst": [] if counts else _worst(last, classes),
    }


def _style(index):
    """Return the class of the style sheet that a layer has in all charts."""
    return f"c{index % (2 * len(COLOURS))}"


def _network(trainer):
    """Return the spec of what a trainer trains."""
    graph = getattr(trainer, "graph", None)
    return graph.spec if graph else trainer.network.graph


def _facts(trainer):
    hyper = getattr(trainer, "hyper", None)
    return {
        "network": str(_network(trainer)),
        "data": trainer.origin.name if trainer.origin else "samples without a name",
        "samples": trainer.origin.samples if trainer.origin else None,
        "epoch": trainer.epoch,
        "epochs": trainer.epochs,
        "seed": trainer.seed,
        "settings": asdict(hyper or trainer.constants),
        "governed": hyper is None,
    }


def _classes(trainer, last):
    """Return a name for each class that the network tells apart."""
    names = list(trainer.schema.classes) if trainer.schema else []
    count = len(last["by_class"])
    return [*names, *map(str, range(len(names), count))][:count]


def _percent(share):
    return None if share is None else 100 * share


def _sum(one, other):
    return None if one is None else one + other


def _run_charts(entries):
    """Return (title, SVG) of what a run has once an epoch."""
    first = entries[0]["epoch"]
    accuracy = {
        "accuracy": [100 * entry["accuracy"] for entry in entries],
        "majority": [100 * entry["majority_share"] for entry in entries],
    }
    active = {"active": [100 * entry["active_share"] for entry in entries]}
    speed = {"speed": [entry["samples_per_second"] for entry in entries]}
    return [
        ("accuracy on held-out samples, percent", line_chart(accuracy, "accuracy", first=first)),
        ("active samples, percent", line_chart(active, "active", 440, 200, first=first)),
        ("training samples per second", line_chart(speed, "speed", 440, 200, first=first)),
    ]


def _layer_charts(entries):
    """Return (title, SVG) of what each layer has once an epoch, a line a layer."""
    charts = []
    for title, value in LAYER_CHARTS.items():
        lines, classes = {}, {}
        for index in range(len(entries[0]["layers"])):
            line = [value(entry["layers"][index]) for entry in entries]
            if None not in line:
                name = entries[0]["layers"][index]["name"]
                lines[name], classes[name] = line, _style(index)
        if lines:
            chart = line_chart(lines, title, 440, 200, first=entries[0]["epoch"], classes=classes)
            charts.append((title, chart))
    return charts


def _worst(last, classes):
    """Return (name, samples, right) of the classes with the smallest share of right answers."""
    rows = [
        (name, samples, right)
        for name, (samples, right) in zip(classes, last["by_class"], strict=True)
        if samples
    ]
    return sorted(rows, key=lambda row: row[2] / row[1])[:MOST_CONFUSED]


def _pictures(trainer):
    """Return (caption, data URI, width) of the weights of each layer that reads pictures alone."""
    if trainer.schema and trainer.schema.coder:
        return []
    spec = _network(trainer)
    arrays = (
        [layer.weights for layer in trainer.graph.layers]
        if hasattr(trainer, "graph")
        else trainer.network.weights
    )
    found = []
    for layer, weights in zip(spec.layers, arrays, strict=True):
        shape = _picture(spec, layer)
        if shape is not None:
            found += _planes(layer, weights[:MOST_UNITS].reshape(-1, *shape))
    return found


def _picture(spec, layer):
    """Return (rows, columns, planes) of the weights of a unit, None where they are no picture."""
    if layer.taps != (Tap(INPUT),) or spec.words:
        return None
    if layer.kernel:
        side, planes = layer.kernel.side, spec.sample.planes
        return (side, side, planes) if side > 1 else None
    if not spec.sample.is_flat:
        return spec.sample.height, spec.sample.width, spec.sample.planes
    side = round(spec.inputs**0.5)
    return (side, side, 1) if side**2 == spec.inputs and side > 1 else None


def _planes(layer, weights):
    """Return (caption, data URI, pixels of width) of each plane.

    weights: bool, shape (units, rows, columns, planes).
    """
    units, *shape, planes = weights.shape
    columns = min(units, 20 if shape[1] <= 16 else 12)
    width = min(WIDEST, columns * (shape[1] + GAP) * LARGEST)
    text = f"{layer.name}: {units} of {layer.outputs} units"
    return [
        (
            f"{text}, plane {plane + 1} of {planes}" if planes > 1 else text,
            tiles(weights[..., plane].reshape(units, -1), shape, columns),
            width,
        )
        for plane in range(min(planes, MOST_PLANES))
    ]
