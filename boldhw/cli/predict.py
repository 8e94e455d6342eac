"""``boldhw predict``."""

import csv
import io
import json
from typing import Any

import click
import numpy as np

from boldhw.cli import arrays, options, own_data
from boldhw.cli.graph_backend import Backend
from boldhw.cli.output import key_values, verb
from boldhw.cli.train_graph import is_graph, load_graph
from boldhw.data.datasets import booleanise
from boldhw.data.files import check_writable, replace_file
from boldhw.data.sources import load_to_predict
from boldhw.errors import ConfigError
from boldhw.golden import checkpoint as checkpoints

TABLE, OBJECT = ".csv", ".json"


def _text(result):
    if "predictions" in result:
        return _csv(result["predictions"]).rstrip("\n")
    return key_values(result)


@verb(text=_text)
@options.backend("golden")
@click.option("--checkpoint", type=options.FILE, required=True, help="Written by boldhw train.")
@click.option(
    "--data", "data_name", required=True, metavar="NAME|PATH",
    help="Samples with the features of the training data; labels are not needed.",
)  # fmt: skip
@own_data.reading(division=False)
@options.threshold(None, "Pixels above it are T.  [default: the threshold of the run]")
@click.option("-o", "--output", type=options.FILE, help="Write FILE.csv or FILE.json, not stdout.")
@arrays.of_graph
def predict(backend, checkpoint, data_name, reading, threshold, output, choice):
    """Print the class of each sample, and the score of every class.

    Data that come divided, such as IDX files, give their test samples; all others all samples. The
    class is the one with the highest score, the first of several.
    """
    _check_output(output)
    if is_graph(checkpoint):
        scored, backend = _of_graph, Backend(backend, choice)
    else:
        scored = _of_chain
        arrays.refuse_board(choice, checkpoint)
    rows, classes, scores = scored(checkpoint, backend, data_name, reading, threshold)
    found = _found(rows, classes, scores)
    result: dict[str, Any] = {"samples": len(found)}
    if rows.labels is not None:
        right = [entry["class"] == entry["label"] for entry in found]
        result["accuracy"] = float(np.mean(right))
    if output is None:
        return {**result, "predictions": found}
    replace_file(output, _csv(found) if output.endswith(TABLE) else json.dumps(found, indent=1))
    return {**result, "output": output}


def _check_output(path):
    """Raise ConfigError or DataError unless predictions can be written there."""
    if path is None:
        return
    if not path.endswith((TABLE, OBJECT)):
        raise ConfigError(f"--output {path} must end with {TABLE} or {OBJECT}, which says its form")
    check_writable(path)


def _of_chain(path, backend, name, reading, threshold):
    """Return (Rows, names of the classes, scores) of a network of dense layers."""
    trainer = checkpoints.load(path)
    network, schema = trainer.network, own_data.schema_of(trainer)
    threshold = own_data.threshold_of(trainer, threshold)
    rows = load_to_predict(name, reading, schema)
    bits = schema.coder(rows.values) if schema.coder else booleanise(rows.values, threshold)
    network.check_bits(bits)
    if backend == "golden":
        return rows, schema.classes, network.infer(bits)
    with options.open_device(backend, network.config) as device:
        device.load(network)
        return rows, schema.classes, device.infer(bits)


def _of_graph(path, backend, name, reading, threshold):
    """Return (Rows, names of the classes, scores) of a graph. backend: a Backend."""
    trainer = load_graph(path, threshold)
    schema = own_data.schema_of(trainer)
    rows = load_to_predict(name, reading, schema)
    if trainer.graph.spec.words:
        trainer.graph.check_bits(rows.values)
    else:
        trainer.code.check(trainer.graph.spec.sample, rows.values, name)
    with backend.inferring(trainer.graph) as graph:
        return rows, schema.classes, graph.infer(trainer.code(rows.values))


def _found(rows, classes, scores):
    """Return one JSON object a sample. Outputs beyond the classes are named by their number."""
    names = [*classes, *(f"output {index}" for index in range(len(classes), scores.shape[1]))]
    found = []
    for place, best, row in zip(rows.places, scores.argmax(axis=1), scores.tolist(), strict=True):
        entry = {"sample": place, "class": names[best]}
        entry["scores"] = dict(zip(names, row, strict=True))
        found.append(entry)
    if rows.labels is not None:
        for entry, label in zip(found, rows.labels.tolist(), strict=True):
            entry["label"] = label
    return found


def _csv(found):
    """Return the text of a CSV file with one line a sample."""
    columns = [name for name in ("sample", "label", "class") if name in found[0]]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*columns, *(f"score {name}" for name in found[0]["scores"])])
    for entry in found:
        table.writerow([*(entry[column] for column in columns), *entry["scores"].values()])
    return text.getvalue()
