"""What makes an op list bad, found before it runs: it could hang an array or ruin its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from boldhw.errors import DataError
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.accesses import (
    ACCUMULATORS,
    DATA,
    FORWARD_PLANE,
    OP_LISTS,
    TRANSPOSED,
    Access,
    accesses,
)
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.kinds import End, Flip, Mac, Segment, Sink, Turned, Vote, Window
from boldhw.spec.ops.reads import kernel_words

WATCHDOG = 1 << 26  # cycles after which a list is ended with a status, whatever it does
TERMS = (1 << 15) - 1  # of a sum
POSITIVE = ("rows", "columns", "groups", "planes", "pool", "words", "across", "down", "taps",
            "outputs", "wide", "lanes", "per_class", "side", "height", "width", "dilation",
            "theta")  # fmt: skip
# Rows of these kinds have one owner: two ops have the same ones or none in common.
OWNED = (ACCUMULATORS, FORWARD_PLANE, TRANSPOSED)


def check(size: ArraySize, lists: Mapping[str, Sequence[Op]], program: tuple[int, int]) -> int:
    """Return the cycles of the longest list, a bound for the watchdog.

    lists: ops by name of the list.  program: first row of the op lists, and the one behind them.
    Raises DataError that names list, op and what is wrong with it.
    """
    found = [(Access(DATA, OP_LISTS, *program), "the op lists")]
    longest = 0
    for name, ops in lists.items():
        found += _list(size, name, ops)
        longest = max(longest, sum(cycles(ops, size)))
        if longest > WATCHDOG:
            raise DataError(
                f"the {name} list runs for {longest} cycles, the watchdog ends it after "
                f"{WATCHDOG}; use smaller maps"
            )
    _check_owners(found)
    return longest


def _list(size: ArraySize, name: str, ops: Sequence[Op]) -> list[tuple[Access, str]]:
    """Check the ops of a list one by one; return what they read and write, and who does."""
    if not ops or not isinstance(ops[-1], End):
        raise DataError(f"the {name} list does not end; its last op must be END")
    found: list[tuple[Access, str]] = []
    parts: list[Segment | Window] = []
    for number, op in enumerate(ops):
        where = f"op {number} ({type(op).__name__.upper()}) of the {name} list"
        _check_values(size, where, op)
        if isinstance(op, Segment | Window):
            parts.append(op)
            continue
        _check_parts(size, where, op, parts)
        own = accesses(op, parts, size)
        _check_rows(size, where, own)
        found += [(access, where) for access in own]
        if not (isinstance(op, Vote) and op.fused):
            parts = []
        elif not isinstance(ops[number + 1], Flip):
            raise DataError(f"{where} is fused, and no FLIP follows")
    return found


def _check_values(size: ArraySize, where: str, op: Op) -> None:
    """Raise DataError for counts of 0, and for what an array of this size cannot do."""
    values = vars(op)
    for name in POSITIVE:
        if name in values and values[name] < 1:
            raise DataError(f"{where} has {name}={values[name]}; it must be 1 or more")
    if values.get("lanes", 1) > size.elements:
        raise DataError(f"{where} uses {values['lanes']} lanes of {size.elements}")
    if values.get("planes", 1) not in (1, size.planes) and not isinstance(op, Window):
        raise DataError(f"{where} computes {values['planes']} places together, not {size.planes}")
    pool = values.get("pool", 1)
    if pool > 2 or (pool == 2 and (values["rows"] % 2 or values["columns"] % 2)):
        raise DataError(f"{where} pools {pool} x {pool} of {values['rows']} x {values['columns']}")
    if isinstance(op, Mac) and op.sink > max(Sink):
        raise DataError(f"{where} has a sink {op.sink}, which there is none of")
    if isinstance(op, Flip) and op.turned > max(Turned):
        raise DataError(f"{where} has a transposed plane {op.turned}, which there is none of")
    if isinstance(op, Segment):
        words = kernel_words(op, size)
        if (op.taps, op.skip, op.words) != (words.taps, words.skip, words.deep):
            raise DataError(
                f"{where} has taps={op.taps}, skip={op.skip}, words={op.words}; {op.groups} groups "
                f"of planes make it {words.taps}, {words.skip} and {words.deep}"
            )


def _check_parts(size: ArraySize, where: str, op: Op, parts: Sequence[Segment | Window]) -> None:
    """Raise DataError unless an op has the segments that it reads."""
    needs = isinstance(op, Mac | Vote | Flip)
    if not needs and parts:
        raise DataError(f"{where} follows a segment, which it does not read")
    if needs and (not parts or (len(parts) > 1 and not isinstance(op, Mac))):
        raise DataError(f"{where} has {len(parts)} segments in front of it; it reads one")
    if isinstance(op, Mac):
        terms = sum(kernel_words(part, size).count for part in parts) * size.lanes
        if terms > TERMS + size.lanes:
            raise DataError(f"{where} sums up {terms} lanes, which 16 bits do not hold")
        if op.sink != Sink.SCORES and op.out_pitch < op.columns // op.pool:
            raise DataError(f"{where} writes {op.columns} columns with a pitch of {op.out_pitch}")
    if isinstance(op, Vote) and op.wide < ceil_div(op.rows * op.columns, size.lanes):
        raise DataError(f"{where} has {op.wide} rows for {op.rows} x {op.columns} places")


def _check_rows(size: ArraySize, where: str, own: Sequence[Access]) -> None:
    """Raise DataError for rows that are not there, and for maps that are read and written."""
    for access in own:
        rows = getattr(size, f"{access.memory}_rows")
        if access.first < 0 or access.end > rows:
            raise DataError(
                f"{where} reaches rows {access.first} to {access.end - 1} of the {access.memory} "
                f"memory, which has {rows}"
            )
    for one, other in combinations(own, 2):
        if one.kind == other.kind and one.writes != other.writes and _overlap(one, other):
            raise DataError(f"{where} writes {one.kind} in rows that it reads")


def _check_owners(found: Sequence[tuple[Access, str]]) -> None:
    """Raise DataError when rows of one kind are rows of another kind, or of two owners."""
    first_of: dict[Access, str] = {}
    for access, where in found:
        first_of.setdefault(access._replace(writes=False), where)
    for (one, where), (other, who) in combinations(first_of.items(), 2):
        if one.memory == other.memory and _overlap(one, other):
            if one.kind != other.kind:
                raise DataError(
                    f"{who} has {other.kind} in rows {other.first} to {other.end - 1} of the "
                    f"{other.memory} memory, where {where} has {one.kind}"
                )
            if one.kind in OWNED:
                raise DataError(
                    f"{who} has {other.kind} in rows {other.first} to {other.end - 1}, and {where} "
                    f"in rows {one.first} to {one.end - 1}; they overlap"
                )


def _overlap(one: Access, other: Access) -> bool:
    return one.memory == other.memory and one.first < other.end and other.first < one.end
