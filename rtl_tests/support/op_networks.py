"""Random networks that fit an engine of op lists, with a machine that holds their programs."""

from dataclasses import replace

import numpy as np
from support.op_cases import fill_with_junk, random_graph, random_settings

from boldhw.errors import ConfigError, DataError
from boldhw.golden.ops.machine import Machine
from boldhw.spec.network import Network
from boldhw.spec.ops.program import FORWARD, LISTS, compiled


def machines(size, seed, most_cycles, wanted=lambda machine: True, head=None):
    """Yield machines of random networks, endlessly.

    size: ArraySize.  most_cycles: of a list.  wanted: which machines are.  head: kind of one that
    takes a map; None: that of classes.
    """
    generator = np.random.default_rng(seed)
    while True:
        of_image = head is None and generator.random() < 0.4
        network = image_graph(generator) if of_image else random_graph(generator, head)
        batch = int(generator.integers(1, min(3, size.batch) + 1))
        settings = random_settings(generator, network, batch, size.accumulator_bits)
        if size.plain:
            settings = plain_settings(settings)
        try:
            compiled(network, size, settings)
        except (ConfigError, DataError):  # it does not fit
            continue
        shapes = [layer.shape for layer in network.layers]
        weights = [generator.random(shape) < 0.5 for shape in shapes]
        machine = Machine(network, size, settings, weights)
        if machine.watchdog <= most_cycles and wanted(machine):
            fill_with_junk(machine, generator)
            yield machine


def plain_settings(settings):
    """Return settings without what a plain array has no logic for."""
    layers = [
        replace(layer, rounding=min(layer.rounding, 1), decay=0, means=None)
        for layer in settings.layers
    ]
    return replace(settings, layers=layers, outputs_per_class=1)


def image_graph(generator):
    """Return a network that reads an image through one or two convolutions."""

    def kernel():
        return {
            "side": int(generator.integers(1, 6)),
            "stride": int(generator.choice([1, 1, 2, 3])),
            "pool": int(generator.choice([1, 2])),
            "padding": int(generator.integers(0, 3)),
        }

    while True:
        shape = [*generator.integers(3, 9, 2).tolist(), int(generator.choice([1, 1, 2, 3]))]
        layers = [
            {"name": name, "kind": "conv", "kernel": kernel(), "outputs": int(outputs),
             "taps": [{"source": "input", "dy": int(dy), "dx": int(dx)}]}
            for name, outputs, dy, dx in zip(
                "ab", generator.integers(2, 9, 2), *generator.integers(-1, 2, (2, 2)), strict=True
            )
        ]  # fmt: skip
        layers = layers[: 1 + int(generator.random() < 0.4)]
        taps = [{"source": layer["name"]} for layer in layers]
        try:
            return Network.from_dict(
                {"inputs": shape, "layers": [*layers, {"name": "out", "taps": taps, "outputs": 4}]}
            )
        except ConfigError:  # a kernel that does not fit, an odd number of rows to pool
            continue


def kinds_of(machine, names=LISTS):
    """Return the kinds of ops in lists of a machine."""
    return {type(op) for name in names for op in machine.lists[name]}


def sample(machine, generator):
    """Return random bits of a sample and its label."""
    bits = generator.random(machine.memory.network.inputs) < 0.4
    return bits, int(generator.integers(0, machine.classes))


__all__ = ["FORWARD", "kinds_of", "machines", "sample"]
