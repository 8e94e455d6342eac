"""``boldhw demo --network``: a simulated board that runs op lists learns digits."""

import time
from dataclasses import replace

from boldboards.icebreaker import ARRAY as ENGINE
from boldhost.graph_device import GraphDevice

from boldhw.cli import options
from boldhw.cli.output import progress, say
from boldhw.report.graph_run import GraphJob, run_graph_demo

DEFAULT = GraphJob()


def demo_network(network, settings, output):
    """Train a network on the simulated board in lock-step; return the result of the verb.

    settings: epochs, sizes and seed that were given on the command line.  output: folder of the
    record.
    """
    job = replace(DEFAULT, network=network, **settings)
    say("Building the simulated board, a minute or two the first time ...")
    with (
        options.open_device("sim", ENGINE, GraphDevice) as device,
        progress(job.epochs * job.train_size, "training") as step,
    ):
        live = _Live(step)
        found = run_graph_demo(device, job, live.on_epoch, live.on_update, output)
    if found["samples_per_second"]:
        say(
            f"{found['samples_per_second']} training samples/s by simulated cycles x clock of "
            f"{found['clock_hz'] / 1e6:g} MHz; no board was measured"
        )
    return found


class _Live:
    """Tells how the training goes: a bar on a terminal, a line per epoch anywhere."""

    def __init__(self, step):
        self._step = step
        self._start, self._samples = time.perf_counter(), 0
        self._accuracy = ""

    def on_update(self, stats):
        """Move the bar on."""
        self._samples += stats.samples
        rate = self._samples / (time.perf_counter() - self._start)
        text = f"{rate:.0f} samples/s in simulation, {stats.active} active{self._accuracy}"
        self._step(stats.samples, text)

    def on_epoch(self, entry):
        """Print the line of an epoch."""
        self._accuracy = f", {100 * entry['accuracy']:.1f} %"
        flips = ", ".join(f"layer {n}: {count}" for n, count in enumerate(entry["flips"], 1))
        say(
            f"epoch {entry['epoch']:2}: {100 * entry['accuracy']:.2f} % on held-out digits, "
            f"{entry['updates']} updates equal, flips in {flips}, "
            f"{100 * entry['active_fraction']:.0f} % active, {entry['seconds']:.0f} s"
        )
