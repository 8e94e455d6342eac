"""Throughput of a device as its driver sees it, of layers or of op lists."""

import time

import numpy as np

from boldhw.flow.op_lists import settings_of
from boldhw.golden.graph.network import GraphNetwork
from boldhw.spec.ops.heads import is_trained
from boldhw.spec.ops.protocol import OpBank, OpRegister
from boldhw.spec.protocol import Bank, Register

ROUND_TRIPS = 200
MEMORY_BYTES = 20_000
SAMPLES = 200


def link_throughput(device):
    """Return how fast the link of a Device or GraphDevice is, in seconds of this machine.

    ``latency_us`` is the median of a register read, ``latency_us_99`` what 99 of 100 stay below.
    ``source`` reads memory, ``sink`` writes it, ``loopback`` does both with what it wrote.
    ``resent`` counts the frames that were sent again. The network in the device is lost.
    """
    config, before = device.config, device.resent
    bank, register = (
        (OpBank.DATA, OpRegister.BATCH) if config.runs_ops else (Bank.DATA, Register.BATCH)
    )
    rows = min(MEMORY_BYTES // config.data_bytes, config.data_rows)
    data = np.random.default_rng(0).bytes(rows * config.data_bytes)
    device.reset()
    latency = [_seconds(lambda: device.read_register(register)) for _ in range(ROUND_TRIPS)]
    sink = _seconds(lambda: device.write_memory(bank, 0, data))
    source = _seconds(lambda: device.read_memory(bank, 0, rows))
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
    return _measured(device, bits, labels)


def graph_device_throughput(device, spec, seed):
    """Return the same of a GraphDevice and a network that has not been trained.

    What a device only infers has no figures of training.
    """
    generator, size = np.random.default_rng(0), device.size
    graph = GraphNetwork(spec, settings_of(spec, size), seed, size.accumulator_bits)
    bits = generator.random((SAMPLES, spec.inputs)) < 0.5
    trains = is_trained(spec) and not size.inference
    labels = generator.integers(0, spec.output.outputs, SAMPLES) if trains else None
    device.load(graph)
    return _measured(device, bits, labels)


def _measured(device, bits, labels):
    """Return what a device does with samples in a second; trains on none without labels."""
    result = {}
    calls = {"inference": lambda: device.infer(bits)}
    if labels is not None:
        calls["training"] = lambda: device.train(bits, labels)
    for name, call in calls.items():
        seconds, cycles = _run(device, call)
        result[f"{name}_samples_per_second"] = round(len(bits) / seconds)
        result[f"{name}_cycles_per_sample"] = round(cycles / len(bits), 1)
        result[f"{name}_cycles_per_second"] = round(cycles / seconds)
    return result


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
