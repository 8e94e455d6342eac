"""What a layer reads of one source: a kernel over a map. A graph is a list of these.

A dense layer reads a source through a kernel as large as its map. A layer that the window unit
serves reads patches of an image: to all that follows, a map of such patches with a kernel of 1 x 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from boldhw.spec.head import SUMMED
from boldhw.spec.layer import INPUT, Layer
from boldhw.spec.maps import Shape
from boldhw.spec.network import Network
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.words import Words

FLAT, IMAGE, MAP = "flat", "image", "map"  # forms of a sample in the memory


@dataclass(frozen=True, eq=False)
class Edge:
    """A layer and one of its taps.

    layer           that reads
    source          name of what it reads
    reads           shape of what the kernel slides over
    rows, columns   of the kernel
    stride, dilation   pixels from one sum, and from one tap, to the next
    top, left       pixel of tap (0, 0) for sum (0, 0)
    sums            rows and columns of sums, before pooling
    inputs          int, shape (rows, columns, planes): which input of the layer each one is
    window          shape of the image whose patches are read, or None
    """

    layer: Layer
    source: str
    reads: Shape
    rows: int
    columns: int
    stride: int
    dilation: int
    top: int
    left: int
    sums: tuple[int, int]
    inputs: np.ndarray
    window: Shape | None = None

    @property
    def pool(self) -> int:
        """Side of the squares of sums of which the largest counts."""
        return self.layer.kernel.pool if self.layer.kernel else 1

    @property
    def last(self) -> int:
        """Column of the source that the last tap of a row reads for the last sum."""
        taps = (self.columns - 1) * self.dilation
        return self.left + taps + self.stride * (self.sums[1] - 1)

    @property
    def reach(self) -> int:
        """Pixels that it reads left or right of the source."""
        return max(0, -self.left, self.last - self.reads.width + 1)

    @property
    def patches_reach(self) -> bool:
        """Whether patches of an image reach outside of it."""
        if self.window is None or self.layer.kernel is None:
            return False
        far = [(count - 1) * self.stride + self.layer.kernel.side for count in self.sums]
        return (
            min(self.top, self.left) < 0
            or self.top + far[0] > self.window.height
            or self.left + far[1] > self.window.width
        )

    @property
    def turns(self) -> bool:
        """Whether deltas go back through it, which takes a transposed plane."""
        return self.source != INPUT

    def words(self, size: ArraySize) -> Words:
        """Return the operand words of a sum."""
        groups = ceil_div(self.reads.planes, size.elements)
        return Words(size.granules, groups, self.rows, self.columns, self.dilation)

    def back(self, size: ArraySize, fold: int) -> Words:
        """Return the operand words of a delta of the source: over outputs, the kernel flipped.

        fold: columns of the source whose weights share the words, where a dense layer reads it.
        """
        groups = ceil_div(self.layer.outputs, size.elements)
        if self.layer.kernel is None:
            return Words(size.granules, groups, 1, fold)
        return Words(size.granules, groups, self.rows, self.columns, self.dilation)

    @property
    def back_top(self) -> int:
        """Row of the deltas that the flipped kernel's first row reads for row 0 of the source."""
        return -self.top - (self.rows - 1) * self.dilation

    @property
    def back_left(self) -> int:
        """Column likewise."""
        return -self.left - (self.columns - 1) * self.dilation


def sample_form(network: Network, size: ArraySize) -> str:
    """Return how a sample is stored: FLAT, as an IMAGE of bit rows, or as a MAP like others.

    A row of an image is one operand word, which only window units read.
    """
    readers, sample = network.readers(INPUT), network.sample
    if all(layer.kernel is None for layer in readers):
        return FLAT
    if sample.width > size.lanes:
        return MAP
    return IMAGE if all(_takes_windows(network, layer, size) for layer in readers) else MAP


def _takes_windows(network: Network, layer: Layer, size: ArraySize) -> bool:
    """Return whether a window unit makes all patches of a layer that reads the sample."""
    kernel = layer.kernel
    if kernel is None or kernel.dilation > 1:
        return False
    once = sum(tap.source == INPUT for tap in layer.taps) == 1  # there are rows for one tap
    # A head that sums up has a segment for each place, and one MAC takes one window.
    once &= layer is not network.output or network.head.kind != SUMMED
    together = kernel.pool > 1 or size.planes > 1
    return once and size.makes_patches(kernel.side, network.sample.planes, kernel.stride, together)


def edges(network: Network, layer: Layer, form: str) -> list[Edge]:
    """Return what a layer reads, tap by tap. form: of the sample."""
    shapes = {INPUT: network.sample} | {each.name: each.makes for each in network.layers}
    if form == FLAT:
        shapes[INPUT] = Shape(1, 1, network.sample.bits)
    if layer.kernel is None:
        return _dense(layer, shapes)
    return _taps(layer, shapes, form)


def _dense(layer: Layer, shapes: dict[str, Shape]) -> list[Edge]:
    found, first = [], 0
    for tap in layer.taps:
        reads = shapes[tap.source]
        sizes = reads.height, reads.width, reads.planes
        inputs = first + np.arange(reads.bits).reshape(sizes)
        first += reads.bits
        edge = Edge(layer, tap.source, reads, *sizes[:2], 1, 1, 0, 0, (1, 1), inputs)
        found.append(edge)
    return found


def _taps(layer: Layer, shapes: dict[str, Shape], form: str) -> list[Edge]:
    kernel = layer.kernel
    assert kernel is not None
    planes = [shapes[tap.source].planes for tap in layer.taps]
    sums = kernel.sums(layer.reads, layer.name)
    all_inputs = np.arange(layer.inputs).reshape(kernel.side, kernel.side, sum(planes))
    found, first = [], 0
    for tap, count in zip(layer.taps, planes, strict=True):
        inputs = all_inputs[..., first : first + count]
        first += count
        reads, side = shapes[tap.source], kernel.side
        top, left = tap.dy - kernel.padding, tap.dx - kernel.padding
        window = None
        if tap.source == INPUT and form == IMAGE:
            window, inputs, side = reads, inputs.reshape(1, 1, -1), 1
            reads = Shape(*sums, inputs.size)
        found.append(
            Edge(layer, tap.source, reads, side, side, kernel.stride, kernel.dilation, top, left,
                 sums, inputs, window)
        )  # fmt: skip
    return found
