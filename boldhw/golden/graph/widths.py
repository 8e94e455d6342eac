"""Bits that the sums of a network need, and what hardware of stated widths refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import ConfigError
from boldhw.golden.graph.places import Places
from boldhw.spec.layer import ATTENTION, EMBEDDING, INPUT, Layer
from boldhw.spec.maps import Shape
from boldhw.spec.network import Network

Longs = NDArray[np.int64]
MAX_ROUNDING = 7  # bits that are dropped from votes at most
SUM_BITS = 16  # of a sum, of g and of the votes of a sample, sign included


@dataclass(frozen=True)
class Widths:
    """Largest values of one layer, either sign.

    sums     of its outputs
    deltas   g of its outputs, from all that read them
    votes    of a sample, with what is added to round them
    """

    sums: int
    deltas: int
    votes: int

    @property
    def bits(self) -> tuple[int, int, int]:
        """Bits of each, two's complement."""
        return bits(self.sums), bits(self.deltas), bits(self.votes)


def bits(most: int) -> int:
    """Return the bits of an integer from ``-most`` to ``most``, two's complement."""
    return most.bit_length() + 1


def shapes(network: Network) -> dict[str, Shape]:
    """Return the shape of the sample and of what each layer makes, by name."""
    return {INPUT: network.sample} | {layer.name: layer.makes for layer in network.layers}


def sources(network: Network, layer: Layer) -> dict[str, Shape]:
    """Return the shape of each source of a layer, by name."""
    known = shapes(network)
    return {name: known[name] for name in layer.sources}


def widths(network: Network) -> dict[str, Widths]:
    """Return the Widths of each layer, by name."""
    deltas = _deltas(network)
    found = {}
    for layer in network.layers:
        most = deltas.get(layer.name, 1)  # nothing reads the last layer: its signals are -1, 0, 1
        if layer.kind in (EMBEDDING, ATTENTION):  # no votes are added up
            found[layer.name] = Widths(layer.inputs if layer.attention else 1, most, 1)
            continue
        places = Places.of(layer, sources(network, layer))
        votes = places.rows * places.columns + (1 << MAX_ROUNDING) - 1
        found[layer.name] = Widths(places.inputs, most, votes)
    return found


def check_widths(network: Network) -> None:
    """Raise ConfigError, naming the layer, when a sum of the network can overflow SUM_BITS."""
    advice = {
        "sums": "read fewer bits",
        "deltas": "give the layers that read it fewer outputs, smaller kernels or less gain",
        "votes": "make its map smaller",
    }
    for name, found in widths(network).items():
        for what, needed in zip(advice, found.bits, strict=True):
            if needed > SUM_BITS:
                raise ConfigError(
                    f"{what} of layer {name} reach {getattr(found, what)} and need {needed} bits; "
                    f"there are {SUM_BITS}: {advice[what]}"
                )


def _deltas(network: Network) -> Mapping[str, int]:
    """Return the largest g of each source, from all that read it."""
    known, most = shapes(network), {}
    total = {name: np.zeros((s.height, s.width, s.planes), np.int64) for name, s in known.items()}
    for layer in network.layers:
        if layer.kind in (EMBEDDING, ATTENTION):
            _add_pairs(total, layer)
            continue
        first = 0
        places = Places.of(layer, sources(network, layer))
        reached = _reached(places) * layer.outputs
        for name in layer.sources:
            part = _part(reached, first, known[name], layer.kernel is None)
            total[name] += part << layer.gains[name]
            first += known[name].bits if layer.kernel is None else known[name].planes
    for name, sizes in total.items():
        most[name] = int(sizes.max())
    return most


def _add_pairs(total: dict[str, Longs], layer: Layer) -> None:
    """Add what an attention gives its sources: from each place, and from itself to the base."""
    if layer.attention:
        places = layer.makes.height * layer.makes.width
        for tap, most in zip(layer.taps, (places, places, places, 1), strict=True):
            total[tap.source] += most << tap.gain


def _part(reached: Longs, first: int, shape: Shape, is_flat: bool) -> Longs:
    """Return what belongs to a source that begins at ``first`` of a joined map."""
    if is_flat:
        part = reached[0, 0, first : first + shape.bits]
        return part.reshape(shape.height, shape.width, shape.planes)
    return reached[:, :, first : first + shape.planes]


def _reached(places: Places) -> Longs:
    """Return how many sums read each bit of the joined map, at most: int64, its shape.

    A square that is pooled sends its signal to one of its sums, which is not made use of here.
    """
    shape = places.reads
    found = np.zeros((shape.height, shape.width, shape.planes), np.int64)
    ys, xs = (np.arange(count) * places.stride for count in (places.rows, places.columns))
    for piece in places.pieces:
        y, x = ys + piece.dy, xs + piece.dx
        y, x = y[(y >= 0) & (y < shape.height)], x[(x >= 0) & (x < shape.width)]
        found[np.ix_(y, x, np.arange(piece.first, piece.first + piece.planes))] += 1
    return found
