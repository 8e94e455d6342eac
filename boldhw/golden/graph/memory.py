"""Bits that a device must keep to train a network, by the rule (docs/rule.md)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from boldhw.golden.graph.widths import SUM_BITS
from boldhw.spec.layer import CONV, Layer
from boldhw.spec.network import Network

SIGNAL_BITS = 2  # T, F or 0
WHERE_BITS = 2  # which of 2 x 2 sums is the largest


@dataclass(frozen=True)
class Memory:
    """Bits of the memories of a network that trains one sample at a time.

    weights        one bit each
    accumulators   one for each weight
    votes          of a batch, one for each weight of a dense layer that learns
    maps           the sample and the outputs of hidden layers
    sums           of all outputs: gates need those of hidden layers, the loss those of the last
    signals        of all outputs
    where          which sum of a square was the largest, of outputs that are pooled
    """

    weights: int
    accumulators: int
    votes: int
    maps: int
    sums: int
    signals: int
    where: int

    @property
    def bits(self) -> dict[str, int]:
        """All of it by name, and the ``total``."""
        parts = asdict(self)
        return parts | {"total": sum(parts.values())}


def memory(network: Network, bits: int) -> Memory:
    """Return the Memory of a network. bits: of an accumulator."""
    layers, outputs = network.layers, sum(layer.makes.bits for layer in network.layers)
    learning = [layer for layer in layers if layer.learns]
    return Memory(
        weights=sum(layer.weights for layer in layers),
        accumulators=bits * sum(layer.weights for layer in learning),
        votes=SUM_BITS * sum(layer.weights for layer in learning if layer.kind != CONV),
        maps=network.inputs + outputs - network.output.makes.bits,
        sums=SUM_BITS * outputs,
        signals=SIGNAL_BITS * outputs,
        where=WHERE_BITS * sum(layer.makes.bits for layer in layers if _is_pooled(layer)),
    )


def _is_pooled(layer: Layer) -> bool:
    return layer.kernel is not None and layer.kernel.pool > 1
