"""The ops: what a descriptor of each kind says. Rows without a memory's name are of data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from boldhw.spec.ops.fields import Op, value


class Sink(IntEnum):
    """What a MAC makes of its sums."""

    BITS = 0
    SCORES = 1
    DELTAS = 2


class Turned(IntEnum):
    """How the transposed plane of a FLIP is ordered."""

    NONE = 0
    KERNEL = 1
    PLACES = 2


class Part(IntEnum):
    """What a COUNT adds up: the first or the second word of pairs, or signs within masks."""

    FIRST = 0
    SECOND = 1
    SIGNED = 2


def _jump(level: str) -> int:
    number: int = value(16, f"added to the address when level {level} moves", signed=True)
    return number


@dataclass(frozen=True, kw_only=True)
class Segment(Op):
    """Words of a map that the next MAC, VOTE or FLIP reads, and the weights that they meet.

    A MAC takes several; their sums are added. Levels of its nest, the innermost first: word of a
    kernel row, word of a pixel, kernel row, group, column of a tile, one, tile, row; where squares
    are pooled: these three, column and row of a square, group, tile, row.
    Levels of a VOTE: tile, row, word of a kernel row, word of a pixel, kernel row.
    """

    KIND: ClassVar[int] = 1
    deltas: int = value(1, "1: rows are signs and masks; 0: outputs and gates")
    zero_true: int = value(1, "1: F counts 0; 0: F counts -1")
    border: int = value(1, "1: pixels left and right of the map are masked")
    advance: int = value(1, "1: weight rows go on from tile to tile; 0: they begin again")
    skip: int = value(4, "taps that the first word of a kernel row lacks")
    in_row: int = value(16, "address of the first word")
    weight_row: int = value(16, "first row of weights")
    words: int = value(16, "words of a pixel")
    across: int = value(8, "words of a kernel row")
    down: int = value(8, "kernel rows")
    taps: int = value(4, "taps of a word")
    lanes: int = value(6, "lanes in use in the last group of a pixel")
    stride: int = value(6, "pixels from one sum to the next")
    groups: int = value(16, "groups of P planes of a pixel")
    dilation: int = value(8, "pixels from one tap to the next")
    top: int = value(16, "map row of the first kernel row, for the first sum", signed=True)
    left: int = value(16, "map column of the first tap, for the first sum", signed=True)
    height: int = value(16, "rows of the map")
    width: int = value(16, "columns of the map")
    jump0: int = _jump("0")
    jump1: int = _jump("1")
    jump2: int = _jump("2")
    jump3: int = _jump("3")
    jump4: int = _jump("4")
    jump5: int = _jump("5")
    jump6: int = _jump("6")
    jump7: int = _jump("7")

    @property
    def jumps(self) -> tuple[int, ...]:
        """Jumps of all levels, the innermost first."""
        return tuple(getattr(self, f"jump{level}") for level in range(8))


@dataclass(frozen=True, kw_only=True)
class Window(Op):
    """A segment of which the window unit makes one patch a place, from rows of an image.

    Bits of a patch are in the order kernel row, kernel column, plane.
    """

    KIND: ClassVar[int] = 2
    zero_true: int = value(1, "1: F counts 0; 0: F counts -1")
    planes: int = value(3, "planes of the image")
    side: int = value(4, "rows and columns of the kernel")
    in_row: int = value(16, "row of the first image row and plane")
    weight_row: int = value(16, "first row of weights")
    groups: int = value(16, "groups of P bits of a patch")
    lanes: int = value(6, "lanes in use in the last group")
    stride: int = value(6, "pixels from one sum to the next")
    border: int = value(1, "1: patches reach outside of the image")
    top: int = value(16, "image row of the first kernel row, for the first sum", signed=True)
    left: int = value(16, "image column of the first tap, for the first sum", signed=True)
    height: int = value(16, "rows of the image")
    width: int = value(16, "columns of the image")


@dataclass(frozen=True, kw_only=True)
class Mac(Op):
    """Sums of XNORs of the segments before it, at each place of a map."""

    KIND: ClassVar[int] = 3
    sink: int = value(2, "0: outputs and gates; 1: scores; 2: deltas")
    pool: int = value(2, "side of the squares of which the largest sum counts")
    planes: int = value(4, "places computed together, 1 or D")
    groups: int = value(16, "groups of P sums at a place")
    lanes: int = value(6, "sums in use in the last group")
    front: int = value(8, "pixels of zeros in front of the map that is written")
    columns: int = value(12, "columns of sums")
    fold: int = value(4, "columns that share words of the weights of dense layers")
    rows: int = value(16, "rows of sums")
    out_row: int = value(16, "first pixel of the map that is written")
    out_pitch: int = value(16, "rows of a word of a map row, flushed pixels included")
    unit_row: int = value(16, "unit memory: thresholds and windows of the first group")
    index_row: int = value(16, "first pixel of the map of the largest sums' indices")
    gate_row: int = value(16, "deltas: first pixel of the map with the gates")
    gate_pitch: int = value(16, "deltas: its pitch")
    dead: int = value(16, "deltas: largest |g| of no delta")
    counter_row: int = value(16, "deltas: counter memory: row whose first one adds up |g| in gates")


@dataclass(frozen=True, kw_only=True)
class Expand(Op):
    """Deltas of pooled squares at the places of their largest sums, ``stride`` places apart."""

    KIND: ClassVar[int] = 4
    pool: int = value(2, "side of a square; 1: no pooling")
    stride: int = value(6, "places from one sum to the next in the map that is written")
    in_row: int = value(16, "first pixel of the map of deltas")
    in_pitch: int = value(16, "its pitch")
    index_row: int = value(16, "first pixel of the map of indices")
    index_pitch: int = value(16, "its pitch")
    out_row: int = value(16, "first pixel of the map that is written")
    out_pitch: int = value(16, "its pitch")
    front: int = value(8, "pixels of zeros in front of it")
    groups: int = value(16, "groups of P planes of a pixel")
    columns: int = value(16, "columns of sums")
    rows: int = value(16, "rows of sums")


@dataclass(frozen=True, kw_only=True)
class Gather(Op):
    """Rows that a nest of three levels reads, one behind the other in the slot of this sample."""

    KIND: ClassVar[int] = 5
    across: int = value(8, "rows of level 0")
    in_row: int = value(16, "first row")
    words: int = value(16, "rows of level 1")
    down: int = value(16, "rows of level 2")
    jump0: int = _jump("0")
    jump1: int = _jump("1")
    jump2: int = _jump("2")
    out_row: int = value(16, "first row in the first slot")
    slot: int = value(16, "rows from one slot to the next")


@dataclass(frozen=True, kw_only=True)
class Turn(Op):
    """Deltas of a map, or of gathered samples, into the delta memory: a row for S places.

    Levels: column, row, word of a pixel.
    """

    KIND: ClassVar[int] = 6
    gathered: int = value(1, "1: columns are gathered samples, as many as there are")
    in_row: int = value(16, "first pixel")
    groups: int = value(16, "groups of P planes of a pixel")
    lanes: int = value(6, "planes in use in the last group")
    columns: int = value(16, "columns, or slots at most")
    rows: int = value(16, "rows")
    planes: int = value(4, "places read together, 1 or D")
    stride: int = value(6, "pixels from one place to the next")
    wide: int = value(12, "rows of the delta memory of one plane")
    out_row: int = value(16, "delta memory: first row")
    jump0: int = _jump("0")
    jump1: int = _jump("1")
    jump2: int = _jump("2")


@dataclass(frozen=True, kw_only=True)
class Vote(Op):
    """Votes of a segment's inputs, summed over places or gathered samples, into accumulators."""

    KIND: ClassVar[int] = 7
    gathered: int = value(1, "1: places are gathered samples, as many as there are")
    fused: int = value(1, "1: the FLIP that follows runs along")
    rounding: int = value(3, "bits dropped from votes")
    columns: int = value(16, "columns of sums, or slots at most")
    rows: int = value(16, "rows of sums")
    planes: int = value(4, "places read together, 1 or D")
    wide: int = value(12, "rows of the delta memory of one output")
    outputs: int = value(16, "outputs")
    delta_row: int = value(16, "delta memory: first row")
    column_row: int = value(16, "weight memory: first row for columns of inputs")
    acc_row: int = value(16, "first row of accumulators")
    decay: int = value(16, "share of an accumulator that decays before, 1/65536")


@dataclass(frozen=True, kw_only=True)
class Flip(Op):
    """Weights of a segment against which their accumulators are: both planes are rewritten."""

    KIND: ClassVar[int] = 8
    turned: int = value(2, "transposed plane, 0: none; 1: of the flipped kernel; 2: of places")
    balanced: int = value(1, "1: the mean of the inputs is taken out of the votes")
    clears: int = value(1, "1: the sums of deltas begin again")
    rounding: int = value(3, "bits dropped from votes")
    acc_row: int = value(16, "first row of accumulators")
    outputs: int = value(16, "outputs")
    turned_row: int = value(16, "weight memory: first row of the transposed plane")
    turned_taps: int = value(4, "taps of a word of the transposed plane")
    turned_fold: int = value(4, "columns of a dense layer's source that share its words")
    turned_across: int = value(8, "transposed plane: words of a kernel row")
    theta: int = value(16, "votes that flip a weight")
    decay: int = value(16, "share of an accumulator that decays before, 1/65536")
    mean_row: int = value(16, "unit memory: first row of means")
    balance_row: int = value(16, "counter memory: first row of sums of deltas")
    counter_row: int = value(16, "counter memory: row whose second one adds up flips")
    step: int = value(16, "rows of weights from one group of outputs to the next")
    groups: int = value(16, "groups of P outputs")
    turned_group: int = value(16, "transposed plane: rows from one group of inputs to the next")
    turned_line: int = value(
        16, "transposed plane: rows of a kernel row; of places: of one of them"
    )


@dataclass(frozen=True, kw_only=True)
class Count(Op):
    """T's of each plane of a map, added to counters."""

    KIND: ClassVar[int] = 9
    part: int = value(2, "0: first words, 1: second words, 2: signs within masks")
    lanes: int = value(6, "planes in use in the last group")
    in_row: int = value(16, "first pixel")
    pitch: int = value(16, "pitch of the map")
    groups: int = value(16, "groups of P planes of a pixel")
    columns: int = value(16, "columns")
    rows: int = value(16, "rows")
    counter_row: int = value(16, "counter memory: row of the first group")
    jump: int = value(
        16, "added to the address from the last D pixels of a map row to the next one", signed=True
    )


@dataclass(frozen=True, kw_only=True)
class Loss(Op):
    """Is the sample active? If so, the deltas of the scores."""

    KIND: ClassVar[int] = 10
    deltas: int = value(1, "1: write the deltas; 0: compare the scores")
    outputs: int = value(16, "scores")
    per_class: int = value(16, "scores that are added up for a class")
    out_row: int = value(16, "first pixel of the map of deltas that is written")
    out_pitch: int = value(16, "its pitch")
    front: int = value(8, "pixels of zeros in front of it")


@dataclass(frozen=True, kw_only=True)
class End(Op):
    """The list ends."""

    KIND: ClassVar[int] = 11


KINDS: dict[int, type[Op]] = {
    kind.KIND: kind
    for kind in (Segment, Window, Mac, Expand, Gather, Turn, Vote, Flip, Count, Loss, End)
}
