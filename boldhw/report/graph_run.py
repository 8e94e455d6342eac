"""The demonstration of networks of layers: a simulated board learns digits by op lists."""

import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from boldhw import data
from boldhw.check.graph_lockstep import GraphLockStep
from boldhw.check.lockstep import Difference
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.programs import versions
from boldhw.report.html import pack
from boldhw.report.run import write
from boldhw.spec.network import Network
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.protocol import COUNTERS

RUNS = {"forward": "samples", "backward": "active", "update": "updates"}  # what a list runs for


@dataclass(frozen=True)
class GraphJob:
    """What is trained, and on what. The default is the demonstration.

    network is a Network, or its shorthand. constants: of the governors, the smaller margin at
    first is for few samples; an update takes as many active ones as the board gathers at most.
    """

    network: Network | str = "28x28-7k5p2-14k5p2-10"
    data: str = "mnist5k"
    train_size: int = 900
    test_size: int = 200
    epochs: int = 2
    seed: int = 1
    constants: Constants = field(default_factory=lambda: Constants(margin_first=24))


def run_graph_demo(
    device, job, on_epoch=lambda entry: None, on_update=lambda stats: None, directory=None
):
    """Train ``job`` on a device in lock-step with the golden graph; return the run as a dict.

    A record of it, see :mod:`boldhw.report.html`, is written to ``directory``, if there is one,
    after every epoch. ``on_epoch`` gets a dict for each epoch, ``on_update`` the TrainStats of each
    part that was compared. A difference ends the run: ``bit_exact`` is then False and
    ``first_difference`` says where it is. Raises ConfigError for a network that the device does not
    hold.
    """
    network = Network.of(job.network)
    dataset = data.load(job.data, job.train_size, job.test_size)
    code = (
        Levels((data.THRESHOLD,))
        if network.sample.planes == 1
        else Levels.spread(network.sample.planes)
    )
    code.check(network.sample, dataset.x_train, dataset.name)
    constants = replace(job.constants, batch=min(job.constants.batch, device.size.batch))
    golden = _graph(network, device.size, constants, job.seed, dataset, code)
    lockstep: Any = GraphLockStep(golden, device, on_update)  # a graph for the trainer
    trainer = GraphTrainer(
        lockstep,
        constants,
        job.epochs,
        len(dataset.y_train),
        job.seed,
        code,
    )
    begin = time.perf_counter()
    entries: list[dict[str, Any]] = []
    samples = dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test
    settings = _settings(network, job, constants, device)
    settings["weights"] = {"start": pack(golden.layers[0].weights)}

    def totals(difference=None):
        """Write the record; return what there is of the run."""
        found = {
            "network": str(network),
            "test_accuracy": entries[-1]["accuracy"] if entries else None,
            "bit_exact": difference is None,
            "first_difference": difference,
            "updates_checked": lockstep.updates_checked,
            **_totals(device),
            "seconds": round(time.perf_counter() - begin, 1),
        }
        if directory is not None:
            settings["weights"]["end"] = pack(golden.layers[0].weights)
            write(settings | found | {"passes": _passes(device)}, entries, directory)
        return found

    difference = None
    try:
        lockstep.start()
        for stats in trainer.run(*samples):
            right = golden.infer(code(dataset.x_test)).argmax(axis=1) == dataset.y_test
            entries.append(_entry(stats, float(np.mean(right))))
            totals()
            on_epoch(entries[-1])
    except Difference as found:
        difference = str(found)
    return totals(difference)


def _settings(network, job, constants, device):
    """Return what a record has of a run from the start on."""
    engine = LinkedArray(device.size)
    return {
        "data": job.data,
        "train_size": job.train_size,
        "test_size": job.test_size,
        "epochs": job.epochs,
        "seed": job.seed,
        "layers": [
            {"name": each.name, "outputs": each.outputs, "inputs": each.inputs}
            for each in network.layers
        ],
        "hyper": asdict(constants),
        "engine": asdict(device.size),
        "design_digest": engine.digest().hex(),
        "versions": versions(),
    }


def _graph(network, size, constants, seed, dataset, code):
    """Return an untrained golden graph, with accumulators of an array."""
    bits = code(dataset.x_train)
    settings = start(
        network,
        constants,
        int(256 * np.count_nonzero(bits) / bits.size),
        bits=size.accumulator_bits,
    )
    return fastest(network, settings, seed, size.accumulator_bits, bits, dataset.y_train)


def _entry(stats, golden_accuracy):
    """Return one JSON-able dict of an epoch."""
    return {
        "epoch": stats.epoch,
        "accuracy": stats.test_accuracy,
        "golden_accuracy": golden_accuracy,
        "active_fraction": stats.active / stats.samples,
        "updates": stats.updates,
        "flips": list(stats.flips),
        "samples": stats.samples,
        "seconds": round(stats.seconds, 3),
    }


def _passes(device):
    """Return one dict per list: how often it ran, cycles counted, cycles of the model.

    Forward lists are those of inferred samples too, so their number is that of the cycles.
    """
    counters, found = device.stat(), []
    for name, runs in RUNS.items():
        cost = sum(cycles(device.program.lists[name], device.size))
        counted = counters[f"cycles_{name}"]
        count = round(counted / cost) if name == "forward" else counters[runs]
        found.append({"name": name, "runs": count, "cycles": counted, "model": cost * count})
    return found


def _totals(device):
    """Return samples and cycles that the board counted, whether they are the model's, and the rate.

    Cycles of samples that were only inferred are those of their forward lists, and left out.
    """
    counters = device.stat()
    cost = {name: sum(cycles(ops, device.size)) for name, ops in device.program.lists.items()}
    model = {name: cost[name] * counters[runs] for name, runs in RUNS.items()}
    found = {name: counters[f"cycles_{name}"] for name in ("backward", "update")}
    total = model["forward"] + sum(found.values())
    return {
        **{name: counters[name] for name in COUNTERS[3:]},
        "cycles": total,
        "cycles_as_model": all(found[name] == model[name] for name in found)
        and counters["cycles_forward"] % cost["forward"] == 0,
        "samples_per_second": round(counters["samples"] * device.identity.clock_hz / total)
        if total
        else None,
        "clock_hz": device.identity.clock_hz,
    }
