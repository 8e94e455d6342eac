"""Which bits of a map the outputs of a layer read, in the order of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from boldhw.spec.layer import Layer
from boldhw.spec.maps import Shape


class Piece(NamedTuple):
    """Planes that a weight row has next to each other.

    Output (y, x) reads planes ``first`` to ``first + planes - 1`` at (y * stride + dy,
    x * stride + dx); nothing where that is outside of the map.
    """

    dy: int
    dx: int
    first: int
    planes: int


@dataclass(frozen=True)
class Places:
    """What the outputs of a layer read of its sources, joined to one map.

    reads           shape of the joined map; a dense layer joins all bits to one place
    rows, columns   places that have sums
    stride          places of the map from one sum to the next
    pool            side of the squares of sums of which the largest counts, 1 or 2
    outputs         sums at each place
    pieces          what a sum at (0, 0) reads
    """

    reads: Shape
    rows: int
    columns: int
    stride: int
    pool: int
    outputs: int
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, layer: Layer, sources: Mapping[str, Shape]) -> Places:
        """Return the places of a layer. sources: shape of each one that it reads."""
        kernel = layer.kernel
        if kernel is None:
            return cls(layer.reads, 1, 1, 1, 1, layer.outputs, (Piece(0, 0, 0, layer.inputs),))
        first, starts = 0, {}
        for name in layer.sources:
            starts[name] = first
            first += sources[name].planes
        pieces = tuple(
            Piece(tap.dy, tap.dx, starts[tap.source], sources[tap.source].planes)
            for tap in layer.reach
        )
        rows, columns = kernel.sums(layer.reads, layer.name)
        return cls(layer.reads, rows, columns, kernel.stride, kernel.pool, layer.outputs, pieces)

    @property
    def inputs(self) -> int:
        """Bits that a sum reads."""
        return sum(piece.planes for piece in self.pieces)

    @property
    def makes(self) -> Shape:
        """Shape of the outputs."""
        return Shape(self.rows // self.pool, self.columns // self.pool, self.outputs)

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Rows above and below, columns left and right of the map that some sum reaches."""
        last = self.stride * (self.rows - 1), self.stride * (self.columns - 1)
        dys = [piece.dy for piece in self.pieces]
        dxs = [piece.dx for piece in self.pieces]
        return (
            max(0, -min(dys)),
            max(0, last[0] + max(dys) - self.reads.height + 1),
            max(0, -min(dxs)),
            max(0, last[1] + max(dxs) - self.reads.width + 1),
        )
