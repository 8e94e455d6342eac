"""Throughput of the golden model and of the simulated board."""

import time
from statistics import median

import numpy as np
from boldboards.icebreaker import ENGINE as ICEBREAKER

from boldhw import data
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network


def golden_throughput(network="784-256-10", name="mnist5k", samples=20000, runs=5, kind=Network):
    """Return samples/s of the first training epoch and of inference, medians of several runs.

    The samples of data set ``name``, thresholded, are repeated as often as needed. ``kind`` is
    Network or CompiledNetwork.
    """
    bits, labels = data.load(name).samples()[:2]
    pick = np.arange(samples) % len(labels)
    bits, labels = bits[pick], labels[pick]
    popcount = np.count_nonzero(bits) / samples
    training, inference = [], []
    for seed in range(runs):
        model = kind(network, seed=seed)
        model.configure(Hyper().settings(model.config, model.graph, popcount=popcount))
        training.append(samples / _seconds(model.train, bits, labels))
        inference.append(samples / _seconds(model.infer, bits))
    return {
        "network": network,
        "samples": samples,
        "runs": runs,
        "training_samples_per_second": round(median(training)),
        "inference_samples_per_second": round(median(inference)),
    }


def compiled_throughput(network="784-256-10", **options):
    """Return the same for the compiled golden model, ready to run. ToolError: it is missing."""
    from boldhw.golden.compiled import CompiledNetwork

    golden_throughput(network, **{**options, "runs": 1}, kind=CompiledNetwork)  # compiles
    return golden_throughput(network, **options, kind=CompiledNetwork)


def simulator_throughput(config=ICEBREAKER, network="784-72-10", samples=400, clock_hz=None):
    """Return clock cycles/s and samples/s of the simulated board, driver and link included.

    Random samples are trained and inferred through the driver, which is the one of a real board.
    ``engine_share`` is the part of the time that the simulation of the engine took, 0 to 1; driver
    and link took the rest.
    """
    # Imported here: the golden model is measured on machines without HDL tools too.
    from boldhost.device import Device
    from boldhost.link import Link

    from boldhw.cosim.transport import SimTransport

    generator = np.random.default_rng(0)
    model = Network(network, config)
    bits = generator.random((samples, model.widths[0])) < 0.5
    labels = generator.integers(0, model.settings.classes, samples)
    board = SimTransport(config, clock_hz=clock_hz)
    with Device(Link(board)) as device:
        device.load(model)
        start, simulated = board.cycles, board.seconds
        training = _seconds(device.train, bits, labels)
        inference = _seconds(device.infer, bits)
        cycles, simulated = board.cycles - start, board.seconds - simulated
    return {
        "network": network,
        "samples": samples,
        "cycles": cycles,
        "cycles_per_second": round(cycles / (training + inference)),
        "engine_share": round(simulated / (training + inference), 3),
        "training_samples_per_second": round(samples / training),
        "inference_samples_per_second": round(samples / inference),
    }


def _seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start
