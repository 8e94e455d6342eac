"""What the values of a single op may be: with others it would not end, or mean nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from boldhw.errors import DataError
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import (
    PLANE_STRIDE,
    WINDOW_PLANES,
    WINDOW_SIDE,
    WINDOW_STRIDE,
    WINDOW_WORDS,
    ArraySize,
    place_bits,
)
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.fixed import check_fixed
from boldhw.spec.ops.kinds import (
    Count,
    Expand,
    Flip,
    Loss,
    Mac,
    Part,
    Segment,
    Sink,
    Turn,
    Turned,
    Vote,
    Window,
)
from boldhw.spec.ops.plain import INFERENCE, limits_of
from boldhw.spec.ops.reads import back_words, count_jump, flip_steps, kernel_words

POSITIVE = (
    "rows", "columns", "groups", "planes", "pool", "fold", "words", "across", "down", "taps",
    "outputs", "wide", "lanes", "per_class", "side", "height", "width", "dilation", "theta",
)  # fmt: skip
SIDES = (
    "rows", "columns", "groups", "height", "width", "out_pitch", "in_pitch", "gate_pitch", "pitch",
    "outputs", "words", "across", "down", "wide", "front",
)  # fmt: skip


Parts = Sequence[Segment | Window]


def check_values(size: ArraySize, where: str, op: Op) -> None:
    """Raise DataError, naming ``where``, for values that no op of an array of this size has."""
    values = vars(op)
    for name in POSITIVE:
        if name in values and values[name] < 1:
            raise DataError(f"{where} has {name}={values[name]}; it must be 1 or more")
    for name in SIDES:
        if values.get(name, 0) >> size.side_bits:
            raise DataError(
                f"{where} has {name}={values[name]}; an array of side_bits={size.side_bits} counts "
                f"up to {(1 << size.side_bits) - 1}"
            )
    check_fixed(size.fixed, where, op)
    if size.inference and type(op) not in INFERENCE:
        raise DataError(f"{where} trains; an array with inference=True takes none")
    for name, (least, most) in limits_of(size, type(op)).items():
        if not least <= values[name] <= most:
            raise DataError(
                f"{where} has {name}={values[name]}; this array takes "
                f"{least if least == most else f'{least} to {most}'}"
            )
    if values.get("fused", 0) and size.serial:
        raise DataError(f"{where} is fused; an array with serial=True flips weights by themselves")
    if values.get("lanes", 1) > size.elements:
        raise DataError(f"{where} uses {values['lanes']} lanes of {size.elements}")
    if values.get("planes", 1) not in (1, size.planes) and not isinstance(op, Window):
        raise DataError(f"{where} computes {values['planes']} places together, not {size.planes}")
    pool = values.get("pool", 1)
    if pool > 2 or (pool == 2 and (values["rows"] % 2 or values["columns"] % 2)):
        raise DataError(f"{where} pools {pool} x {pool} of {values['rows']} x {values['columns']}")
    for wrong in LIMITS[type(op)](op, size) if type(op) in LIMITS else ():
        raise DataError(f"{where} {wrong}")
    of_deltas = {Turn: "out_row", Vote: "delta_row"}.get(type(op))
    if of_deltas and values[of_deltas] % size.planes:
        raise DataError(
            f"{where} has {of_deltas}={values[of_deltas]}; {size.planes} planes take multiples of "
            f"{size.planes}"
        )
    if values.get("out_pitch", 0) % size.planes:
        raise DataError(
            f"{where} writes a map with out_pitch={values['out_pitch']}; {size.planes} planes take "
            f"multiples of {size.planes}"
        )


def check_parts(size: ArraySize, where: str, op: Op, parts: Parts) -> None:
    """Raise DataError, naming ``where``, unless an op has the segments that it reads."""
    needs = isinstance(op, Mac | Vote | Flip)
    if not needs and parts:
        raise DataError(f"{where} follows a segment, which it does not read")
    if needs and (not parts or (len(parts) > 1 and not isinstance(op, Mac))):
        raise DataError(f"{where} has {len(parts)} segments in front of it; it reads one")
    if isinstance(op, Mac):
        terms = sum(_terms(part, size) for part in parts)
        if terms > size.most_terms:
            raise DataError(
                f"{where} sums up {terms} inputs; {size.sum_bits} bits hold {size.most_terms}"
            )
        _check_segments(size, where, op, parts)
    if isinstance(op, Vote | Flip) and isinstance(parts[0], Segment) and parts[0].deltas:
        raise DataError(f"{where} has a segment of deltas; votes are of inputs, with deltas=0")
    places = size.most_terms // 2  # the array doubles votes where inputs are {0,T}
    if isinstance(op, Vote) and op.rows * op.columns > places:
        raise DataError(
            f"{where} sums up votes of {op.rows * op.columns} places; {size.sum_bits} bits hold "
            f"{places}"
        )
    if isinstance(op, Vote):
        _check_places(size, where, op, parts[0])
        if isinstance(parts[0], Window):
            _check_border(where, op, parts[0])
    if isinstance(op, Flip):
        if op.turned:
            _check_turned(size, where, op, parts[0])
        for name, wanted in flip_steps(op, parts[0], size).items():
            if getattr(op, name) != wanted:
                raise DataError(
                    f"{where} has {name}={getattr(op, name)}; its words make it {wanted}"
                )


def _check_segments(size: ArraySize, where: str, op: Mac, parts: Parts) -> None:
    """Raise DataError for more segments than an array has registers of, and for two windows."""
    if len(parts) > size.segments:
        raise DataError(
            f"{where} has {len(parts)} segments in front of it; the array takes segments="
            f"{size.segments}: use fewer taps or readers, or an array with more segments"
        )
    for part in parts:
        _check_reach(size, where, op, part)
        if op.planes > 1 and part.stride > PLANE_STRIDE:
            raise DataError(
                f"{where} reads places {part.stride} apart with planes={op.planes}; it reads them "
                f"{PLANE_STRIDE} apart at most, or one place with planes=1"
            )
    windows = [part for part in parts if isinstance(part, Window)]
    if len(windows) > 1:
        raise DataError(f"{where} reads {len(windows)} windows; there are rows for one image")
    for part in windows:
        if not size.makes_patches(
            part.side, part.planes, part.stride, op.pool > 1 or op.planes > 1
        ):
            raise DataError(
                f"{where} makes sums of patches of {part.side} x {part.side} x {part.planes} "
                f"together, {part.stride} pixels apart; the window unit makes {_kernels(size)}"
            )


def _check_reach(size: ArraySize, where: str, op: Mac | Vote, part: Segment | Window) -> None:
    """Raise DataError for a segment that reaches further beside its map than rows are counted."""
    most = 1 << place_bits(size) - 2
    if isinstance(part, Window):
        rows, columns, skip = part.side, part.side, 0
    else:
        rows, columns = (part.down - 1) * part.dilation, part.across * part.taps * part.dilation
        skip = part.skip
    tile = size.planes * size.granules  # what a row of places is rounded up to, at most
    low = min(part.top, part.left - skip)
    high = max(
        part.top + op.rows * part.stride + rows,
        part.left + (op.columns + tile) * part.stride + columns + size.granules,
        part.height + most,
        part.width + most,
    )
    if low < -most or high > 2 * most:
        raise DataError(
            f"{where} reads rows or columns {low} to {high} of a map or beside it; "
            f"data_rows={size.data_rows} and side_bits={size.side_bits} count them from {-most} to "
            f"{2 * most}"
        )


def _check_places(size: ArraySize, where: str, op: Vote, part: Segment | Window) -> None:
    """Raise DataError for places so far beside a map that counters of small arrays do not reach."""
    most = 2 << max(place_bits(size) - 2, 1)
    far = 0 if isinstance(part, Window) else part.dilation
    down, across = 0, 0
    if isinstance(part, Segment):
        down, across = part.down, part.across * part.taps
    for name, first, count, taps, end in (
        ("row", part.top, op.rows, down, part.height),
        ("column", part.left, op.columns, across, part.width),
    ):
        last = first + count * part.stride + taps * far
        if first < -most or max(last, end) >= most:
            raise DataError(
                f"{where} has places from map {name} {first} to {last} of {end}; an array of "
                f"data_rows={size.data_rows} and side_bits={size.side_bits} counts up to {most - 1}"
            )


def _check_border(where: str, op: Vote, part: Window) -> None:
    """Raise DataError for patches that reach outside of an image and do not say so."""
    far = [(count - 1) * part.stride + part.side for count in (op.rows, op.columns)]
    if 0 < part.top < part.height:
        raise DataError(
            f"{where} reads an image from row {part.top} on; let its in_row be that row, and top=0"
        )
    inside = min(part.top, part.left) >= 0
    inside &= part.top + far[0] <= part.height and part.left + far[1] <= part.width
    if not inside and not part.border:
        raise DataError(f"{where} reads patches outside of the image; its WINDOW has border=0")


def _check_turned(size: ArraySize, where: str, op: Flip, part: Segment | Window) -> None:
    """Raise DataError unless the transposed plane has the words that its outputs make."""
    if isinstance(part, Window):
        raise DataError(f"{where} has a transposed plane, and a window has none")
    if op.turned == Turned.PLACES and op.turned_fold < 1:
        raise DataError(f"{where} has turned_fold=0; it must be 1 or more")
    taps = back_words(op, part, size).taps
    if op.turned_taps != taps or op.turned_fold > taps:
        raise DataError(
            f"{where} has turned_taps={op.turned_taps} and turned_fold={op.turned_fold}; "
            f"{op.outputs} outputs make it {taps}, and at most that"
        )


def _terms(part: Segment | Window, size: ArraySize) -> int:
    """Return the inputs of a sum over a segment."""
    taps = 1 if isinstance(part, Window) else part.down * (part.across * part.taps - part.skip)
    return taps * ((part.groups - 1) * size.elements + part.lanes)


def _segment(op: Segment, size: ArraySize) -> Iterator[str]:
    words = kernel_words(op, size)
    if (op.taps, op.skip, op.words) != (words.taps, words.skip, words.deep):
        yield (
            f"has taps={op.taps}, skip={op.skip}, words={op.words}; {op.groups} groups of planes "
            f"make it {words.taps}, {words.skip} and {words.deep}"
        )
    if _terms(op, size) > size.most_terms:
        yield f"has {_terms(op, size)} inputs; {size.sum_bits} bits hold {size.most_terms}"


def _window(op: Window, size: ArraySize) -> Iterator[str]:
    bits = op.side**2 * op.planes
    if bits != _terms(op, size):
        yield f"has patches of {bits} bits, and {op.groups} groups for {_terms(op, size)}"
    if op.width > size.lanes:
        yield f"reads images {op.width} wide; a row holds {size.lanes}"
    if not size.makes_patches(op.side, op.planes, op.stride, together=False):
        yield (
            f"has patches of {op.side} x {op.side} x {op.planes}; the window unit makes "
            f"{_kernels(size)}"
        )
    ones = op.across, op.down, op.taps, op.dilation
    words = kernel_words(op, size).count
    if (op.deltas, op.words, *ones) != (0, words, 1, 1, 1, 1):
        yield (
            f"has words={op.words}, and deltas, across, down, taps and dilation of "
            f"{(op.deltas, *ones)}; {op.groups} groups make it {words}, and 0, 1, 1, 1 and 1"
        )


def _kernels(size: ArraySize) -> str:
    """Return the kernels that a window unit is made for, in words."""
    if not size.window_kernels:
        return (
            f"up to {WINDOW_SIDE} x {WINDOW_SIDE} of {WINDOW_PLANES} planes, {WINDOW_WORDS} words, "
            f"sums up to {WINDOW_STRIDE} apart together"
        )
    return f"window_kernels={size.window_kernels}, SIDExPLANES/STRIDE"


def _mac(op: Mac, size: ArraySize) -> Iterator[str]:
    made = op.columns // op.pool
    if op.sink > max(Sink):
        yield f"has a sink {op.sink}, which there is none of"
    if op.pool > 1 and (op.sink == Sink.DELTAS or op.planes % op.pool and op.planes > 1):
        yield f"pools and has the sink {op.sink} and planes={op.planes}"
    if op.fold > 1 and (op.sink != Sink.DELTAS or op.planes > 1):
        yield f"has fold={op.fold}, the sink {op.sink} and planes={op.planes}"
    several = (op.rows, op.columns) != (op.pool, op.pool)
    if op.sink == Sink.SCORES and several and (op.pool > 1 or op.planes > 1):
        yield f"makes scores of several places with pool={op.pool} and planes={op.planes}"
    scores = ((op.groups - 1) * size.elements + op.lanes) * (op.rows // op.pool) * made
    if op.sink == Sink.SCORES and scores > size.score_rows:
        yield f"makes {scores} scores; the array keeps {size.score_rows}"
    if op.sink != Sink.SCORES and op.out_pitch < made:
        yield f"writes {made} columns with a pitch of {op.out_pitch}"
    if op.sink == Sink.DELTAS and op.gate_pitch < made:
        yield f"reads {made} columns with a pitch of {op.gate_pitch}"


def _expand(op: Expand, size: ArraySize) -> Iterator[str]:
    made = op.columns // op.pool
    if op.in_pitch < made:
        yield f"reads {made} columns with a pitch of {op.in_pitch}"
    if op.stride < 1:
        yield "has stride=0; it must be 1 or more"
    columns = (op.columns - 1) * op.stride + 1
    if op.out_pitch < columns:
        yield f"writes {columns} columns with a pitch of {op.out_pitch}"
    if op.stride > PLANE_STRIDE and size.planes > 1:
        yield f"has stride={op.stride}; arrays with planes take strides up to {PLANE_STRIDE}"


def _places(op: Turn | Vote, size: ArraySize) -> Iterator[str]:
    """Places of a map are lanes of rows of the delta memory; so are gathered samples."""
    if op.wide != ceil_div(op.rows * op.columns, size.lanes):
        yield f"has {op.wide} rows for {op.rows} x {op.columns} places"
    if op.gathered and (op.rows > 1 or op.columns > size.batch):
        yield f"has {op.rows} x {op.columns} samples; {size.batch} are gathered"
    if op.gathered and op.planes > 1:
        yield f"reads {op.planes} gathered samples together; their rows are not next to each other"
    if isinstance(op, Turn) and op.planes > 1 and op.stride > PLANE_STRIDE:
        yield f"has stride={op.stride}; arrays with planes take strides up to {PLANE_STRIDE}"


def _flip(op: Flip, size: ArraySize) -> Iterator[str]:
    if op.turned > max(Turned):
        yield f"has a transposed plane {op.turned}, which there is none of"


def _count(op: Count, size: ArraySize) -> Iterator[str]:
    if op.part > max(Part):
        yield f"counts {op.part}, which there is none of"
    if op.pitch < op.columns:
        yield f"reads {op.columns} columns with a pitch of {op.pitch}"
    jump = count_jump(op.pitch, op.groups, op.columns, size)
    if op.jump != jump:
        yield f"has jump={op.jump}; its pitch and columns make it {jump}"


def _loss(op: Loss, size: ArraySize) -> Iterator[str]:
    if op.outputs % op.per_class or op.outputs < 2 * op.per_class:
        yield f"has {op.outputs} scores, and {op.per_class} a class; there are two classes or more"
    if op.outputs > size.score_rows:
        yield f"has {op.outputs} scores; the array keeps {size.score_rows}"


LIMITS: dict[type[Op], Callable[[Any, ArraySize], Iterator[str]]] = {
    Segment: _segment,
    Window: _window,
    Mac: _mac,
    Expand: _expand,
    Turn: _places,
    Vote: _places,
    Flip: _flip,
    Count: _count,
    Loss: _loss,
}
