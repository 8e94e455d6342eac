"""Networks of all kinds of layers, settings and samples for tests of the golden graph."""

import numpy as np

from boldhw.golden.graph.settings import GraphLayerSettings, GraphSettings
from boldhw.spec.network import Network


def conv(name, kernel, outputs, *taps, **fields):
    """Return the JSON of a convolution. taps: (source, dy, dx)."""
    keys = ("source", "dy", "dx")
    taps = [dict(zip(keys, tap, strict=False)) for tap in taps]
    return {"name": name, "kind": "conv", "kernel": kernel, "taps": taps, "outputs": outputs,
            **fields}  # fmt: skip


BRANCHES = {
    "inputs": [8, 6, 3],
    "layers": [
        conv("near", {"side": 3}, 5, ("input",)),
        conv("far", {"side": 3, "dilation": 2}, 67, ("input",)),
        conv("both", {"side": 1, "pool": 2}, 6,
             ("near",), ("far", 1, -1), ("input",), ("near", 0, 1)),
        conv("strided", {"side": 3, "stride": 2, "padding": 2}, 9, ("far",), learns=False),
        {"name": "out", "taps": [{"source": s} for s in ("both", "near", "strided")], "outputs": 6},
    ],
}  # fmt: skip
TERNARY = {
    "inputs": [7, 6, 3],
    "ternary": True,
    "layers": [
        conv("three", {"side": 3}, 66, ("input",), activation="ternary"),
        conv("two", {"side": 3, "dilation": 2, "pool": 1}, 5, ("input",)),
        conv("mixed", {"side": 3}, 9, ("three",), ("two",), ("input", 1, 0), activation="ternary"),
        conv("pooled", {"side": 2, "padding": 0, "pool": 1, "stride": 1}, 4, ("two",)),
        {"name": "out", "taps": [{"source": "mixed", "gain": 2}, {"source": "two", "gain": 1},
                                 {"source": "pooled"}], "outputs": 6},
    ],
}  # fmt: skip
DENSE_TERNARY = {
    "inputs": 70,
    "layers": [
        {"name": "a", "taps": [{"source": "input"}], "outputs": 65, "activation": "ternary"},
        {"name": "b", "taps": [{"source": "a"}, {"source": "input"}], "outputs": 9},
        {"name": "c", "taps": [{"source": "b"}, {"source": "a", "gain": 3}], "outputs": 6},
    ],
}
NETWORKS = {
    "chain": "70-9-8-6",
    "pooled": "8x12x3-7k5p2-66k3p2-6",
    "unpadded": "9x7-5k4z0p2-4k2z0-6",
    "strided": "9x7x2-6k3s2-5k3s2z0-12-6",
    "dilated": "10x9-5k3d2p1-4k3d3z1-6",
    "wide": "4x4x130-3k3p2-6",
    "branches": BRANCHES,
    "ternary": TERNARY,
    "dense-ternary": DENSE_TERNARY,
    "pooled-ternary": {
        "inputs": [8, 8, 2],
        "layers": [
            conv("a", {"side": 3, "pool": 2}, 7, ("input",), activation="ternary"),
            {"name": "b", "taps": [{"source": "a"}], "outputs": 6},
        ],
    },
}

BITS_ONLY = [name for name in NETWORKS if "ternary" not in name]


def network(name):
    """Return a network of NETWORKS."""
    described = NETWORKS[name]
    return Network.parse(described) if isinstance(described, str) else Network.from_dict(described)


def settings(spec, seed, batch=5, rounding=0, **fields):
    """Return random settings; convolutions round by ``rounding`` bits. fields: of each layer."""
    generator = np.random.default_rng(seed)
    layers = []
    for layer in spec.layers:
        spread = round(layer.inputs**0.5)
        tau = generator.integers(-spread, spread + 1, layer.outputs, np.int32)
        tau = np.abs(tau) if layer.is_ternary else tau
        window = generator.integers(0, 3 * spread + 2, layer.outputs, np.int32)
        own = {
            "tau": tau,
            "window": window,
            "dead": int(generator.integers(0, 2)),
            "theta": int(generator.integers(1, 6)),
            "zero_true": bool(generator.integers(2)),
        }
        own["rounding"] = rounding if layer.kernel else 0
        layers.append(GraphLayerSettings(**own | fields))
    return GraphSettings(layers=layers, margin=7, batch=batch)


def samples(spec, count, seed, classes=6):
    """Return random samples with something to learn, bits or three values, and labels."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, count)
    means = generator.random((classes, spec.inputs)) < 0.5
    noise = generator.random((count, spec.inputs)) < 0.2
    bits = means[labels] ^ noise
    if spec.ternary:
        return np.where(generator.random(bits.shape) < 0.3, 0, 2 * bits - 1).astype(np.int8), labels
    return bits, labels


def is_ternary(spec, name):
    """Return whether a source is three-valued."""
    return spec.ternary if name == "input" else spec.layer(name).is_ternary


def state(graph):
    """Return copies of all that training changes, layer by layer."""
    return [
        (layer.weights.copy(), layer.accumulators.copy(), layer.balance.copy(),
         None if layer.pending is None else layer.pending.copy(), layer.counts.fires.copy(),
         layer.counts.gated.copy(), layer.counts.size, layer.counts.flips)
        for layer in graph.layers
    ]  # fmt: skip


def same(one, other):
    """Return whether two states are equal to the bit."""
    return all(
        np.array_equal(a, b)
        for layers in zip(one, other, strict=True)
        for a, b in zip(*layers, strict=True)
    )


def assert_same_bits(networks, inputs, labels, kept=state):
    """Train two networks in pieces; compare everything after each. kept: returns their state."""
    definition, compiled = networks
    updates = 0
    for part in (slice(0, 17), slice(17, 18), slice(18, None)):
        stats = definition.train(inputs[part], labels[part])
        assert compiled.train(inputs[part], labels[part]) == stats
        assert same(kept(definition), kept(compiled))
        updates += stats.updates
    assert definition.flush() == compiled.flush()
    assert same(kept(definition), kept(compiled))
    assert np.array_equal(definition.infer(inputs), compiled.infer(inputs))
    assert updates > 3
