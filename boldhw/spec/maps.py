"""Maps of bits, and the kernel with which a convolution reads them.

A map has rows, columns and planes. There is one order of its bits everywhere: row by row, in a row
column by column, and at a place plane by plane (channels last). A convolution orders the inputs of
an output in the same manner: kernel row, kernel column, tap, plane of the tap's source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from boldhw.errors import ConfigError

POOLS = (1, 2)  # side of the squares of sums of which the largest counts; 1: none
LETTERS = {"stride": "s", "dilation": "d", "padding": "z", "pool": "p"}  # in the shorthand


@dataclass(frozen=True)
class Shape:
    """Size of a map: ``height`` rows of ``width`` columns, ``planes`` bits at each place."""

    height: int
    width: int
    planes: int

    @property
    def bits(self) -> int:
        """Number of bits of a map."""
        return self.height * self.width * self.planes

    @property
    def is_flat(self) -> bool:
        """Whether it is a row of bits rather than a map: one place."""
        return self.height == self.width == 1

    def __str__(self) -> str:
        """Return such as ``28x28x3``; ``28x28`` for one plane, ``784`` for one place."""
        if self.is_flat:
            return str(self.planes)
        planes = f"x{self.planes}" if self.planes > 1 else ""
        return f"{self.height}x{self.width}{planes}"


@dataclass(frozen=True)
class Kernel:
    """How a convolution reads its sources, and what becomes of its sums.

    side       rows and columns of the kernel
    stride     places of a source from one output to the next
    dilation   places of a source from one row or column of the kernel to the next
    padding    rows and columns of nothing around a source; nothing counts 0 in a sum
    pool       side of the squares of sums of which the largest becomes the output, 1 or 2
    """

    side: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0
    pool: int = 1

    @property
    def span(self) -> int:
        """Rows, and columns, of a source that the kernel covers."""
        return self.dilation * (self.side - 1) + 1

    @property
    def offsets(self) -> Iterator[tuple[int, int]]:
        """Offsets (dy, dx) of what the kernel reads, row by row.

        Output (y, x) reads at (y * stride + dy, x * stride + dx).
        """
        line = [i * self.dilation - self.padding for i in range(self.side)]
        return ((dy, dx) for dy in line for dx in line)

    def __str__(self) -> str:
        """Return such as ``k5p2``: what :meth:`of` does not fill in."""
        usual = vars(Kernel.of({"side": self.side, "dilation": self.dilation}, ""))
        others = (
            f"{letter}{getattr(self, name)}"
            for name, letter in LETTERS.items()
            if getattr(self, name) != (1 if name == "dilation" else usual[name])
        )
        return f"k{self.side}{''.join(others)}"

    @classmethod
    def of(cls, entry: Any, layer: str) -> Kernel:
        """Return the kernel of a JSON object; only ``side`` has to be there.

        The padding that is filled in keeps the size of a map at stride 1, if the span is odd.
        Raises ConfigError that names the layer.
        """
        if not isinstance(entry, Mapping) or not set(entry) <= set(cls.__dataclass_fields__):
            raise ConfigError(
                f"kernel of layer {layer} is {entry!r}; it is an object with side, and if they are "
                f"not the usual ones, {', '.join(LETTERS)}"
            )
        values = {"stride": 1, "dilation": 1, "pool": 1, **entry}
        for name, lowest in (("side", 1), ("stride", 1), ("dilation", 1), ("padding", 0)):
            if name != "padding" or name in values:
                _check_integer(f"{name} of layer {layer}", values.get(name), lowest)
        values.setdefault("padding", values["dilation"] * (values["side"] - 1) // 2)
        if values["pool"] not in POOLS:
            raise ConfigError(
                f"pool of layer {layer} is {values['pool']!r}; choose 1 (none) or 2 (2 x 2)"
            )
        return cls(**values)

    def to_dict(self) -> dict[str, int]:
        """Return all of it as JSON holds it."""
        return asdict(self)

    def sums(self, reads: Shape, layer: str) -> tuple[int, int]:
        """Return rows and columns of the sums over a map. Raises ConfigError that names the layer.

        The map must be as large as the kernel at least, and sums that are pooled must pair up.
        """
        rows, columns = (
            (size + 2 * self.padding - self.span) // self.stride + 1
            for size in (reads.height, reads.width)
        )
        if min(rows, columns) < 1:
            raise ConfigError(
                f"layer {layer} has a kernel that covers {self.span} x {self.span} places and "
                f"reads {reads}; it needs {self.span - 2 * self.padding} rows and columns, or more "
                f"padding"
            )
        if rows % self.pool or columns % self.pool:
            raise ConfigError(
                f"layer {layer} pools 2 x 2, and its sums are {rows} x {columns}; it needs an even "
                f"number of rows and columns: leave out the pooling or change the padding"
            )
        return rows, columns

    def makes(self, reads: Shape, outputs: int, layer: str) -> Shape:
        """Return the shape of the outputs over a map. Raises ConfigError like :meth:`sums`."""
        rows, columns = self.sums(reads, layer)
        return Shape(rows // self.pool, columns // self.pool, outputs)


def joined(sources: Mapping[str, Shape], layer: str) -> Shape:
    """Return the map that a convolution reads: its sources, their planes one behind the other.

    Raises ConfigError that names the layer when their sizes differ.
    """
    sizes = {(shape.height, shape.width) for shape in sources.values()}
    if len(sizes) > 1:
        found = ", ".join(f"{name} of {shape}" for name, shape in sources.items())
        raise ConfigError(
            f"layer {layer} reads {found}; a convolution needs sources with the same number of "
            f"rows and of columns"
        )
    height, width = sizes.pop()
    return Shape(height, width, sum(shape.planes for shape in sources.values()))


def _check_integer(name: str, value: Any, lowest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
        raise ConfigError(f"{name} is {value!r}; it must be an integer from {lowest}")
