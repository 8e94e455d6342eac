"""``boldhw report``."""

import click

from boldhw.cli import options
from boldhw.cli.output import verb
from boldhw.report.html import read_builds, read_history, read_run, write_report


@verb()
@click.argument("run", type=options.DIRECTORY, default="build/demo")
@click.option("--builds", type=options.DIRECTORY, default="build", show_default=True)
@click.option("-o", "--output", type=options.FILE, default="report.html", show_default=True)
def report(run, builds, output):
    """Write report.html anew from the JSON and JSONL of an earlier run.

    RUN is the directory of the run, build/demo by default.
    """
    found, epochs = read_run(run)
    written = write_report(found, epochs, read_builds(builds), read_history(builds), output)
    return {"report": str(written)}
