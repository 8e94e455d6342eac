"""Networks of layers for the driver's tests, and a golden graph beside a device."""

from dataclasses import replace

import numpy as np
from boldhost.graph_device import GraphDevice
from boldhost.link import Link
from support.graph_cases import conv

from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.settings import GraphLayerSettings, GraphSettings
from boldhw.spec.network import Network
from boldhw.spec.ops import packing
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.fixed import fixed_of
from boldhw.spec.ops.program import compiled
from boldhw.spec.protocol import COUNTERS

# One engine for all networks here: it takes most of a minute to build.
SIZE = ArraySize(
    elements=4, lanes=16, batch=4, accumulator_bits=8, segments=2, data_rows=2048, weight_rows=256,
    delta_rows=64, unit_rows=8, counter_rows=32, score_rows=126,
)  # fmt: skip
NETWORKS = (
    "10x10-5k3p2-6",  # an image, pooled
    "8x6-4k3p2-5k3-6",  # two convolutions, one granule of several a word
    "6x6x4-6k3-4",  # planes of a sample, which is longer than a frame
    "40-9-4",  # dense layers only
)


def with_places(head, **fields):
    """Return a Network that has scores at each of 3 x 4 places, through a window and a skip."""
    taps = [{"source": "a"}, {"source": "b"}]
    layers = [
        conv("a", {"side": 3, "pool": 2}, 5, ("input",)),
        conv("b", {"side": 3}, 6, ("a",)),
        {"name": "z", "kind": "conv", "kernel": {"side": 1}, "taps": taps, "outputs": 10},
    ]
    return Network.from_dict(
        {"inputs": [6, 8, 1], "layers": layers, "head": {"kind": head} | fields}
    )


def make_settings(network, generator, *, batch=3, per_class=1, bits=8, plain=False):
    """Return settings of any kind; sums are often near their thresholds.

    plain: nothing decays, and inputs are {0,T} coded: what a plain array takes.
    """
    layers = []
    for layer in network.layers:
        spread = 1 + round(layer.inputs**0.5)
        layers.append(
            GraphLayerSettings(
                tau=generator.integers(-spread, spread, layer.outputs, np.int32),
                window=generator.integers(0, 3 * spread, layer.outputs, np.int32),
                dead=int(generator.integers(0, 2)),
                theta=int(generator.integers(1, min(6, 1 << bits - 1))),
                rounding=int(generator.integers(0, batch.bit_length())) if layer.kernel else 0,
                decay=int(generator.choice([0, 300])) * (not plain),
                zero_true=bool(generator.integers(2)) or plain,
            )
        )
    return GraphSettings(
        layers=layers, margin=int(generator.integers(0, 20)), batch=batch,
        outputs_per_class=per_class,
    )  # fmt: skip


def make_graph(text, seed=1, *, frozen=(), size=SIZE, **options):
    """Return a golden graph with random weights, accumulators and settings.

    text: as Network.parse takes it, or a Network.
    """
    network = Network.parse(text) if isinstance(text, str) else text
    if frozen:
        network = network.frozen(list(frozen))
    generator = np.random.default_rng(seed)
    settings = make_settings(
        network, generator, bits=size.accumulator_bits, plain=size.plain, **options
    )
    graph = GraphNetwork(network, settings, seed, size.accumulator_bits)
    for layer in graph.layers:
        if layer.spec.learns:
            top = layer.settings.theta
            layer.accumulators[...] = generator.integers(1 - top, top, layer.accumulators.shape)
    return graph


def made_for(text, size):
    """Return the size for one network alone, with settings as the bench of the core has them."""
    graph = make_graph(text, size=size, batch=2)
    return replace(size, fixed=fixed_of(compiled(graph.spec, size, graph.settings).lists.values()))


def make_samples(graph, count, seed=2):
    """Return random samples with labels."""
    generator = np.random.default_rng(seed)
    bits = generator.random((count, graph.spec.inputs)) < 0.4
    return bits, generator.integers(0, graph.classes, count)


def connect(board, graph=None):
    """Return the device at a board, with a graph loaded."""
    device = GraphDevice(Link(board, timeout=0.5))
    if graph:
        device.load(graph)
    return device


def differences(device, graph):
    """Return the names of what differs between a device and a golden graph."""
    found = []
    if device.state_crc() != packing.state_crc(device.program.memory, graph):
        found.append("checksums")
    weights, turned = device.read_weights(), device.read_weights(turned=True)
    accumulators, counts = device.read_accumulators(), device.read_counters()
    for number, layer in enumerate(graph.layers):
        name, edges = layer.spec.name, device.program.memory.edges[layer.spec.name]
        has_turned = np.zeros(layer.weights.shape[1], bool)
        for edge in edges:
            has_turned[edge.inputs] = edge.turns
        pairs = {
            "weights": (weights[number], layer.weights),
            "transposed weights": (turned[number], layer.weights & has_turned),
            "accumulators": (accumulators[number], layer.accumulators),
            "T's": (counts[number].fires, layer.counts.fires),
            "gates": (counts[number].gated, layer.counts.gated),
            "|g| and flips": (
                (counts[number].size, counts[number].flips),
                (layer.counts.size, layer.counts.flips),
            ),
        }
        found += [
            f"{what} of {name}"
            for what, (mine, golden) in pairs.items()
            if mine is not None and not np.array_equal(mine, golden)
        ]
    return found


def in_step(device, graph, bits, labels):
    """Train both, compare after each update and after a flush; return what differs."""
    done = 0
    while done < len(bits):
        stats = graph.train(bits[done:], labels[done:], stop_at_update=True)
        part = slice(done, done + stats.samples)
        found = device.train(bits[part], labels[part])
        done += stats.samples
        if found != stats:
            return [f"{found}, not {stats}"]
        if stats.updates and (wrong := differences(device, graph)):
            return wrong
    if (found := device.flush()) != (stats := graph.flush()):
        return [f"{found}, not {stats}"]
    return differences(device, graph)


def expected_counters(device, samples, active, hits, updates):
    """Return the counters of STAT by the cycle model."""
    cost = {name: sum(cycles(ops, device.size)) for name, ops in device.program.lists.items()}
    values = (
        cost["forward"] * samples, cost["backward"] * active, cost["update"] * updates,
        samples, active, hits, updates,
    )  # fmt: skip
    return dict(zip(COUNTERS, values, strict=True))
