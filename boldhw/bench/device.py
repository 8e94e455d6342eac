"""Throughput of a device as its driver sees it."""

import time

import numpy as np

from boldhw.spec.protocol import Bank, Register

ROUND_TRIPS = 200
MEMORY_BYTES = 20_000
SAMPLES = 200


def link_throughput(device):
    """Return how fast a link is in every direction, in seconds of this machine.

    ``latency_us`` is the median of a register read, ``latency_us_99`` what 99 of 100 stay below.
    ``source`` reads memory, ``sink`` writes it, ``loopback`` does both with what it wrote.
    ``resent`` counts the frames that were sent again. The network in the device is lost.
    """
    before, rows = device.resent, device.config.data_rows
    rows = min(MEMORY_BYTES // device.config.data_bytes, rows)
    data = np.random.default_rng(0).bytes(rows * device.config.data_bytes)
    device.reset()
    latency = [_seconds(lambda: device.read_register(Register.BATCH)) for _ in range(ROUND_TRIPS)]
    sink = _seconds(lambda: device.write_memory(Bank.DATA, 0, data))
    source = _seconds(lambda: device.read_memory(Bank.DATA, 0, rows))
    return {
        "latency_us": round(1e6 * float(np.median(latency)), 1),
        "latency_us_99": round(1e6 * float(np.percentile(latency, 99)), 1),
        "sink_bytes_per_second": round(len(data) / sink),
        "source_bytes_per_second": round(len(data) / source),
        "loopback_bytes_per_second": round(len(data) / (sink + source)),
        "resent": device.resent - before,
    }


def device_throughput(device, network):
    """Return what a device and its link do in a second, and the cycles of one sample.

    On a simulated board the seconds are those of the simulation; only cycles carry over to
    hardware. The network is loaded, trained on random samples and lost.
    """
    generator = np.random.default_rng(0)
    bits = generator.random((SAMPLES, network.widths[0])) < 0.5
    labels = generator.integers(0, network.settings.classes, SAMPLES)
    device.load(network)
    infer, infer_cycles = _run(device, lambda: device.infer(bits))
    train, train_cycles = _run(device, lambda: device.train(bits, labels))
    return {
        "inference_samples_per_second": round(SAMPLES / infer),
        "inference_cycles_per_sample": round(infer_cycles / SAMPLES, 1),
        "training_samples_per_second": round(SAMPLES / train),
        "training_cycles_per_sample": round(train_cycles / SAMPLES, 1),
    }


def _run(device, function):
    """Return (seconds, cycles of the core) of a call."""
    before = _cycles(device)
    seconds = _seconds(function)
    return seconds, _cycles(device) - before


def _cycles(device):
    counters = device.stat()
    return sum(counters[name] for name in counters if name.startswith("cycles_"))


def _seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
