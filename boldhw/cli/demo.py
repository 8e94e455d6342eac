"""``boldhw demo``."""

import time
from dataclasses import replace
from pathlib import Path

import click

from boldhw.cli import options
from boldhw.cli.graph_demo import demo_network
from boldhw.cli.output import progress, say, verb
from boldhw.cli.saving import given
from boldhw.data.files import check_writable
from boldhw.errors import CheckError
from boldhw.report.html import read_builds, read_history, read_run, write_report
from boldhw.report.page import template
from boldhw.report.run import Job, run_demo

DEFAULT = Job()
SHOWN = (
    "test_accuracy",
    "bit_exact",
    "first_difference",
    "updates_checked",
    "cycles",
    "samples",
    "seconds",
)


@verb(exit_code=lambda result: 0 if result["bit_exact"] else CheckError.exit_code)
@click.option(
    "--network",
    type=options.NETWORK,
    help="Graph of layers, such as 28x28-7k5p2-14k5p2-10, that op lists train.",
)
@click.option("--epochs", type=int, default=DEFAULT.epochs, show_default=True)
@click.option("--train-size", type=int, default=DEFAULT.train_size, show_default=True)
@click.option("--test-size", type=int, default=DEFAULT.test_size, show_default=True)
@options.seed
@click.option("--output", type=options.DIRECTORY, default="build/demo", show_default=True)
@click.option("--report", type=options.FILE, default="report.html", show_default=True)
def demo(network, output, report, **settings):
    """Train 784-72-10 on digits on the simulated board, checked against the golden model.

    The host driver talks to a simulation of the design for the iCEBreaker. After every update
    the weights and accumulators of the hardware must be those of the golden model.

    With --network a design that runs op lists learns digits with convolutions, in fewer epochs of
    fewer digits unless others are given.
    """
    template("demo")  # what it lacks is said now, not when all is done
    for directory in (Path(output), Path(report).parent):  # now, not when all is done
        directory.mkdir(parents=True, exist_ok=True)
    check_writable(report)
    if network is not None:
        found = demo_network(network, {name: settings[name] for name in given(settings)}, output)
        return {**found, "report": _report(output, report)}
    job = replace(DEFAULT, **settings)
    say("Building the simulated board, about a minute the first time ...")
    with (
        options.open_device("sim", None) as device,
        progress(job.epochs * job.train_size, "training") as step,
    ):
        live = _Live(step)
        try:
            run = run_demo(device, job, output, live.on_epoch, live.on_update)
        except KeyboardInterrupt:
            say(f"interrupted; for the epochs that are done type: boldhw report {output}")
            raise
    return {**{name: run[name] for name in SHOWN}, "report": _report(output, report)}


def _report(output, path):
    """Write the report of the run in a folder; return its path."""
    run, epochs = read_run(output)
    write_report(run, epochs, read_builds("build"), read_history("build"), path)
    return path


class _Live:
    """Tells how the training goes: a bar on a terminal, a line per epoch anywhere."""

    def __init__(self, step):
        self._step = step
        self._start, self._samples = time.perf_counter(), 0
        self._flips, self._accuracy = (), ""

    def on_update(self, stats):
        """Move the bar on."""
        self._samples += stats.samples
        self._flips = stats.flips if stats.updates else self._flips
        rate = self._samples / (time.perf_counter() - self._start)
        flips = " + ".join(map(str, self._flips))
        text = f"{rate:.0f} samples/s, flips of the last update {flips}{self._accuracy}"
        self._step(stats.samples, text)

    def on_epoch(self, entry):
        """Print the line of an epoch."""
        self._accuracy = f", {100 * entry['accuracy']:.1f} %"
        flips = ", ".join(f"layer {n}: {count}" for n, count in enumerate(entry["flips"], 1))
        say(
            f"epoch {entry['epoch']:2}: {100 * entry['accuracy']:.2f} % on held-out digits, "
            f"{entry['updates']} updates equal, flips in {flips}, "
            f"{entry['samples'] / entry['seconds']:.0f} samples/s"
        )
