"""Op lists on memories equal the golden graph, bit for bit, on random graphs and arrays.

``make soak`` runs thousands more.
"""

from dataclasses import replace

import numpy as np
import pytest
from support.graph_cases import BITS_ONLY, network, settings
from support.op_cases import Pair

from boldhw.errors import ConfigError, DataError
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import kernel
from boldhw.golden.graph.governors import Governors
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.ops.machine import Machine
from boldhw.spec.network import Network
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.check import WATCHDOG
from boldhw.spec.ops.kinds import Flip, Mac, Vote
from boldhw.spec.ops.program import compiled, fitted, to_bits

GRAPHS = 60


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_random_graphs_in_lock_step(seed):
    pair = Pair(seed)
    assert pair.in_step() == [], (pair.network, pair.size)


def plant_weight(pair):
    """A weight of the first layer; the transposed plane keeps the old one."""
    pair.machine.memories.weights[0, 0] ^= True


def plant_transposed(pair):
    """A row of the last layer's transposed plane."""
    row = max(pair.machine.memory.turned.values())
    pair.machine.memories.weights[row] ^= True


def plant_accumulator(pair):
    """The lowest bit of an accumulator."""
    row = next(iter(pair.machine.memory.accumulators.values()))
    pair.machine.memories.data[row, 0] ^= True


def plant_threshold(pair):
    """All thresholds of the first layer."""
    pair.machine.memories.units[:1, :, 0] += 3


def plant_window(pair):
    """All windows of the first layer."""
    pair.machine.memories.units[:1, :, 1] = 0


def plant_counter(pair):
    """One T too many."""
    row = next(iter(pair.machine.memory.fires.values()))
    pair.machine.memories.counters[row, 0] += 1


def plant_margin(pair):
    """The register of the loss."""
    pair.machine.memories.margin = -1_000_000


def plant_op(kind, name, value):
    """Return what changes a value of the last op of a kind, in the data memory."""

    def plant(pair):
        machine = pair.machine
        for each, row in machine.program.starts.items():
            for op in machine.lists[each]:
                if isinstance(op, kind):
                    place, old = row, op
                row += len(op.encode())
        rows = kind(**vars(old) | {name: value(getattr(old, name))}).encode()
        bits = to_bits(rows)
        machine.memories.data[place : place + len(bits), : bits.shape[1]] = bits
        machine.reload()

    return plant


@pytest.mark.parametrize(
    "plant",
    [
        plant_weight, plant_transposed, plant_accumulator, plant_threshold, plant_window,
        plant_counter, plant_margin, plant_op(Flip, "theta", lambda theta: theta + 100),
        plant_op(Mac, "dead", lambda dead: dead + 4), plant_op(Vote, "rounding", lambda r: r ^ 1),
        plant_op(Flip, "decay", lambda decay: 30_000),
    ],
)  # fmt: skip
def test_a_planted_difference_is_found(plant):
    pair = Pair(29)
    assert pair.in_step() == []
    pair = Pair(29)
    plant(pair)
    assert pair.in_step()


@pytest.mark.parametrize("name", [*BITS_ONLY, "6x6x3-4k3-6k6z0", "6x6-4k3-6k5z0p2", "7x7-6k5z0s3"])
@pytest.mark.parametrize("planes", [1, 4])
def test_networks_of_all_kinds(name, planes):
    """Those that the tests of the golden graph use, and scores that convolutions make."""
    spec = network(name) if name in BITS_ONLY else Network.parse(name)
    own = settings(spec, 3, rounding=1)
    graph = GraphNetwork(spec, own, 5, 8)
    size = fitted(spec, ArraySize(elements=4, lanes=16, planes=planes), own)
    machine = Machine(spec, size, own, [layer.weights for layer in graph.layers])
    generator = np.random.default_rng(1)
    bits, labels = generator.random((8, spec.inputs)) < 0.5, generator.integers(0, 6, 8)
    stats = graph.train(bits, labels)
    assert machine.train(bits, labels) == (stats.active, stats.updates)
    assert stats.updates == 1
    for layer, weights, accumulators in zip(
        graph.layers, machine.weights(), machine.accumulators(), strict=True
    ):
        np.testing.assert_array_equal(weights, layer.weights)
        np.testing.assert_array_equal(accumulators, layer.accumulators)


def test_governors_move_both():
    """Settings that change between samples are new descriptors and thresholds; state stays."""
    pair = Pair(3)
    governors = Governors(pair.graph, Constants(batch=pair.settings.batch), 512)
    bits, labels = pair.samples(260)
    before = [layer.settings.tau.copy() for layer in pair.graph.layers]
    for sample, label in zip(bits, labels, strict=True):
        assert pair.step(sample, label)[0] == []
        governors.seen += 1
        if governors.seen == 256:
            assert pair.differences() == []
            governors._move_units()
            pair.machine.configure(pair.graph.settings)
    pair.flush()
    moved = [layer.settings.tau.tolist() for layer in pair.graph.layers]
    assert moved != [tau.tolist() for tau in before]
    for layer, weights in zip(pair.graph.layers, pair.machine.weights(), strict=True):
        np.testing.assert_array_equal(weights, layer.weights)


@pytest.mark.parametrize(
    ("text", "array"),
    [
        ("28x28-7k5p2-14k5p2-10", {"elements": 7, "lanes": 28, "dsp_sums": True}),
        ("28x28-16k5p2-32k5p2-10", {"elements": 16, "lanes": 64, "planes": 4, "dual_port": True}),
        ("28x28x3-8k3p2-16k3p2-10", {"elements": 8, "lanes": 32, "planes": 2, "transposers": 4}),
    ],
)
def test_networks_of_boards(text, array):
    """Sizes that boards have: maps of thousands of rows, windows of one word."""
    spec = Network.parse(text)
    own = settings(spec, 1, batch=3, rounding=1, zero_true=True)
    graph = GraphNetwork(spec, own, 5, 8, kernel())
    size = fitted(spec, ArraySize(**array, batch=3), own)
    machine = Machine(spec, size, own, [layer.weights for layer in graph.layers])
    generator = np.random.default_rng(1)
    bits, labels = generator.random((7, spec.inputs)) < 0.2, generator.integers(0, 10, 7)
    stats = graph.train(bits, labels)
    assert machine.train(bits, labels) == (stats.active, stats.updates)
    assert sum(stats.flips[:-1]) > 0
    for layer, weights, accumulators in zip(
        graph.layers, machine.weights(), machine.accumulators(), strict=True
    ):
        np.testing.assert_array_equal(weights, layer.weights)
        np.testing.assert_array_equal(accumulators, layer.accumulators)


@pytest.mark.parametrize("seed", [3, 14])
def test_a_damaged_list_is_refused_or_ends(seed):
    """Inverted bits of descriptors: what passes the checks runs to its end."""
    pair = Pair(seed)
    machine = pair.machine
    (bits, _), size = pair.samples(1), len(machine.program.rows())
    kept, refused = machine.memories.data.copy(), 0
    for _ in range(120):
        machine.memories.data[...] = kept
        row, bit = pair.generator.integers(size), pair.generator.integers(64)
        machine.memories.data[machine.program.row + row, bit] ^= True
        try:
            machine.reload()
        except DataError:
            refused += 1
            continue
        assert machine.watchdog <= WATCHDOG
        machine.infer(bits[0])
        for name in ("backward", "update"):
            machine.run(name)
    assert 20 < refused < 120


def test_settings_that_need_other_rows_are_refused():
    spec = Network.parse("6x6-4k3-4")
    own = settings(spec, 1)
    weights = [np.zeros(layer.shape, bool) for layer in spec.layers]
    machine = Machine(spec, ArraySize(elements=2, lanes=8), own, weights)
    before = machine.memories.data.copy()
    layers = [replace(layer, dead=7) for layer in own.layers]
    layers[0].means = np.zeros(9, np.int16)
    with pytest.raises(ConfigError, match="layers with means take rows"):
        machine.configure(replace(own, layers=layers, margin=30_000))
    assert np.array_equal(machine.memories.data, before)
    assert machine.memories.margin == own.margin


def test_bad_samples_are_refused():
    pair = Pair(3)
    bits, labels = pair.samples(2)
    for wrong in (bits[:, 1:], bits.astype(np.uint8)):
        with pytest.raises(DataError, match="the network takes bool of shape"):
            pair.machine.train(wrong, labels)
    with pytest.raises(DataError, match="labels run from 0 to 99"):
        pair.machine.train(bits, np.array([0, 99]))


def test_a_bad_list_does_not_run():
    """What is in the memory is checked, not what was compiled."""
    pair = Pair(3)
    machine = pair.machine
    before = machine.memories.weights.copy()
    machine.memories.data[machine.program.row, :4] ^= True
    with pytest.raises(DataError):
        machine.reload()
    assert np.array_equal(machine.memories.weights, before)


def test_more_rows_than_needed_change_nothing():
    pair = Pair(7)
    pair.size = replace(pair.size, data_rows=pair.size.data_rows + 100, weight_rows=9_000)
    weights = [layer.weights for layer in pair.graph.layers]
    pair.machine = Machine(pair.network, pair.size, pair.settings, weights)
    assert pair.in_step() == []


def test_three_values_have_no_ops():
    spec = network("ternary")
    with pytest.raises(ConfigError, match="op lists take .* its samples are three-valued"):
        compiled(spec, ArraySize(elements=4, lanes=16, batch=8), settings(spec, 1))


def test_a_gain_has_no_op():
    described = network("branches").to_dict()
    described["layers"][-1]["taps"][0]["gain"] = 2
    spec = Network.from_dict(described)
    with pytest.raises(ConfigError, match="shifts what goes back .* leave out the gain"):
        compiled(spec, ArraySize(elements=4, lanes=16, batch=8), settings(spec, 1))
