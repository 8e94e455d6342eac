"""Contents of the memories: weights, accumulators, thresholds, samples; and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from boldhw.spec.arrays import Accumulators, Bits
from boldhw.spec.layer import INPUT
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.edges import FLAT, IMAGE, Edge
from boldhw.spec.ops.maps import packed
from boldhw.spec.ops.memory import MemoryMap
from boldhw.spec.ops.settings import NetworkValues
from boldhw.spec.ops.words import Words

Places = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def sample_rows(memory: MemoryMap, bits: Bits) -> tuple[int, Bits]:
    """Return the first row of a sample and its rows: bool, shape (rows, S), of first words.

    bits: bool, shape (inputs,).
    """
    sample, size = memory.network.sample, memory.size
    pixels = bits.reshape(sample.height, sample.width, sample.planes)
    if memory.form == IMAGE:
        rows = np.zeros((sample.height * sample.planes, size.lanes), np.bool_)
        rows[:, : sample.width] = pixels.transpose(0, 2, 1).reshape(len(rows), -1)
        return memory.image, rows
    if memory.form == FLAT:
        pixels = bits.reshape(1, 1, -1)
    place = memory.maps[INPUT]
    wide = np.zeros((*pixels.shape[:2], place.groups * size.elements), np.bool_)
    wide[:, :, : pixels.shape[2]] = pixels
    front = np.zeros((place.pad, size.lanes), np.bool_)
    return place.first, np.concatenate([front, packed(wide, size, place.pitch)])


def weight_rows(memory: MemoryMap, weights: Sequence[Bits]) -> Bits:
    """Return the weight memory's rows: bool, shape (rows, P, S).

    weights: bool, of each layer, shape (outputs, fan-in).
    """
    size = memory.size
    rows = np.zeros((memory.used("weight"), size.elements, size.lanes), np.bool_)
    for layer, matrix in zip(memory.network.layers, weights, strict=True):
        for edge in memory.edges[layer.name]:
            values = matrix[:, edge.inputs]  # output, kernel row, kernel column, plane
            rows[weight_places(memory, edge)] = values
            if edge in memory.turned:
                rows[turned_places(memory, edge)] = values
    return rows


def read_weights(memory: MemoryMap, rows: Bits, turned: bool = False) -> list[Bits]:
    """Return the weights of each layer: bool, shape (outputs, fan-in). Inverse of weight_rows.

    turned: of the transposed planes; inputs without one are F.
    """
    found = []
    for layer in memory.network.layers:
        matrix = np.zeros(layer.shape, np.bool_)
        for edge in memory.edges[layer.name]:
            if not turned or edge in memory.turned:
                place = (turned_places if turned else weight_places)(memory, edge)
                matrix[:, edge.inputs] = rows[place]
        found.append(matrix)
    return found


def accumulator_rows(memory: MemoryMap, edge: Edge, values: Accumulators) -> NDArray[np.int64]:
    """Return the rows of accumulators of an edge: int, shape (rows, P). values: (outputs, m)."""
    size, words = memory.size, edge.words(memory.size)
    rows = np.zeros((len(words.used), len(values), size.elements), np.int64)
    group, lane = _accumulators(memory, edge)
    rows[group, :, lane] = values[:, edge.inputs].transpose(1, 2, 3, 0)
    return rows.reshape(-1, size.elements)


def read_accumulators(
    memory: MemoryMap, edge: Edge, rows: NDArray[np.int32], into: Accumulators
) -> None:
    """Write what rows of an edge hold to ``into``, shape (outputs, m)."""
    split = rows.reshape(-1, edge.layer.outputs, memory.size.elements)
    group, lane = _accumulators(memory, edge)
    into[:, edge.inputs] = split[group, :, lane].transpose(3, 0, 1, 2)


def unit_rows(memory: MemoryMap, settings: NetworkValues) -> NDArray[np.int32]:
    """Return the unit memory's rows: int32, shape (rows, P, 2)."""
    p = memory.size.elements
    rows = np.zeros((memory.used("unit"), p, 2), np.int32)
    for layer, own in zip(memory.network.layers, settings.layers, strict=True):
        if layer.name in memory.units:
            first, groups = memory.units[layer.name], ceil_div(layer.outputs, p)
            part = rows[first : first + groups].reshape(-1, 2)
            part[: layer.outputs, 0], part[: layer.outputs, 1] = own.tau, own.window
            rows[first : first + groups] = part.reshape(groups, p, 2)
        for edge in memory.edges[layer.name]:
            if edge in memory.means and own.means is not None:
                group, lane = _accumulators(memory, edge)
                rows[memory.means[edge] + group, lane, 0] = own.means[edge.inputs]
    return rows


def weight_places(memory: MemoryMap, edge: Edge) -> Places:
    """Return row, element and lane of each weight: int, (outputs, rows, columns, planes)."""
    p, words = memory.size.elements, edge.words(memory.size)
    output = np.arange(edge.layer.outputs)[:, None, None, None]
    plane = np.arange(edge.reads.planes)
    place = words.table[:, :, plane // p]
    row = memory.weights[edge] + output // p * words.count + place[..., 0]
    return _spread(row, output % p, place[..., 1] * p + plane % p)


def turned_places(memory: MemoryMap, edge: Edge) -> Places:
    """Return the same of the transposed plane."""
    p, fold = memory.size.elements, memory.fold(edge.source)
    words = edge.back(memory.size, fold)
    output, plane = np.arange(edge.layer.outputs), np.arange(edge.reads.planes)
    groups = ceil_div(edge.reads.planes, p)
    first = memory.turned[edge] + plane // p * words.count
    if edge.layer.kernel is None:
        y, x = np.ogrid[: edge.rows, : edge.columns]
        place = words.table[0][x[0] % fold][:, output // p].transpose(1, 0, 2)[:, None, :, None]
        pixel = y * ceil_div(edge.columns, fold) + x // fold
        first = first + pixel[..., None] * groups * words.count
    else:
        place = _flipped(words)[:, :, output // p].transpose(2, 0, 1, 3)[:, :, :, None]
    lane = place[..., 1] * p + (output % p)[:, None, None, None]
    return _spread(first + place[..., 0], plane % p, lane)


def _flipped(words: Words) -> NDArray[np.int64]:
    return words.table[::-1, ::-1]


def _accumulators(memory: MemoryMap, edge: Edge) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return input group and lane of each input: int, shape (rows, columns, planes)."""
    p, words = memory.size.elements, edge.words(memory.size)
    number = np.zeros(words.table.shape[:3], np.int64)
    for index, each in enumerate(words.used):
        number[each.ky, each.kx, each.group] = index
    plane = np.arange(edge.reads.planes)
    group = number[:, :, plane // p]
    return group, np.broadcast_to(plane % p, group.shape)


def _spread(row: np.ndarray, element: np.ndarray, lane: np.ndarray) -> Places:
    found = np.broadcast_arrays(row, element, lane)
    return found[0], found[1], found[2]
