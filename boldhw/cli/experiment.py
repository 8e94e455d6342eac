"""``boldhw experiment``."""

import click

from boldhw import data
from boldhw.cli import options
from boldhw.cli.output import say, verb
from boldhw.errors import DataError
from boldhw.experiments import EXPERIMENTS, find
from boldhw.experiments.experiment import perform

QUICK_SAMPLES = 1000, 500  # training, test
DIGITS = "mnist5k"
PIXELS, CLASSES = 784, 10  # that the networks of all experiments take


def _text(result):
    return result["text"] + "\n" + "\n".join(result["files"])


@verb(text=_text)
@click.argument("name", metavar="NAME", type=click.Choice(sorted(EXPERIMENTS)))
@click.option("--data", "data_name", default=None, help="Data set.  [default: mnist5k for digits]")
@click.option("--out", default=None, help="Folder for results.  [default: build/experiments/NAME]")
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--quick", is_flag=True, help="A few small runs, to see whether it works.")
@options.scheduler
def experiment(name, data_name, out, seeds, quick, scheduler):
    """Measure a table: every run with every seed, then JSON, Markdown and plots.

    Each run is kept as soon as it is done; the same command goes on where it was interrupted. NAME
    is one of the experiments that docs/experiments.md explains. --data of paper-tasks is a
    directory with the folders mnist, camvid and super_resolution, any of which may be missing.
    """
    found = find(name)
    dataset = (found.load or _digits)(data_name, quick)
    directory = out or f"build/experiments/{name}"
    files, records = perform(found, name, dataset, directory, seeds, quick, say, scheduler)
    text = next(path for path in files if path.endswith(".md"))
    with open(text, encoding="utf-8") as file:
        return {"experiment": name, "runs": len(records), "files": files, "text": file.read()}


def _digits(name, quick):
    """Return pictures of digits, few of them for the quick form. Raises DataError for others."""
    dataset = data.load(name or DIGITS, *(QUICK_SAMPLES if quick else (None, None)))
    _check_kind(dataset)
    return dataset


def _check_kind(dataset):
    pixels = dataset.x_train.shape[1]
    if pixels != PIXELS or dataset.classes > CLASSES:
        raise DataError(
            f"{dataset.name} has images of {pixels} pixels in {dataset.classes} classes, "
            f"experiments take {PIXELS} pixels in at most {CLASSES}; try mnist5k"
        )
