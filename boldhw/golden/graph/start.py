"""Settings that a run starts with; governors move them from there."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

import numpy as np

from boldhw.errors import ConfigError
from boldhw.golden.graph.constants import ROOT, SHARE, Constants
from boldhw.golden.graph.settings import (
    HIGHEST,
    MAX_WINDOW,
    GraphLayerSettings,
    GraphSettings,
    PairSettings,
)
from boldhw.golden.graph.widths import sources
from boldhw.spec.head import PIXELS, RESIDUALS
from boldhw.spec.layer import CONV, EMBEDDING, INPUT, Layer
from boldhw.spec.network import Network

# In standard deviations / 256: the expected largest of four independent sums, and what the size of
# one passes in 30 % of cases.
AHEAD = 264
WINDOW = 307  # in standard deviations / 256
NOISE, CHANCE = 31, 32  # of an embedding
CONTEXT = 4  # window of an attention
THETA = 4  # times the root of what votes on a weight in a batch
AGREEING = 12  # the same where a head has a target at each place: votes of neighbours agree


def start(
    network: Network,
    constants: Constants,
    ones: int,
    *,
    zero_true: Sequence[bool] | None = None,
    bits: int = 16,
    rounding: Sequence[int] = (),
    means: Sequence[np.ndarray | None] = (),
    outputs_per_class: int = 1,
    **head: Any,
) -> GraphSettings:
    """Return the settings of an untrained network.

    ones: T's in 256 bits of a sample, or what is not 0 in 256 of its values.  zero_true: of each
    layer; if left out, True for the first one and for convolutions.  bits: of an accumulator.
    rounding, means: of each layer, 0 and None if left out.  outputs_per_class, and ``head``,
    margin, keep and noise: of GraphSettings; the usual margin is one of scores.  Raises
    ConfigError.
    """
    count = len(network.layers)
    if zero_true is None:
        zero_true = [not index or layer.kind == CONV for index, layer in enumerate(network.layers)]
    rounding, means = tuple(rounding) or (0,) * count, tuple(means) or (None,) * count
    for name, values in (("zero_true", zero_true), ("rounding", rounding), ("means", means)):
        if len(values) != count:
            raise ConfigError(
                f"{name} has {len(values)} entries, the network has {count} layers; give one each"
            )
    top = (1 << bits - 1) - 1
    factor = AGREEING if network.head.kind in (PIXELS, RESIDUALS) else THETA
    layers = []
    for layer, zero, drop, mean in zip(network.layers, zero_true, rounding, means, strict=True):
        deviation = isqrt(_counted(network, layer, zero, ones, constants) * SHARE)  # in 1/256
        is_ahead = layer.is_ternary or (layer.kernel is not None and layer.kernel.pool > 1)
        votes = isqrt(constants.batch * layer.makes.height * layer.makes.width)
        votes = 1 if layer.kind == EMBEDDING else votes  # a row is visited now and then
        layers.append(
            GraphLayerSettings(
                tau=_all(layer, (deviation * AHEAD >> 16) if is_ahead else 0),
                window=_all(
                    layer, CONTEXT if layer.attention else min(MAX_WINDOW, deviation * WINDOW >> 16)
                ),
                theta=min(top, max(1, factor * votes >> drop)),
                rounding=drop if layer.kind == CONV else 0,
                zero_true=bool(zero),
                means=mean,
                **_own(layer),
            )
        )
    margin = constants.margin_first * spread(network.output, outputs_per_class) // ROOT
    return GraphSettings(
        layers=layers,
        batch=constants.batch,
        outputs_per_class=outputs_per_class,
        **{"margin": min(HIGHEST, margin), **head},
    )


def spread(output: Layer, outputs_per_class: int) -> int:
    """Return the unit of the margin: the root of the fan-in times the outputs of a score."""
    return isqrt(output.inputs * outputs_per_class**2)


def _counted(
    network: Network, layer: Layer, zero_true: bool, ones: int, constants: Constants
) -> int:
    """Return 256 times the inputs of a sum that are expected not to be 0."""
    middle = (constants.fire_low + constants.fire_high) // 2
    ternary = {own.name: own.is_ternary for own in network.layers} | {INPUT: network.ternary}
    total = 0
    for name, shape in sources(network, layer).items():
        share = ones if name == INPUT else middle
        taps = sum(tap.source == name for tap in layer.reach)
        inputs = taps * shape.planes if layer.kernel else shape.bits
        total += inputs * (share if zero_true or ternary[name] else SHARE)
    return total


def _own(layer: Layer) -> dict[str, Any]:
    """Return settings that only one kind of layer has."""
    if layer.kind == EMBEDDING:
        return {"noise": NOISE, "chance": CHANCE}
    if not layer.attention:
        return {}
    width = layer.compared // layer.attention.heads
    tau = np.full(layer.attention.heads, (width + isqrt(width)) // 2, np.int32)
    return {"pairs": PairSettings(tau=tau, window=isqrt(width))}


def _all(layer: Layer, value: int) -> np.ndarray:
    return np.full(layer.outputs, value, np.int32)
