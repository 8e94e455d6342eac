"""The demonstration: the simulated board learns digits, checked against the golden model."""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from boldhw import data
from boldhw.check.lockstep import Difference, LockStep
from boldhw.data.files import replace_file
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer
from boldhw.programs import versions
from boldhw.report.html import EPOCHS, SETTINGS, pack
from boldhw.spec import cycles

RUNS = {"forward": "samples", "backward": "active", "update": "updates"}  # what a pass runs for


@dataclass(frozen=True)
class Job:
    """What is trained, and on what. The default is the demonstration.

    theta is for a few thousand samples.
    """

    widths: tuple = (784, 72, 10)
    data: str = "mnist5k"
    train_size: int = 4000
    test_size: int = 1000
    epochs: int = 10
    seed: int = 1
    hyper: Hyper = field(default_factory=lambda: Hyper(theta=6))


def run_demo(device, job, directory, on_epoch=lambda entry: None, on_update=lambda stats: None):
    """Train ``job`` on a device in lock-step with the golden model; return the run as a dict.

    The run, see :mod:`boldhw.report.html`, is written to ``directory`` after every epoch, so an
    interrupted one can be looked at too. ``on_epoch`` gets the line of each epoch, ``on_update``
    the TrainStats of each part that was compared. A difference ends the run: ``bit_exact`` is then
    False and ``first_difference`` says where it is.
    """
    golden = Network(job.widths, device.config, job.seed)
    run = _settings(job, device)
    run["weights"] = {"start": pack(golden.weights[0])}
    lockstep = LockStep(golden, device, on_update)
    epochs, start = [], time.perf_counter()
    try:
        lockstep.start()
        for entry in _epochs(job, lockstep):
            epochs.append(entry)
            write(_totals(run, lockstep, epochs, start), epochs, directory)
            on_epoch(entry)
    except Difference as difference:
        run.update(bit_exact=False, first_difference=str(difference))
        write(_totals(run, lockstep, epochs, start), epochs, directory)
    return run


def _settings(job, device):
    return {
        "network": list(job.widths),
        **{k: v for k, v in vars(job).items() if k not in ("widths", "hyper")},
        "hyper": asdict(job.hyper.fitting(device.config)),
        "engine": asdict(device.config),
        "design_digest": device.config.digest().hex(),
        "versions": versions(),
        "bit_exact": True,
        "first_difference": None,
    }


def _epochs(job, lockstep):
    """Yield one JSON-able dict per epoch."""
    samples = data.load(job.data, job.train_size, job.test_size).samples()
    test_bits, test_labels = samples[2:]
    hyper = job.hyper.fitting(lockstep.config)
    trainer = Trainer(lockstep.golden, hyper, job.epochs, job.seed, backend=lockstep)
    for stats in trainer.run(*samples):
        golden = lockstep.golden.infer(test_bits).argmax(axis=1) == test_labels
        yield {
            "epoch": stats.epoch,
            "accuracy": stats.test_accuracy,
            "golden_accuracy": float(np.mean(golden)),
            "active_fraction": stats.active / stats.samples,
            "updates": stats.updates,
            "flips": list(stats.flips),
            "samples": stats.samples,
            "seconds": round(stats.seconds, 3),
        }


def _totals(run, lockstep, epochs, start):
    """Bring the totals of a run up to date and return it."""
    passes = _passes(lockstep.device)
    # The device's are the same: their CRC-32 has just been compared.
    run["weights"]["end"] = pack(lockstep.golden.weights[0])
    run.update(
        test_accuracy=epochs[-1]["accuracy"] if epochs else None,
        updates_checked=lockstep.updates_checked,
        samples=passes[0]["runs"],
        passes=passes,
        cycles=sum(each["cycles"] for each in passes),
        seconds=round(time.perf_counter() - start, 1),
    )
    return run


def _passes(device):
    """Return one dict per pass: how often training ran it, cycles counted, cycles of the model."""
    counters, cost = device.stat(), vars(cycles.predict(device.config, device.widths))
    return [
        {
            "name": name,
            "runs": counters[count],
            "cycles": device.cycles[name],
            "model": cost[name] * counters[count],
        }
        for name, count in RUNS.items()
    ]


def write(run, epochs, directory):
    """Write a run and its epochs into a directory, as :mod:`boldhw.report.html` reads them."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    replace_file(directory / SETTINGS, json.dumps(run, indent=1) + "\n")
    replace_file(directory / EPOCHS, "".join(json.dumps(entry) + "\n" for entry in epochs))
