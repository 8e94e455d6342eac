"""The compiled kernel gives the bits of the NumPy one, on every kind of network."""

from copy import deepcopy

import numpy as np
import pytest
from support.graph_cases import NETWORKS, assert_same_bits, network, samples, settings

from boldhw.errors import ConfigError
from boldhw.golden.graph.compiled import CompiledKernel
from boldhw.golden.graph.kernel import NumpyKernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.rooms import BYTES
from boldhw.golden.graph.runs import (
    Strings,
    bit_runs,
    byte_runs,
    copied_chunks,
    runs,
    weight_chunks,
)
from boldhw.spec.network import Network


def both(spec, seed, bits=16, **fields):
    """Return the same network with either kernel."""
    return [
        GraphNetwork(spec, settings(spec, seed, **fields), seed=seed, bits=bits, kernel=kernel)
        for kernel in (NumpyKernel, CompiledKernel)
    ]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(3))
def test_same_bits_of_every_network(name, seed):
    spec = network(name)
    networks = both(spec, seed, rounding=seed, bits=16 - 4 * seed, zero_true=bool(seed % 2))
    assert_same_bits(networks, *samples(spec, 60, seed))


def random_network(seed):
    """Return two convolutions and a dense layer of random sizes, the second reads all before."""
    generator = np.random.default_rng(seed)
    while True:
        side, stride, dilation, pool = (int(generator.integers(1, top)) for top in (6, 3, 4, 3))
        kernel = {"side": side, "stride": stride, "dilation": dilation, "pool": pool,
                  "padding": int(generator.integers(0, 4))}  # fmt: skip
        height, width, planes, first, second = (int(n) for n in generator.integers(1, 12, 5))
        activations = [("threshold", "ternary")[n] for n in generator.integers(0, 2, 2)]
        layers = [
            {"name": "a", "kind": "conv", "kernel": {"side": 3}, "taps": [{"source": "input"}],
             "outputs": first, "activation": activations[0]},
            {"name": "b", "kind": "conv", "kernel": kernel, "activation": activations[1],
             "taps": [{"source": "a", "gain": int(generator.integers(0, 3))},
                      {"source": "input", "dy": int(generator.integers(-2, 3))}],
             "outputs": 7 * second},
            {"name": "c", "taps": [{"source": "b"}], "outputs": 6},
        ]  # fmt: skip
        described = {"inputs": [height + 4, width + 4, planes], "layers": layers,
                     "ternary": bool(generator.integers(2))}  # fmt: skip
        try:
            return Network.from_dict(described)
        except ConfigError:  # a size does not fit: draw others
            continue


@pytest.mark.parametrize("seed", range(14))
def test_same_bits_of_random_networks(seed):
    spec = random_network(seed)
    networks = both(spec, seed, rounding=seed % 3, bits=10, batch=4)
    assert_same_bits(networks, *samples(spec, 60, seed))


@pytest.mark.parametrize("zero_true", [False, True])
@pytest.mark.parametrize(
    "shorthand", ["6x8x64-70k3p2-6", "7x5x64-128k3-64k3z0-6", "6x6x16-9k5p2-8k2z0-6"]
)
def test_same_bits_of_planes_that_are_whole_words(shorthand, zero_true):
    """Planes are read where they are; in the last one what a sum reads is copied by chunks."""
    spec = Network.parse(shorthand)
    networks = both(spec, 3, rounding=1, bits=9, dead=0, zero_true=zero_true)
    assert_same_bits(networks, *samples(spec, 80, 3))


def test_a_copy_has_the_same_bits():
    spec = network("pooled")
    networks = [graph.copy() for graph in both(spec, 2, dead=0)]
    assert_same_bits(networks, *samples(spec, 60, 2))


@pytest.mark.parametrize("name", NETWORKS)
def test_chunks_stay_within_their_rooms(name):
    """The last chunk of a copy ends behind what a sum reads, and so do those of strings."""
    spec = network(name)
    for layer in GraphNetwork(spec, settings(spec, 0)).layers:
        places = layer.kernel.places
        strings, copies = Strings.of(places), copied_chunks(places)
        found = byte_runs(places)
        ends = found[:, 2] + -(-found[:, 1] // BYTES) * BYTES
        assert ends.max() <= 2 * copies.size
        last = (places.rows - 1) * strings.stride * strings.length
        last += (places.columns - 1) * strings.step
        ends = last + found[:, 0] + -(-found[:, 1] // BYTES) * BYTES
        assert ends.max() < strings.rows * strings.length + BYTES
        down = weight_chunks(places)
        assert len(set(down.slots)) == places.inputs
        assert down.slots.max() < down.size


def test_bytes_that_are_added_up_do_not_overflow():
    """More than 127 signals of one output, and more than 127 outputs of one place, all alike."""
    spec = Network.parse("12x12-4k1-200k1-6")
    networks = both(spec, 0, dead=0, zero_true=False)
    bits, labels = np.ones((30, 144), bool), np.zeros(30, int)
    for graph in networks:
        for layer in graph.layers:
            layer.weights[:] = True
            layer.settings.window[:] = 30000
            layer.settings.theta = 30000
        graph.layers[-1].weights[0] = False  # else the signals of label and rival cancel
    assert_same_bits(networks, bits, labels)
    assert max(np.abs(graph.layers[0].accumulators).max() for graph in networks) > 127


@pytest.mark.parametrize("bits", [16, 15, 8, 2])
@pytest.mark.parametrize("rounding", [0, 1])
@pytest.mark.parametrize("shorthand", ["6x6x64-70k3p2-6", "6x6x9-5k3-6", "6x6x7-9k5p2-6"])
def test_votes_and_steps_saturate(shorthand, rounding, bits):
    """Accumulators at both ends of their range, of all chunk sizes."""
    spec, generator, top = Network.parse(shorthand), np.random.default_rng(bits), 1 << bits - 1
    kernels = [graph.layers[0].kernel for graph in both(spec, 1)]
    places, shape = kernels[0].places, spec.layers[0].shape
    makes = 5, *vars(places.makes).values()
    signals = generator.integers(-1, 2, makes).astype(np.int8)
    where = generator.integers(0, places.pool**2, makes).astype(np.int8)
    maps = generator.random((5, *vars(places.reads).values())) < 0.5
    start = generator.choice([-top, 1 - top, 0, top - 1], shape).astype(np.int16)
    steps = generator.integers(-top, top, shape, np.int32)
    found = [start.copy() for _ in kernels]
    for kernel, target in zip(kernels, found, strict=True):
        kernel.vote(target, maps, signals, where, False, rounding, 1, bits)
    assert np.array_equal(*found)
    assert {-top, top - 1} <= set(found[0].ravel().tolist())
    for kernel, target in zip(kernels, found, strict=True):
        kernel.add(target, steps, bits)
    assert np.array_equal(*found)
    assert np.array_equal(*(kernel.total(signals) for kernel in kernels))


class Other(CompiledKernel):
    """A kernel of another rule."""


def test_a_copy_has_the_room_that_vectors_need():
    """Compiled code may write the rest of a vector behind the end of an array."""
    spec = network("pooled")
    kernel = both(spec, 1)[1].layers[0].kernel
    copy = deepcopy(kernel)
    assert type(deepcopy(Other(kernel.places))) is Other  # a copy computes by the same rule
    room = {
        name: array.base.nbytes - array.nbytes for name, array in vars(kernel).items()
        if isinstance(array, np.ndarray) and array.base is not None
    }  # fmt: skip
    assert len(room) > 1
    for name, size in room.items():
        array = getattr(copy, name)
        assert array is not getattr(kernel, name)
        assert array.base.nbytes - array.nbytes == size > 0


def test_a_wrong_bit_is_seen():
    """One weight that the compiled kernel does not know of makes the comparison fail."""
    spec = network("pooled")
    networks = both(spec, 1, dead=0)
    networks[1].layers[1].weights[5, 60] ^= True
    with pytest.raises(AssertionError):
        assert_same_bits(networks, *samples(spec, 60, 1))


def test_runs_join_what_lies_side_by_side():
    spec = Network.parse("8x8x3-4k5-2")
    kernel = GraphNetwork(spec, settings(spec, 0)).layers[0].kernel
    assert len(runs(kernel.places)) == 5  # one a kernel row
    found = bit_runs(kernel.places)
    assert found[:, 2].sum() == 75
    assert np.all(found[:, 3] // 64 == (found[:, 3] + found[:, 2] - 1) // 64)
