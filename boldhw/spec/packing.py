"""Bytes that weights, accumulators, samples and the layer table take in an engine's memories.

The first bit of a vector is the lowest one everywhere, lanes behind the last one are 0.
:mod:`boldhw.spec.layout` says where everything lies.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import DataError
from boldhw.spec import store
from boldhw.spec.arrays import Accumulators, Bits, Bytes, Labels, Scalar
from boldhw.spec.engine import TABLE_ROWS, EngineConfig
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.layout import LayerLayout, Layout
from boldhw.spec.numbers import ceil_div
from boldhw.spec.settings import Settings
from boldhw.spec.table import ABOVE, FIELDS_PER_ROW, LAYER, ORIGIN, SETTINGS, TABLE, Field


def pack_weights(layout: Layout, weights: Sequence[Bits]) -> bytes:
    """Return the items of bank WEIGHTS, blocks 0 to ``layout.weight_blocks - 1``, as bytes.

    weights: one bool array per layer, shape (outputs, fan_in). Weight planes of all layers come
    first, then, in an engine that trains, transposed planes of layers 2 and up.
    """
    _check_arrays("weights", layout, weights, np.bool_)
    planes = list(weights)
    if layout.config.training:
        planes += [matrix.T for matrix in weights[1:]]
    return b"".join(_pack_plane(layout.config, plane) for plane in planes)


def unpack_weights(layout: Layout, data: bytes) -> list[Bits]:
    """Return the bool arrays, shape (outputs, fan_in), whose weight planes are in ``data``.

    The inverse of :func:`pack_weights`; transposed planes and unused lanes are not looked at.
    """
    config = layout.config
    _check_size("weights", data, layout.weight_blocks * config.block_bytes)
    row_bytes = config.subwords * config.block_bytes
    return [
        _unpack_plane(config, data[layer.weight_row * row_bytes :], layer)
        for layer in layout.layers
    ]


def pack_accumulators(layout: Layout, accumulators: Sequence[Accumulators]) -> bytes:
    """Return data-memory rows ``accumulator_row`` to ``accumulator_end - 1`` as bytes.

    accumulators: one int16 array per layer, shape (outputs, fan_in). Nothing is returned for an
    engine that does not train.
    """
    _check_arrays("accumulators", layout, accumulators, np.int16)
    if not layout.config.training:
        return b""
    return b"".join(
        _pack_rows(layout.config, matrix, layer)
        for matrix, layer in zip(accumulators, layout.layers, strict=True)
    )


def unpack_accumulators(layout: Layout, data: bytes) -> list[Accumulators]:
    """Return the int16 arrays, shape (outputs, fan_in), that ``data`` holds.

    The inverse of :func:`pack_accumulators`; zeros for an engine that does not train.
    """
    config = layout.config
    rows = layout.accumulator_end - layout.accumulator_row
    _check_size("accumulators", data, rows * config.data_bytes)
    if not config.training:
        return [np.zeros((n, m), np.int16) for m, n in layout.shapes]
    start = 0
    arrays: list[Accumulators] = []
    for layer in layout.layers:
        size = layer.input_groups * layer.groups * config.elements * config.data_bytes
        arrays.append(_unpack_rows(config, data[start : start + size], layer))
        start += size
    return arrays


def pack_samples(layout: Layout, bits: Bits) -> Bytes:
    """Return operand words of samples, uint8, shape (samples, ``layout.sample_bytes``).

    bits: bool, shape (samples, inputs).
    """
    bits, inputs = np.asarray(bits), layout.network.inputs
    if bits.dtype != np.bool_ or bits.ndim != 2 or bits.shape[1] != inputs:
        raise DataError(
            f"samples have shape {bits.shape} and type {bits.dtype}; the network takes "
            f"bool of shape (samples, {inputs})"
        )
    layer, lanes = layout.layers[0], layout.config.lanes
    words = _pad(bits, len(bits), layer.words * lanes).reshape(len(bits), layer.words, lanes)
    return np.packbits(words, axis=-1, bitorder="little").reshape(len(bits), layout.sample_bytes)


def pack_store(layout: Layout, bits: Bits, labels: Labels) -> bytes:
    """Return the bytes of a store with these samples, see :func:`boldhw.spec.store.pack_store`.

    bits: bool, shape (samples, inputs).  labels: integers, shape (samples,), 0..255.
    """
    return store.pack_store(layout.config, pack_samples(layout, bits), labels)


def pack_table(layout: Layout, settings: Settings) -> bytes:
    """Return data-memory rows 0 to ``16 * layers - 1``, the layer table, as bytes.

    Limits beyond what the engine's units hold become the largest they hold, which means the same.

    Raises ConfigError when ``settings`` do not fit the engine and network of ``layout``.
    """
    settings.check(layout.config, layout.network)
    rows = np.zeros((len(layout.layers), TABLE_ROWS, layout.config.data_bytes), np.uint8)
    fields = np.zeros((len(layout.layers), TABLE_ROWS, FIELDS_PER_ROW), "<u2")
    for index in range(len(layout.layers)):
        for row, of_row in enumerate(TABLE):
            for column, field in enumerate(of_row):
                value = _value(field, layout, settings, index)
                if field.saturates:
                    value = min(value, (1 << field.width(layout.config)) - 1)
                fields[index, row, column] = value & ((1 << FIELD_BITS) - 1)
    rows[:, :, : fields.shape[-1] * 2] = fields.view(np.uint8)
    return rows.tobytes()


def _value(field: Field, layout: Layout, settings: Settings, index: int) -> int:
    """Return the value of a field of a layer, an int."""
    if field is ORIGIN:
        return _origin(layout, settings, index)
    if field.of == SETTINGS:
        return int(getattr(settings.layers[index], field.name))
    place = {LAYER: index, ABOVE: index + 1}[field.of]
    return int(getattr(layout.layers[place], field.name)) if layout.layers[place:] else 0


def _origin(layout: Layout, settings: Settings, index: int) -> int:
    """Return what sums of a layer begin at; see :data:`boldhw.spec.table.ORIGIN`."""
    given, is_output = settings.layers[index], layout.network.layers[index].place.is_output
    return -(0 if is_output else given.tau) - (0 if given.zero_true else layout.layers[index].pad)


def _pad(matrix: NDArray[Scalar], rows: int, columns: int) -> NDArray[Scalar]:
    padded = np.zeros((rows, columns), matrix.dtype)
    padded[: matrix.shape[0], : matrix.shape[1]] = matrix
    return padded


def _pack_plane(config: EngineConfig, matrix: Bits) -> bytes:
    p, s, subwords = config.elements, config.lanes, config.subwords
    groups, words = ceil_div(matrix.shape[0], p), ceil_div(matrix.shape[1], s)
    lanes = _pad(matrix, groups * p, words * s).reshape(groups, p, words, subwords, p)
    return np.packbits(lanes.transpose(0, 2, 3, 1, 4), axis=-1, bitorder="little").tobytes()


def _unpack_plane(config: EngineConfig, data: bytes, layer: LayerLayout) -> Bits:
    p, s, subwords = config.elements, config.lanes, config.subwords
    shape = (layer.groups, layer.words, subwords, p, config.block_bytes // p)
    blocks = np.frombuffer(data, np.uint8, count=int(np.prod(shape))).reshape(shape)
    lanes = np.unpackbits(blocks, axis=-1, count=p, bitorder="little").transpose(0, 3, 1, 2, 4)
    plane = lanes.reshape(layer.groups * p, layer.words * s)[: layer.outputs, : layer.fan_in]
    return plane.astype(np.bool_)


def _pack_rows(config: EngineConfig, matrix: Accumulators, layer: LayerLayout) -> bytes:
    p, a = config.elements, config.accumulator_bits
    padded = _pad(matrix.T, layer.input_groups * p, layer.groups * p)
    lanes = padded.reshape(layer.input_groups, p, -1).transpose(0, 2, 1).reshape(-1, p)
    data = np.ascontiguousarray(lanes, "<i2").view(np.uint8).reshape(-1, p, 2)
    bits = np.unpackbits(data, axis=-1, count=a, bitorder="little").reshape(-1, p * a)
    rows = np.packbits(bits, axis=-1, bitorder="little")
    return _pad(rows, len(rows), config.data_bytes).tobytes()


def _unpack_rows(config: EngineConfig, data: bytes, layer: LayerLayout) -> Accumulators:
    p, a = config.elements, config.accumulator_bits
    rows = np.frombuffer(data, np.uint8).reshape(-1, config.data_bytes)
    bits = np.unpackbits(rows, axis=-1, count=p * a, bitorder="little").reshape(-1, p, a)
    sign = np.repeat(bits[..., -1:], 16 - a, axis=-1)
    words = np.packbits(np.concatenate([bits, sign], axis=-1), axis=-1, bitorder="little")
    lanes = words.view("<i2").reshape(layer.input_groups, -1, p).transpose(0, 2, 1)
    matrix = lanes.reshape(layer.input_groups * p, -1)[: layer.fan_in, : layer.outputs].T
    return np.ascontiguousarray(matrix, np.int16)


def _check_arrays(
    name: str, layout: Layout, arrays: Sequence[NDArray[Any]], dtype: type[np.generic]
) -> None:
    shapes = [(n, m) for m, n in layout.shapes]
    given = [(array.shape, array.dtype) for array in arrays]
    if given != [(shape, np.dtype(dtype)) for shape in shapes]:
        raise DataError(
            f"{name} are {given}; network {layout.network} has "
            f"{np.dtype(dtype)} arrays of shapes {shapes}"
        )


def _check_size(name: str, data: bytes, size: int) -> None:
    if len(data) != size:
        raise DataError(f"{name} are {len(data)} bytes, the layout takes {size}")


def check_labels(labels: Labels, samples: int, classes: int, name: str = "labels") -> None:
    """Raise DataError unless there is an integer from 0 to ``classes - 1`` for each sample.

    ``name`` is what messages call the labels.
    """
    dtype = getattr(labels, "dtype", None)
    if getattr(dtype, "kind", "?") not in "iu" or labels.shape != (samples,):
        raise DataError(
            f"{name} must be an integer array of shape ({samples},), one per sample; "
            f"got shape {np.shape(labels)} and type {dtype or type(labels).__name__}"
        )
    if samples and not 0 <= labels.min() <= labels.max() < classes:
        raise DataError(
            f"{name} run from {labels.min()} to {labels.max()}; the network has classes 0 to "
            f"{classes - 1}: give it a class for every label, or other samples"
        )
