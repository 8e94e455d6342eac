"""``--report`` of a run that trains, and the report of one that is saved."""

from boldhw.cli.output import say
from boldhw.data.files import check_writable
from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.graph import checkpoint as graphs
from boldhw.report.epochs import epochs_path, read_epochs
from boldhw.report.page import template
from boldhw.report.training import write_training_report


def check_report(path):
    """Raise ToolError or DataError for a report that could not be written in the end."""
    if path is not None:
        template("training")
        check_writable(path)


def write_run_report(trainer, entries, path):
    """Write the report of a run that has just been trained, and say where it is."""
    say(f"report: {write_training_report(trainer, entries, path)}")


def report_of_checkpoint(path, output):
    """Write the report of the run saved at ``path``; return where it is.

    Raises DataError for what is no checkpoint, and for damaged lines of its epochs.
    """
    trainer = (graphs if graphs.is_graph(path) else checkpoints).load(path)
    entries = [e for e in read_epochs(epochs_path(path)) if e["epoch"] <= trainer.epoch]
    return write_training_report(trainer, entries, output)
