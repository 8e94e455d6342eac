"""Contents of the memories of an array of op lists as bytes of the link, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import ConfigError, DataError
from boldhw.spec.arrays import Accumulators, Bits, Bytes, Sums
from boldhw.spec.network import Network
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops import heads, images
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.edges import Edge
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.memory import MemoryMap
from boldhw.spec.ops.program import Program, to_bits
from boldhw.spec.ops.settings import NetworkValues

Counted = NDArray[np.int64]
Ranges = NDArray[np.int32]
LARGEST_SCORE = (1 << 15) - 1


class LayerState(Protocol):
    """A layer of a graph, as :class:`boldhw.golden.graph.layer.GraphLayer`."""

    weights: Bits
    accumulators: Accumulators


class GraphState(Protocol):
    """A graph, as :class:`boldhw.golden.graph.network.GraphNetwork`.

    spec, settings   the network and its settings
    bits             of an accumulator
    layers           weights and accumulators of each layer, shape (outputs, fan-in)
    """

    spec: Network
    bits: int

    @property
    def settings(self) -> NetworkValues:
        """Settings of the network."""

    @property
    def layers(self) -> Sequence[LayerState]:
        """State of each layer."""


def pack_rows(size: ArraySize, bits: Bits) -> bytes:
    """Return rows of the data memory. bits: bool, shape (rows, bits), lowest bit first."""
    whole = np.zeros((len(bits), LinkedArray(size).data_width), np.bool_)
    whole[:, : bits.shape[1]] = bits
    return np.packbits(whole, axis=1, bitorder="little").tobytes()


def unpack_rows(size: ArraySize, data: bytes) -> Bits:
    """Return what rows of the data memory hold: bool, shape (rows, data_width)."""
    rows = np.frombuffer(data, np.uint8).reshape(-1, LinkedArray(size).data_bytes)
    return np.unpackbits(rows, axis=1, bitorder="little").astype(np.bool_)[:, : size.data_width]


def pack_blocks(size: ArraySize, rows: Bits) -> bytes:
    """Return rows of the weight memory as blocks. rows: bool, shape (rows, P, S)."""
    p = size.elements
    blocks = rows.reshape(len(rows), p, size.granules, p).transpose(0, 2, 1, 3)
    return np.packbits(blocks, axis=3, bitorder="little").tobytes()


def unpack_blocks(size: ArraySize, data: bytes) -> Bits:
    """Return the rows that blocks make: bool, shape (rows, P, S)."""
    p, s = size.elements, size.lanes
    packed = np.frombuffer(data, np.uint8).reshape(-1, size.granules, p, ceil_div(p, 8))
    bits = np.unpackbits(packed, axis=3, bitorder="little", count=p)
    return bits.transpose(0, 2, 1, 3).reshape(-1, p, s).astype(np.bool_)


def pack_units(rows: Ranges) -> bytes:
    """Return rows of the unit memory. rows: int, shape (rows, P, 2)."""
    return (rows & 0xFFFF).astype("<u2").tobytes()


def unpack_units(size: ArraySize, data: bytes) -> Ranges:
    """Return thresholds, -32768..32767, and windows, 0..65535: int32, shape (rows, P, 2)."""
    rows = np.frombuffer(data, "<u2").reshape(-1, size.elements, 2).astype(np.int32)
    rows[..., 0] = (rows[..., 0] ^ 0x8000) - 0x8000
    return rows


def unpack_counters(size: ArraySize, data: bytes) -> Counted:
    """Return counters, 0..2**32 - 1: int64, shape (rows, P)."""
    return np.frombuffer(data, "<u4").reshape(-1, size.elements).astype(np.int64)


def unpack_scores(data: bytes) -> Sums:
    """Return scores, -32768..32767: int32, shape (scores,)."""
    return np.frombuffer(data, "<i2")[::2].astype(np.int32)


def pack_lists(program: Program) -> bytes:
    """Return the rows of all lists of a program."""
    return pack_rows(program.memory.size, to_bits(program.rows()))


def pack_weights(memory: MemoryMap, weights: Sequence[Bits]) -> bytes:
    """Return the blocks of both planes. weights: bool, of each layer, shape (outputs, fan-in).

    Rows of columns are not among them.
    """
    return pack_blocks(memory.size, images.weight_rows(memory, weights)[: memory.columns])


def accumulator_span(memory: MemoryMap) -> tuple[int, int]:
    """Return the first row of accumulators and the one behind them."""
    ends = [
        (row, row + _accumulator_rows(memory, edge)) for edge, row in memory.accumulators.items()
    ]
    if not ends:
        return 0, 0
    return min(first for first, _ in ends), max(end for _, end in ends)


def pack_accumulators(memory: MemoryMap, values: Sequence[Accumulators]) -> bytes:
    """Return the rows of accumulators. values: int16, of each layer, shape (outputs, fan-in)."""
    size, (first, end) = memory.size, accumulator_span(memory)
    matrices = dict(zip((each.name for each in memory.network.layers), values, strict=True))
    rows = np.zeros((end - first, size.elements), np.int64)
    for edge, row in memory.accumulators.items():
        found = images.accumulator_rows(memory, edge, matrices[edge.layer.name])
        rows[row - first : row - first + len(found)] = found
    bits = rows[..., None] >> np.arange(size.accumulator_bits) & 1
    width = size.elements * size.accumulator_bits
    return pack_rows(size, bits.reshape(len(rows), width).astype(np.bool_))


def unpack_accumulators(memory: MemoryMap, data: bytes) -> list[Accumulators]:
    """Return what rows of accumulators hold: int16, of each layer, shape (outputs, fan-in)."""
    size, first = memory.size, accumulator_span(memory)[0]
    p, a = size.elements, size.accumulator_bits
    bits = unpack_rows(size, data)[:, : p * a].reshape(-1, p, a)
    weight = 1 << np.arange(a, dtype=np.int32)
    weight[-1] = -weight[-1]
    rows = bits @ weight
    found = [np.zeros(layer.shape, np.int16) for layer in memory.network.layers]
    matrices = dict(zip((each.name for each in memory.network.layers), found, strict=True))
    for edge, row in memory.accumulators.items():
        count = _accumulator_rows(memory, edge)
        own = rows[row - first : row - first + count]
        images.read_accumulators(memory, edge, own, matrices[edge.layer.name])
    return found


def state_crc(memory: MemoryMap, state: GraphState) -> dict[str, int]:
    """Return the CRC-32 of weights and accumulators, as a device has them in its memories."""
    return {
        "weights": crc32(pack_weights(memory, [each.weights for each in state.layers])),
        "accumulators": crc32(pack_accumulators(memory, [e.accumulators for e in state.layers])),
    }


def pack_samples(memory: MemoryMap, bits: Bits) -> Bytes:
    """Return the words of samples: uint8, shape (samples, bytes). bits: bool, (samples, inputs).

    Raises DataError for samples that are none of the network.
    """
    inputs = memory.network.inputs
    if getattr(bits, "dtype", None) != np.bool_ or bits.shape[1:] != (inputs,):
        raise DataError(
            f"samples have shape {np.shape(bits)} and type {getattr(bits, 'dtype', type(bits))}; "
            f"network {memory.network} takes bool of shape (samples, {inputs})"
        )
    rows = [images.sample_rows(memory, sample)[1] for sample in bits]
    words = np.array(rows, np.bool_).reshape(len(bits), sample_words(memory), memory.size.lanes)
    packed = np.packbits(words, axis=2, bitorder="little")
    return packed.reshape(len(bits), packed.shape[1] * packed.shape[2])


def sample_words(memory: MemoryMap) -> int:
    """Return the words of a sample."""
    return len(images.sample_rows(memory, np.zeros(memory.network.inputs, np.bool_))[1])


def sample_row(memory: MemoryMap) -> int:
    """Return the data row of its first word."""
    return images.sample_rows(memory, np.zeros(memory.network.inputs, np.bool_))[0]


def check_scores(network: Network, outputs_per_class: int) -> None:
    """Raise ConfigError unless scores fit the 16 bits in which they are sent."""
    places = len(list(heads.places(network))) if heads.has_places(network) else 1
    largest = network.output.inputs * outputs_per_class * places
    if largest > LARGEST_SCORE:
        raise ConfigError(
            f"a score of network {network} adds up {largest} inputs, and scores are sent in 16 "
            f"bits; use fewer outputs_per_class, or {LARGEST_SCORE} inputs of an output at most"
        )


def _accumulator_rows(memory: MemoryMap, edge: Edge) -> int:
    return edge.layer.outputs * len(edge.words(memory.size).used)
