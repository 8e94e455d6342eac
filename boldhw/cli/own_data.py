"""Options that say how data of any kind are read and coded, and what they stand for."""

import functools
import json

import click

from boldhw import data
from boldhw.cli.options import run_threshold, stacked
from boldhw.cli.output import say
from boldhw.cli.saving import given
from boldhw.data.coder import CODES
from boldhw.data.schema import Schema
from boldhw.data.shrink import MOST
from boldhw.data.sources import Reading
from boldhw.data.table import Columns
from boldhw.errors import ConfigError, naming
from boldhw.spec.network import Network

COLUMNS = ("label", "text", "header", "ignored")
DIVISION = ("test_share", "split_seed")
CODE = ("levels", "code", "edges", "smaller")
FIXED = ("hidden", *COLUMNS, *DIVISION, *CODE)  # by a checkpoint
HIDDEN = (64,)  # layers of a network that nothing is said of

_columns = stacked(
    click.option("--label", metavar="COLUMN", help="Table: the classes, by name or number from 1."),
    click.option(
        "--text", metavar="COLUMN",
        help="Table or JSON lines: texts, whose words are the samples, by name or number from 1.",
    ),
    click.option(
        "--header/--no-header", default=None, help="Table: whether line 1 has names.  [found out]"
    ),
    click.option(
        "--ignore", "ignored", multiple=True, metavar="COLUMN",
        help="Table: leave this column out; may be given several times.",
    ),
)  # fmt: skip
_division = stacked(
    click.option(
        "--test-share", type=float, help="Test with this share of data in one piece.  [0.2]"
    ),
    click.option("--split-seed", type=click.IntRange(0, (1 << 63) - 1), help="Of that division."),
)
_code = stacked(
    click.option(
        "--levels", type=click.IntRange(1, 255), help="Most bits made of a feature.  [8]"
    ),
    click.option(
        "--code", type=click.Choice(CODES),
        help="Edges between bits of a feature: as many samples, or equal distances, between two.",
    ),
    click.option(
        "--edges", metavar="N,N,...|FILE.json",
        help="Edges: of all features, or {feature: [edge, ...]} in a file.",
    ),
    click.option(
        "--smaller", type=click.IntRange(1, MOST), default=1, show_default=True,
        help="Pictures: rows and columns are divided by it, a pixel is the mean of a square.",
    ),
)  # fmt: skip
hidden = click.option(
    "--hidden",
    metavar="N,N,...",
    callback=lambda context, option, text: _hidden(text),
    help="Widths of hidden layers; inputs and outputs are those of the data.",
)


def reading(division=True, code=False):
    """Return the options of a verb that reads data; its function gets a Reading as ``reading``."""
    taken = [_columns] + [_division] * division + [_code] * code

    def add(function):
        @functools.wraps(function)
        def run(label, text, header, ignored, test_share=None, split_seed=None, levels=None,
                code=None, edges=None, smaller=1, **options):  # fmt: skip
            if edges is not None and (levels is not None or code is not None):
                raise ConfigError("--edges are all edges; leave out --levels and --code")
            columns = Columns(label, header, ignored, text=text)
            found = Reading(columns, test_share, split_seed, code, levels, _edges(edges), smaller)
            return function(reading=found, **options)

        return stacked(*taken)(run)

    return add


def _hidden(text):
    """Return the widths of hidden layers in a text, None without one. Raises ConfigError."""
    if text is None:
        return None
    parts = text.replace("-", ",").split(",")
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ConfigError(
            f"--hidden {text!r} is no list of layer widths; write them with commas, such as "
            f"--hidden 64 or --hidden 128,64"
        )
    return tuple(map(int, parts))


def _edges(text):
    """Return the edges in a text or a JSON file, None without one. Raises ConfigError."""
    if text is None:
        return None
    try:
        if not text.endswith(".json"):
            return [float(part) for part in text.split(",")]
        with naming(text), open(text, encoding="utf-8") as file:
            found = json.load(file)
        if isinstance(found, dict):
            return {str(name): list(map(float, edges)) for name, edges in found.items()}
        return list(map(float, found))
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"--edges {text!r} are no numbers ({error}); write --edges 10,20.5,30 or name a JSON "
            f'file such as {{"width": [1, 2.5], "height": [10]}}'
        ) from error


def check_graph(widths):
    """Raise ConfigError for ``--hidden``, which chains of dense layers alone have."""
    if widths is not None:
        raise ConfigError("--hidden is for chains of dense layers, not for a graph; leave it out")


def schema_of(trainer):
    """Return the Schema of a run; of a run that has none, what it takes for granted."""
    if trainer.schema:
        return trainer.schema
    graph = getattr(trainer, "graph", None)
    classes = graph.classes if graph else trainer.settings(None).classes
    return Schema(tuple(str(index) for index in range(classes)))


def load(name, sizes, reading, trainer, more=False):
    """Return the Dataset to train on, by the code of a run if there is one.

    With ``more`` there may be classes that the run does not know.
    Raises ConfigError for a threshold where there is a coder, and like :func:`boldhw.data.load`.
    """
    dataset = data.load(name, sizes[0], sizes[1], reading, trainer and schema_of(trainer), more)
    if given(["threshold"]):
        _check_cut(dataset.schema)
    tell(dataset.notes)
    return dataset


def tell(notes):
    """Print what a user should know about data."""
    for note in notes:
        say(f"boldhw: note: {note}")


def threshold_of(trainer, threshold):
    """Return the threshold that was given, else that of the run. Raises ConfigError."""
    if threshold is None:
        return run_threshold(trainer)
    _check_cut(schema_of(trainer))
    return threshold


def _check_cut(schema):
    """Raise ConfigError unless a threshold makes the bits."""
    if schema.coder:
        raise ConfigError(
            "--threshold cuts pixels, and these features are coded by edges of their own; leave it "
            "out, or train with --edges"
        )


def network_of(network, widths, dataset, inputs, outputs_per_class):
    """Return the network to train: the one given, or hidden layers between the data's ends.

    network, widths: ``--network`` and ``--hidden``. inputs: bits of a sample. Without both the
    default of ``--network`` is taken where the data fit it. Raises ConfigError for both.
    """
    ends = inputs, len(dataset.schema.classes) * outputs_per_class
    if given(["network"]):
        if widths:
            raise ConfigError("--network and --hidden both give the hidden layers; leave one out")
        return network
    if not widths and (network.inputs, network.output.outputs) == ends:
        return network
    return Network.chain([ends[0], *(widths or HIDDEN), ends[1]])
