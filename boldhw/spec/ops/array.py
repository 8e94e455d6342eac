"""Size of an array that runs op lists."""

import re
from dataclasses import dataclass
from math import isqrt
from typing import NamedTuple

from boldhw.errors import ConfigError
from boldhw.spec.checks import check_range, check_types
from boldhw.spec.geometry import FIELD_BITS, Latencies

MOST_ROWS = 1 << 16  # of a memory: a field of a descriptor addresses so many
FIELDS = 4  # of a row of the data memory
PLANES = (1, 2, 4, 8)
MOST_SEGMENTS = 512  # of a sum
WINDOW_PLANES, WINDOW_SIDE, WINDOW_WORDS = 3, 15, 2  # largest image and kernel of a window unit
WINDOW_STRIDE = 2  # largest stride whose sums it makes together: of a square, and of all planes
PLANE_STRIDE = 2  # largest stride of the places that the planes of a MAC read together
MOST_KERNELS = 4  # that a window unit is made for, unless it is made for all
KERNEL = re.compile(r"(\d{1,2})x(\d)/(\d)")


class WindowKernel(NamedTuple):
    """A kernel that a window unit is made for.

    side     rows and columns
    planes   of the image
    stride   largest one whose sums are made together
    """

    side: int
    planes: int
    stride: int

    def __str__(self) -> str:
        return f"{self.side}x{self.planes}/{self.stride}"

    def bits(self) -> int:
        """Return the bits of a patch."""
        return self.side**2 * self.planes


@dataclass(frozen=True, kw_only=True)
class ArraySize(Latencies):
    """What a user chooses of an array that runs op lists.

    Parameters
    ----------
    elements : int
        P, outputs computed together, and weights that flip together. 2..40.
    lanes : int
        S, bits of one operand word. P times 2, 4 or 8.
    planes : int
        D, places of a map computed together with one row of weights: 1, 2, 4 or 8.
    batch : int
        K, the most active samples that one update can gather. 1..1024.
    accumulator_bits : int
        A, bits of one saturating accumulator. 2..16.
    data_rows, weight_rows, delta_rows, unit_rows, counter_rows : int
        Rows of the memories: of maps, accumulators and op lists; of P x S weights; of deltas by
        output; of thresholds and windows; of counters.
    score_rows : int
        The most outputs of the last layer.
    segments : int
        The most segments of one sum: taps of a layer, of all its readers, or places of a head that
        sums them up. 1..512.
    transposers : int
        P x P blocks of inputs that are transposed together, 1 or S / P.
    dual_port : bool
        True for a data memory that reads and writes in the same cycle.
    dsp_sums : bool
        True keeps the sums in multipliers with accumulators.
    serial : bool
        True changes the accumulators of a row one after the other, with three multipliers in all:
        VOTE and FLIP take a fraction of the logic, and P + 3 cycles for a row. No FLIP runs along
        with a VOTE.
    plain : bool
        True leaves out what few networks need: ops have the values of
        :data:`boldhw.spec.ops.plain.PLAIN` only. With ``serial``.
    inference : bool
        True leaves out all that trains: lists have MACs and what these read, whose gates are 0 and
        whose indices are not stored, and there are no counters and no memory of deltas.
    popcount_registers : int
        Registers between the levels of each popcount tree. 0..3.
    sum_bits : int
        Bits of a signed sum; a sum of n inputs, and of n votes, is from -n to n. 8..16.
    side_bits : int
        Bits of a number of rows, columns, groups or outputs, and of a pitch: an op has none of
        ``2**side_bits`` or more. Small devices save what counts them. 5..16.
    window_kernels : str
        Kernels that the window unit is made for, up to four as ``SIDExPLANES/STRIDE`` with commas
        between them: ``"5x1/1"`` for patches of 5 x 5 of an image of one plane. STRIDE, 1 or 2, is
        the largest one whose sums are pooled or made together by planes. Empty: all that fit.
    uncounted : bool
        True leaves out COUNT: counters of T's and of gated outputs, which governors need, stay 0.
    fixed : str
        What is constant in the ops of the one program that the array is made for, as
        :func:`boldhw.spec.ops.fixed.fixed_of` returns it. Empty: the array takes every program.
    """

    elements: int
    lanes: int
    planes: int = 1
    batch: int = 32
    accumulator_bits: int = 8
    data_rows: int = MOST_ROWS
    weight_rows: int = MOST_ROWS
    delta_rows: int = MOST_ROWS
    unit_rows: int = MOST_ROWS
    counter_rows: int = MOST_ROWS
    score_rows: int = MOST_ROWS
    segments: int = 8
    transposers: int = 1
    dual_port: bool = False
    dsp_sums: bool = False
    serial: bool = False
    plain: bool = False
    inference: bool = False
    popcount_registers: int = 0
    sum_bits: int = 16
    side_bits: int = 16
    window_kernels: str = ""
    uncounted: bool = False
    fixed: str = ""

    def __post_init__(self) -> None:
        check_types(self)
        check_range("elements", self.elements, 2, 40)
        if self.lanes not in (2 * self.elements, 4 * self.elements, 8 * self.elements):
            raise ConfigError(
                f"lanes={self.lanes} must be 2, 4 or 8 times elements={self.elements}; try "
                f"lanes={4 * self.elements}"
            )
        if self.planes not in PLANES:
            raise ConfigError(f"planes={self.planes} must be one of {PLANES}; try planes=1")
        if self.transposers not in (1, self.granules):
            raise ConfigError(
                f"transposers={self.transposers} must be 1 or lanes / elements = {self.granules}"
            )
        check_range("batch", self.batch, 1, 1024)
        check_range("accumulator_bits", self.accumulator_bits, 2, 16)
        for memory in ("data", "weight", "delta", "unit", "counter", "score"):
            name = f"{memory}_rows"
            check_range(name, getattr(self, name), 1, MOST_ROWS)
        check_range("segments", self.segments, 1, MOST_SEGMENTS)
        check_range("popcount_registers", self.popcount_registers, 0, 3)
        check_range("sum_bits", self.sum_bits, 8, 16)
        check_range("side_bits", self.side_bits, 5, 16)
        for kernel in self._named_kernels():
            if kernel not in self._all_kernels():
                raise ConfigError(
                    f"window_kernels={self.window_kernels} has {kernel}; a window unit makes up to "
                    f"{WINDOW_SIDE}x{WINDOW_PLANES}/{WINDOW_STRIDE} and {WINDOW_WORDS} words of "
                    f"{self.lanes} bits"
                )

    @property
    def granules(self) -> int:
        """Granules of P bits in an operand word, S / P."""
        return self.lanes // self.elements

    @property
    def read_latency(self) -> int:
        """Cycles from the address of a row to the row; with two ports requests take a register."""
        return 3 if self.dual_port else 1

    @property
    def data_width(self) -> int:
        """Bits of a row of the data memory: a pair of words, P accumulators, four fields."""
        accumulators = self.elements * self.accumulator_bits
        return max(2 * self.lanes, accumulators, FIELDS * FIELD_BITS)

    @property
    def access(self) -> int:
        """Cycles to read a row of accumulators and to write it: 1 with two ports."""
        return 1 if self.dual_port else 2

    @property
    def most_terms(self) -> int:
        """Inputs of a sum at most."""
        return (1 << self.sum_bits - 1) - 1

    @property
    def windows(self) -> tuple[WindowKernel, ...]:
        """Kernels that the window unit is made for."""
        return self._named_kernels() or tuple(
            kernel for kernel in self._all_kernels() if kernel.stride == WINDOW_STRIDE
        )

    def makes_patches(self, side: int, planes: int, stride: int, together: bool) -> bool:
        """Return whether the window unit makes patches of a kernel.

        together: sums are pooled or made by several planes.
        """
        return any(
            (side, planes) == kernel[:2] and (not together or stride <= kernel.stride)
            for kernel in self.windows
        )

    def _all_kernels(self) -> list[WindowKernel]:
        bits = WINDOW_WORDS * self.lanes
        return [
            WindowKernel(side, planes, stride)
            for planes in range(1, WINDOW_PLANES + 1)
            for side in range(1, min(WINDOW_SIDE, isqrt(bits // planes)) + 1)
            for stride in range(1, WINDOW_STRIDE + 1)
        ]

    def _named_kernels(self) -> tuple[WindowKernel, ...]:
        """Read ``window_kernels``. Raises ConfigError for what is written in another way."""
        if not self.window_kernels:
            return ()
        found = [KERNEL.fullmatch(each) for each in self.window_kernels.split(",")]
        if not all(found) or len(found) > MOST_KERNELS:
            raise ConfigError(
                f"window_kernels={self.window_kernels!r} must be up to {MOST_KERNELS} kernels "
                f"written SIDExPLANES/STRIDE with commas between them; try "
                f'window_kernels="5x1/1"'
            )
        return tuple(WindowKernel(*map(int, each.groups())) for each in found if each)


def place_bits(size: ArraySize) -> int:
    """Return the bits of a signed row or column of a map, and of what is read beside it.

    A map has no more rows and columns than the data memory, or ``side_bits`` count; its readers
    reach as far beyond.
    """
    return min((size.data_rows - 1).bit_length(), size.side_bits) + 2
