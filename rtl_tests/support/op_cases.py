"""Random graphs and arrays, and the golden graph beside the op lists that run for it."""

from dataclasses import replace

import numpy as np

from boldhw.errors import ConfigError
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.settings import GraphLayerSettings, GraphSettings
from boldhw.golden.ops.machine import Machine
from boldhw.spec.network import Network
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops import images
from boldhw.spec.ops.array import MOST_SEGMENTS, PLANE_STRIDE, ArraySize
from boldhw.spec.ops.memory import MemoryMap
from boldhw.spec.ops.program import fitted

SAMPLES = 10


def random_graph(generator, head=None):
    """Return a Network of one to four layers in front of the scores.

    head: kind of one that takes scores of a map; None: that of classes.
    """
    side = generator.integers(4, 12, 2).tolist()
    sizes = {"input": (*side, int(generator.choice([1, 1, 2, 3, 4, 7])))}
    if generator.random() < 0.1:
        sizes = {"input": (1, 1, int(generator.integers(5, 60)))}
    unread, layers = [], []
    for number in range(int(generator.integers(1, 5))):
        layer, made = _fitting(generator, f"layer{number}", sizes, layers, unread)
        layers.append(layer)
        sizes[layer["name"]] = (made.height, made.width, made.planes)
        read = {tap["source"] for tap in layer["taps"]}
        # All but the layers that the new one reads still need a reader; some get two.
        unread = [name for name in unread if name not in read or generator.random() < 0.3]
        unread.append(layer["name"])
    outputs = int(generator.choice([4, 6, 12]))
    if head:
        return _with_map(generator, head, sizes, layers, unread, outputs)
    return _network(sizes, [*layers, _dense("out", unread, outputs)])


def _with_map(generator, head, sizes, layers, unread, outputs):
    """Return a Network whose last layer is a convolution, or another graph if that cannot be."""
    kernel = {
        "side": int(generator.choice([1, 1, 2, 3])),
        "stride": int(generator.choice([1, 1, 2])),
        "dilation": int(generator.choice([1, 1, 2])),
    }
    taps = [{"source": name} for name in unread]
    last = {"name": "out", "kind": "conv", "kernel": kernel, "taps": taps, "outputs": outputs}
    try:
        network = _network(sizes, [*layers, last], head={"kind": head})
    except ConfigError:  # maps of several sizes, an odd kernel and so on
        return random_graph(generator, head)
    return random_graph(generator, head) if network.output.makes.is_flat else network


def _fitting(generator, name, sizes, layers, unread):
    """Return a layer that can read what is there, and the shape of what it makes."""
    while True:
        layer = _layer(generator, name, sizes)
        try:
            network = _network(sizes, [*layers, layer, _dense("out", [*unread, name], 4)])
        except ConfigError:  # a kernel that does not fit, an odd number of rows to pool, and so on
            continue
        return layer, network.layer(name).makes


def _network(sizes, layers, **head):
    return Network.from_dict({"inputs": list(sizes["input"]), "layers": layers, **head})


def _dense(name, sources, outputs):
    return {"name": name, "taps": [{"source": source} for source in sources], "outputs": outputs}


def _layer(generator, name, sizes):
    """Return a layer that reads maps of one size, or a dense one that reads anything."""
    known = list(sizes)
    source = known[-1] if generator.random() < 0.7 else str(generator.choice(known))
    fitting = [each for each in known if sizes[each][:2] == sizes[source][:2]]
    outputs, learns = int(generator.integers(2, 14)), bool(generator.random() < 0.9)
    if sizes[source][:2] == (1, 1) or generator.random() < 0.1:
        count = int(generator.integers(1, 1 + len(known)))
        chosen = [str(each) for each in generator.choice(known, count, replace=False)]
        return _dense(name, chosen, outputs) | {"learns": learns}
    count = int(generator.integers(1, 1 + min(3, len(fitting))))
    chosen = {source, *generator.choice(fitting, count, replace=False).tolist()}
    taps = [{"source": each} for each in sorted(chosen)]
    if generator.random() < 0.2:
        taps[0] |= {"dy": int(generator.integers(-2, 3)), "dx": int(generator.integers(-2, 3))}
    if generator.random() < 0.1:
        taps.append({"source": source, "dy": 1, "dx": -1})
    height, width = sizes[source][:2]
    kernel = {
        "side": int(generator.integers(1, 6)),
        "stride": int(generator.choice([1, 1, 1, 2, 3])),
        "dilation": int(generator.choice([1, 1, 1, 2, 3])),
        "pool": int(generator.choice([1, 2, 2])),
    }
    if height == width and generator.random() < 0.1:
        kernel = {"side": height, "padding": 0}  # the kernel is the map
    elif generator.random() < 0.4:
        kernel["padding"] = int(generator.integers(0, 3))
    return {"name": name, "kind": "conv", "kernel": kernel, "taps": taps, "outputs": outputs,
            "learns": learns}  # fmt: skip


def random_array(generator):
    """Return an ArraySize of any shape, with memories that hold any small graph."""
    elements, times = int(generator.integers(2, 9)), int(generator.choice([2, 4, 4, 8]))
    return ArraySize(
        elements=elements,
        lanes=elements * times,
        planes=int(generator.choice([1, 1, 2, 4, 8])),
        batch=int(generator.integers(4, 40)),
        accumulator_bits=int(generator.integers(4, 17)),
        transposers=int(generator.choice([1, times])),
        dual_port=bool(generator.integers(2)),
        segments=MOST_SEGMENTS,
    )


def random_settings(generator, network, batch, bits):
    """Return settings of any kind; sums are often near their thresholds."""
    layers, most = [], batch.bit_length() - 1  # most bits that a counter of a batch rounds by
    for layer in network.layers:
        spread = 1 + round(layer.inputs**0.5)
        means = None
        if layer.place.reads_input and generator.random() < 0.3:
            means = generator.integers(-256, 257, layer.inputs).astype(np.int16)
        layers.append(
            GraphLayerSettings(
                tau=generator.integers(-spread, spread, layer.outputs, np.int32),
                window=generator.integers(0, 3 * spread, layer.outputs, np.int32),
                dead=int(generator.integers(0, 3)),
                theta=int(generator.integers(1, min(8, 1 << bits - 1))),
                rounding=min(int(generator.integers(0, 4)), most) if layer.kernel else 0,
                decay=int(generator.choice([0, 0, 300, 20_000])),
                zero_true=bool(generator.integers(2)),
                means=means,
            )
        )
    per_class = int(generator.choice([1, 2])) if network.output.outputs % 2 == 0 else 1
    return GraphSettings(layers=layers, margin=int(generator.integers(0, 40)), batch=batch,
                         outputs_per_class=per_class)  # fmt: skip


def fill_with_junk(machine, generator):
    """Fill with random bits what no host writes: it must not matter."""
    memory, memories = machine.memory, machine.memories
    for region in memory.regions:
        if region.memory == "data" and region.name != "op lists":
            if not region.name.startswith("accumulators"):
                rows = memories.data[region.row : region.row + region.rows]
                rows[...] = generator.random(rows.shape) < 0.5
    used = np.zeros(memories.weights.shape, bool)
    for edge in memory.all_edges():
        used[images.weight_places(memory, edge)] = True
        if edge in memory.turned:
            used[images.turned_places(memory, edge)] = True
    memories.weights[~used] = generator.random(np.count_nonzero(~used)) < 0.5
    memories.deltas[...] = generator.random(memories.deltas.shape) < 0.5


class Pair:
    """A golden graph and a machine with its op lists, in the same state.

    network: None for a random one, whose head is of the kind ``head``.
    """

    def __init__(self, seed, head=None, network=None):
        self.generator = generator = np.random.default_rng(seed)
        self.network = network or random_graph(generator, head)
        size = random_array(generator)
        memory = MemoryMap(self.network, size)
        if any(memory.spacing(each) > PLANE_STRIDE for each in self.network.layers):
            size = replace(size, planes=1)
        batch = int(generator.integers(1, min(5, size.batch) + 1))
        self.settings = random_settings(generator, self.network, batch, size.accumulator_bits)
        self.size = fitted(self.network, size, self.settings)
        self.graph = GraphNetwork(self.network, self.settings, seed, size.accumulator_bits)
        self.machine = Machine(
            self.network, self.size, self.settings, [layer.weights for layer in self.graph.layers]
        )
        fill_with_junk(self.machine, generator)

    def samples(self, count=SAMPLES):
        """Return random samples with labels."""
        bits = self.generator.random((count, self.network.inputs)) < 0.4
        return bits, self.generator.integers(0, self.graph.classes, count)

    def step(self, bits, label):
        """Train both on one sample; return what differs, and whether there was an update."""
        wrong = [] if np.array_equal(self.scores(bits), self.expected(bits)) else ["scores"]
        stats = self.graph.train(bits[None], np.array([label]))
        active, updates = self.machine.train(bits[None], np.array([label]))
        if (active, updates) != (stats.active, stats.updates):
            wrong.append("active samples or updates")
        return wrong, stats.updates

    def in_step(self):
        """Train both on random samples and flush; return what differs then or at an update."""
        found = []
        for bits, label in zip(*self.samples(), strict=True):
            wrong, updates = self.step(bits, label)
            found += wrong + (self.differences() if updates else [])
        self.flush()
        return found + self.differences()

    def scores(self, bits):
        """Return what the machine makes of a sample; it counts no T's."""
        counters = self.machine.memories.counters.copy()
        sums = self.machine.infer(bits)
        self.machine.memories.counters[...] = counters
        return sums.reshape(self.graph.classes, -1).sum(axis=1)

    def expected(self, bits):
        """Return the golden scores."""
        return self.graph.infer(bits[None])[0]

    def flush(self):
        """Update both with what waits."""
        self.graph.flush()
        self.machine.flush()

    def differences(self):
        """Return the names of all state that is not equal to the bit."""
        found = []
        weights, turned = self.machine.weights(), self.machine.weights(turned=True)
        accumulators = self.machine.accumulators()
        for number, layer in enumerate(self.graph.layers):
            name = layer.spec.name
            if not np.array_equal(weights[number], layer.weights):
                found.append(f"weights of {name}")
            if not np.array_equal(turned[number], layer.weights & self._has_turned(layer)):
                found.append(f"transposed weights of {name}")
            if not np.array_equal(accumulators[number], layer.accumulators):
                found.append(f"accumulators of {name}")
            found += self._counters(layer)
        return found

    def _has_turned(self, layer):
        """Return which weights have a place in a transposed plane."""
        found = np.zeros(layer.weights.shape[1], bool)
        for edge in self.machine.memory.edges[layer.spec.name]:
            found[edge.inputs] = edge.turns
        return found

    def _counters(self, layer):
        memory, name, counts = self.machine.memory, layer.spec.name, layer.counts
        counters = self.machine.memories.counters
        size, flips = counters[memory.totals[name]][:2].tolist()
        wrong = [] if (size, flips) == (counts.size, counts.flips) else [f"|g| or flips of {name}"]
        rows = ceil_div(layer.spec.outputs, self.size.elements)
        for what, first, wanted in (
            ("T's", memory.fires, counts.fires), ("gates", memory.gates, counts.gated),
        ):  # fmt: skip
            if name in first:
                found = counters[first[name] : first[name] + rows].reshape(-1)
                expected = np.zeros(len(found), np.int64)
                expected[: layer.spec.outputs] = wanted
                if not np.array_equal(found, expected):
                    wrong.append(f"{what} of {name}")
        return wrong
