"""``boldhw compare``."""

from pathlib import Path

import click

from boldhw import data
from boldhw.cli import own_data
from boldhw.cli.output import say, verb
from boldhw.experiments import comparison
from boldhw.experiments.experiment import perform
from boldhw.experiments.rivals import available
from boldhw.experiments.shipped_sets import SHIPPED, check_packages

ANY = "mnist5k"  # what a comparison on shipped sets is keyed with


def _text(result):
    return result["text"] + "\n" + "\n".join(result["files"])


@verb(text=_text)
@click.option(
    "--data", "data_name", metavar="NAME|PATH",
    help="Compare on this set.  [default: sets that packages bring along]",
)  # fmt: skip
@own_data.reading()
@click.option("--out", default="build/compare", show_default=True, help="Folder for results.")
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--quick", is_flag=True, help="Two small sets, to see whether it works.")
def compare(data_name, reading, out, seeds, quick):
    """Measure BoldClassifier beside other classifiers: accuracy, seconds, bytes.

    Sets that packages bring along are split anew with each seed, 70 to 30. A set of --data is
    divided once; seeds are those of the classifiers. The Tsetlin machine is left out where the
    package tmu is missing. Each run is kept; the same command goes on where it was interrupted.
    """
    if data_name is None:
        check_packages(comparison.FEW if quick else SHIPPED)
    models, missing = available()
    if missing:
        say(f"{missing}; the others are: {', '.join(models)}")
    dataset = data.load(data_name or ANY, None, None, reading)
    own_data.tell(dataset.notes)
    experiment = comparison.experiment(data_name and Path(data_name).name)
    files, records = perform(experiment, "comparison", dataset, out, seeds, quick, say)
    text = next(path for path in files if path.endswith(".md"))
    with open(text, encoding="utf-8") as file:
        return {"runs": len(records), "files": files, "text": file.read()}
