"""Segments: from where a MAC or a VOTE reads the words of an edge, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.edges import Edge
from boldhw.spec.ops.kinds import Segment, Window
from boldhw.spec.ops.maps import MapPlace
from boldhw.spec.ops.memory import MemoryMap
from boldhw.spec.ops.nest import jumps
from boldhw.spec.ops.words import Words

ADDRESSES = 1 << FIELD_BITS  # an adder of addresses has no carry beyond


@dataclass(frozen=True)
class Sums:
    """Which sums a MAC makes.

    rows, columns   of places
    pool            side of the squares of which one counts
    planes          places computed together
    groups          groups of P sums at a place
    fold            columns that share words of weights; not together with pooling and planes
    """

    rows: int
    columns: int
    pool: int
    planes: int
    groups: int
    fold: int = 1

    @property
    def across(self) -> int:
        """Columns of a tile that are computed one after the other.

        With planes the columns of a square are computed together.
        """
        return self.fold if self.planes > 1 or self.fold > 1 else self.pool

    @property
    def tiles(self) -> int:
        """Tiles of a row."""
        return ceil_div(self.columns, self.across * self.planes)

    @property
    def places(self) -> int:
        """Places, or tiles of D places, that sums are made for."""
        return self.rows * self.across * self.tiles

    @property
    def counts(self) -> list[int]:
        """Counts of the levels of its nest, from the one on that is outside of the words.

        A square is gone through for one group after the other, so that only the largest sums of a
        group have to be kept; else all groups of a place follow each other.
        """
        if self.pool > 1:
            inner = [self.across, self.pool, self.groups]
        else:
            inner = [self.groups, self.across, 1]
        return [*inner, self.tiles, self.rows // self.pool]

    def strides(self, stride: int, line: int) -> list[int]:
        """Return the distances of these levels in a map. line: from one of its rows to the next."""
        inner = [stride, stride * line, 0] if self.pool > 1 else [0, stride, 0]
        return [*inner, stride * self.across * self.planes, stride * line * self.pool]


def forward(
    memory: MemoryMap, edge: Edge, sums: Sums, zero_true: bool, at: tuple[int, int] = (0, 0)
) -> Segment | Window:
    """Return the segment of a MAC that sums up an edge. at: row and column of its first sum."""
    top, left = edge.top + at[0] * edge.stride, edge.left + at[1] * edge.stride
    if edge.window:
        return _window(memory, edge, zero_true, top, left)
    words, place = edge.words(memory.size), memory.maps[edge.source]
    return _segment(
        words, place, top, left, edge.stride,
        _levels(words, place, sums.counts, sums.strides(edge.stride, place.line)),
        weight_row=memory.weights[edge], zero_true=zero_true, border=_has_border(edge, zero_true),
    )  # fmt: skip


def backward(memory: MemoryMap, edge: Edge, sums: Sums) -> Segment:
    """Return the segment of a MAC that sums up deltas for the source of an edge."""
    words, place = edge.back(memory.size, sums.fold), memory.full_deltas[edge.layer.name]
    row = memory.turned[edge]
    if edge.layer.kernel is None:
        # Pixel n of a map with one column holds its deltas n pixels before the end of the word.
        levels = _levels(words, place, sums.counts, [0, -1, 0, 0, 0])
        return _segment(words, place, 0, 0, 0, levels, weight_row=row, deltas=True, advance=True)
    return _segment(
        words, place, edge.back_top, edge.back_left, 1,
        _levels(words, place, sums.counts, sums.strides(1, place.line)),
        weight_row=row, deltas=True,
    )  # fmt: skip


def votes(memory: MemoryMap, edge: Edge, planes: int, zero_true: bool) -> Segment | Window:
    """Return the segment of a VOTE: word after word, each at all places."""
    if edge.window:
        return _window(memory, edge, zero_true, edge.top, edge.left)
    words, place = edge.words(memory.size), memory.maps[edge.source]
    rows, columns = edge.sums
    counts = [ceil_div(columns, planes), rows, words.across, words.deep, words.rows]
    strides = [
        edge.stride * planes, edge.stride * place.line, words.taps * edge.dilation, place.pitch,
        edge.dilation * place.line,
    ]  # fmt: skip
    return _segment(
        words, place, edge.top, edge.left, edge.stride, (counts, strides),
        weight_row=memory.weights[edge], zero_true=zero_true, border=_has_border(edge, zero_true),
    )  # fmt: skip


def gathered(memory: MemoryMap, edge: Edge, row: int, batch: int, zero_true: bool) -> Segment:
    """Return the segment of a VOTE over slots. row: of the edge's words in the first slot."""
    words, place = edge.words(memory.size), memory.maps[edge.source]
    counts = [batch, 1, words.across, words.deep, words.rows]
    strides = [memory.slot, 0, 1, words.across, words.across * words.deep]
    found = _segment(
        words, place, 0, 0, 0, (counts, strides),
        weight_row=memory.weights[edge], zero_true=zero_true,
    )  # fmt: skip
    return _replaced(found, row)


def first_word(words: Words, place: MapPlace, top: int, left: int) -> int:
    """Return the address of the first word of the first sum."""
    end = left + (words.taps - 1 - words.skip) * words.dilation
    return place.row + top * place.line + end


def _has_border(edge: Edge, zero_true: bool) -> bool:
    """Return whether pixels left and right of a map have to be masked; in {0,T} they are 0."""
    return not zero_true and edge.reach > 0


def _levels(
    words: Words, place: MapPlace, counts: Sequence[int], strides: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return counts and strides of all levels of a MAC, given those from the group on."""
    inner = [words.across, words.deep, words.rows]
    steps = [words.taps * words.dilation, place.pitch, words.dilation * place.line]
    return [*inner, *counts], [*steps, *strides]


def _segment(
    words: Words,
    place: MapPlace,
    top: int,
    left: int,
    stride: int,
    levels: tuple[list[int], list[int]],
    *,
    weight_row: int,
    deltas: bool = False,
    zero_true: bool = False,
    border: bool = False,
    advance: bool = False,
) -> Segment:
    steps = {f"jump{level}": jump for level, jump in enumerate(jumps(*levels))}
    return Segment(
        in_row=first_word(words, place, top, left) % ADDRESSES,
        weight_row=weight_row,
        words=words.deep,
        across=words.across,
        down=words.rows,
        taps=words.taps,
        skip=words.skip,
        groups=words.groups,
        lanes=place.lanes,
        stride=stride,
        dilation=words.dilation,
        top=top,
        left=left,
        height=place.shape.height,
        width=place.shape.width,
        deltas=deltas,
        zero_true=zero_true,
        border=border,
        advance=advance,
        **steps,
    )


def _replaced(segment: Segment, row: int) -> Segment:
    return Segment(**vars(segment) | {"in_row": row})


def _window(memory: MemoryMap, edge: Edge, zero_true: bool, top: int, left: int) -> Window:
    assert edge.window is not None
    assert edge.layer.kernel is not None
    words = edge.words(memory.size)
    # Rows of the image above all patches are no part of it.
    above = min(max(top, 0), edge.window.height - 1)
    return Window(
        in_row=memory.image + above * edge.window.planes,
        weight_row=memory.weights[edge],
        words=words.count,
        across=1,
        down=1,
        taps=1,
        dilation=1,
        planes=edge.window.planes,
        side=edge.layer.kernel.side,
        stride=edge.stride,
        top=top - above,
        left=left,
        height=edge.window.height - above,
        width=edge.window.width,
        groups=words.groups,
        lanes=edge.reads.planes - (words.groups - 1) * memory.size.elements,
        zero_true=zero_true,
        border=edge.patches_reach,
    )
