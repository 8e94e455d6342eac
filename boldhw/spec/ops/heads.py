"""Heads over a map, with the ops that scores of one place need.

SUMMED   segments of all places are sums of one MAC; the deltas of the scores go to all places
LAST     one place has segments and gets the deltas, the others get zeros

Scores of every place, of PIXELS and RESIDUALS, are stored place by place. There is no loss for
them: such a network is inferred, and not trained.

LOSS writes the deltas of one pixel. GATHER copies it into a map, and EXPAND makes of its pixels
words that hold several.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

from boldhw.errors import ConfigError
from boldhw.spec.arrays import Sums
from boldhw.spec.head import CLASSES, LAST, PIXELS, RESIDUALS, SUMMED
from boldhw.spec.network import Network
from boldhw.spec.ops.array import MOST_SEGMENTS, ArraySize
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.kinds import Gather
from boldhw.spec.ops.nest import jumps
from boldhw.spec.ops.settings import NetworkValues

if TYPE_CHECKING:
    from boldhw.spec.ops.memory import MemoryMap

KINDS = CLASSES, SUMMED, LAST, PIXELS, RESIDUALS
MOST_MARGIN = (1 << 16) - 1
MOST_ACROSS = 255  # pixels that one GATHER copies to a map row, a field of 8 bits


def has_places(network: Network) -> bool:
    """Whether the scores are those of a map, and one loss is that of all of its places."""
    return network.head.kind in (SUMMED, LAST) and not network.output.makes.is_flat


def is_trained(network: Network) -> bool:
    """Whether there is a loss for the head of a network."""
    return network.head.kind not in (PIXELS, RESIDUALS)


def check_trained(network: Network, size: ArraySize) -> None:
    """Raise ConfigError for a network, or an array, that op lists infer only with."""
    if size.inference:
        raise ConfigError(
            "the array was made with inference=True and does not train; train with the golden "
            "model, then load the network"
        )
    if not is_trained(network):
        raise ConfigError(
            f"network {network.label} has the head {network.head.kind}, which op lists infer only; "
            f"train it with the golden model, then load it"
        )


def score_rows(network: Network) -> int:
    """Return the rows of the score memory that a network needs."""
    makes = network.output.makes
    return network.output.outputs * (1 if is_trained(network) else makes.height * makes.width)


def place_scores(network: Network, sums: Sums, outputs_per_class: int) -> Sums:
    """Return the scores of every place of a network that has no loss here.

    sums: int32, shape (samples, places * outputs), as the score memory has them.  Returns int32,
    shape (samples, rows, columns, scores of a place), as the golden graph does.
    """
    makes = network.output.makes
    shape = len(sums), makes.height, makes.width, -1, outputs_per_class
    found: Sums = sums.reshape(shape).sum(axis=-1, dtype=np.int32)
    return found >> network.head.shift


def check_head(network: Network, settings: NetworkValues) -> None:
    """Raise ConfigError unless there are ops for the maps and the head of a network."""
    network.check_bits_only("op lists", KINDS)
    layer = network.output
    if is_trained(network) and not has_places(network):
        return
    if layer.kernel and layer.kernel.pool > 1 and not layer.makes.is_flat:
        raise ConfigError(
            f"layer {layer.name} pools the sums that the head {network.head.kind} takes, for which "
            f"there is no op; pool in the layer below it"
        )
    if not has_places(network):
        return
    count = len(list(places(network))) * len(layer.taps)
    if count > MOST_SEGMENTS or layer.makes.width > MOST_ACROSS - 8:
        raise ConfigError(
            f"layer {layer.name} has {layer.makes.height} x {layer.makes.width} places, whose "
            f"scores take {count} segments, and a sum has {MOST_SEGMENTS}; make its map smaller"
        )
    if margin_of(network, settings) > MOST_MARGIN:
        raise ConfigError(
            f"the margin of {layer.makes.height} x {layer.makes.width} places is "
            f"{margin_of(network, settings)}, and its register has 16 bits; make the map or the "
            f"margin smaller"
        )


def places(network: Network) -> Iterator[tuple[int, int]]:
    """Yield row and column of each place whose sums are scores."""
    makes = network.output.makes
    if network.head.kind == LAST:
        yield makes.height - 1, makes.width - 1
        return
    for y in range(makes.height):
        for x in range(makes.width):
            yield y, x


def margin_of(network: Network, settings: NetworkValues) -> int:
    """Return what the register of the loss holds: scores of many places spread that much more."""
    makes = network.output.makes
    summed = network.head.kind == SUMMED
    return settings.margin * (isqrt(makes.height * makes.width) if summed else 1)


def spread(memory: MemoryMap) -> list[Op]:
    """Return the ops that take the deltas of the scores to the places of the last layer's map.

    A word of several pixels holds something else than their deltas then, which EXPAND leaves out.
    """
    if not memory.spread:
        return []
    network = memory.network
    one, place = memory.scores, memory.deltas[network.output.name]
    counts = [place.pitch, place.deep, place.shape.height]
    steps = jumps(counts, [0, one.pitch, 0])
    if network.head.kind == SUMMED:
        return [_copied(one.row, counts, steps, place.row)]
    last = place.row + (place.shape.height - 1) * place.line + place.shape.width - 1
    ops: list[Op] = [_copied(one.row + 1, counts, steps, place.row)]
    for word in range(place.deep):
        row = one.row + word * one.pitch
        ops.append(_copied(row, [1, 1, 1], [0, 0, 0], last + word * place.pitch))
    return ops


def _copied(row: int, counts: list[int], steps: list[int], out_row: int) -> Gather:
    """Return the op that copies the rows of a nest to rows that follow each other."""
    return Gather(
        in_row=row,
        across=counts[0],
        words=counts[1],
        down=counts[2],
        out_row=out_row,
        slot=0,
        **{f"jump{level}": step for level, step in enumerate(steps)},
    )
