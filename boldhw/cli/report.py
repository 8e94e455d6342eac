"""``boldhw report``."""

import os

import click

from boldhw.cli import options
from boldhw.cli.output import verb
from boldhw.cli.reporting import report_of_checkpoint
from boldhw.report.html import read_builds, read_history, read_run, write_report


@verb()
@click.argument("run", type=click.Path(), default="build/demo")
@click.option("--builds", type=options.DIRECTORY, default="build", show_default=True)
@click.option("-o", "--output", type=options.FILE, default="report.html", show_default=True)
def report(run, builds, output):
    """Write report.html of an earlier run.

    RUN is a checkpoint of boldhw train, whose epochs are in the file beside it, or the folder of a
    run of boldhw demo, build/demo by default.
    """
    if os.path.isfile(run):
        return {"report": str(report_of_checkpoint(run, output))}
    found, epochs = read_run(run)
    written = write_report(found, epochs, read_builds(builds), read_history(builds), output)
    return {"report": str(written)}
