"""The layer at work that a layer of a network becomes, by its kind."""

from __future__ import annotations

import numpy as np

from boldhw.golden.graph.attention_layer import AttentionLayer
from boldhw.golden.graph.embedding_layer import SPAWN, EmbeddingLayer
from boldhw.golden.graph.kernel import NumpyKernel
from boldhw.golden.graph.layer import GraphLayer
from boldhw.golden.graph.places import Piece, Places
from boldhw.golden.graph.widths import sources
from boldhw.spec.arrays import Bits, Seed
from boldhw.spec.layer import EMBEDDING, Layer
from boldhw.spec.network import Network


def layer_of(
    network: Network,
    layer: Layer,
    weights: Bits,
    kernel: type[NumpyKernel],
    bits: int,
    seed: Seed,
) -> GraphLayer:
    """Return a layer with weights. kernel: NumpyKernel, or one that equals it.

    bits: of an accumulator.  seed: of the network, from which that of an embedding is made.
    """
    read = sources(network, layer)
    if layer.kind == EMBEDDING:
        entropy = seed.entropy if isinstance(seed, np.random.SeedSequence) else seed
        key = SPAWN, network.layers.index(layer)
        noise = np.random.SeedSequence(entropy, spawn_key=key)
        return EmbeddingLayer(layer, read, weights, kernel.embedding(), bits, noise)
    if layer.attention:
        thresholds = kernel(Places(layer.makes, *_places(layer), 1, 1, layer.outputs, PLANE))
        attend = kernel.attention(layer.attention)
        found: GraphLayer = AttentionLayer(layer, read, weights, thresholds, bits, attend)
    else:
        found = GraphLayer(layer, read, weights, kernel(Places.of(layer, read)), bits)
    if network.words:
        found.counts.places = 1
    return found


PLANE = (Piece(0, 0, 0, 1),)  # what a kernel reads that has to compare with thresholds only


def _places(layer: Layer) -> tuple[int, int]:
    return layer.makes.height, layer.makes.width
