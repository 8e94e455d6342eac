"""What makes an op list bad, found before it runs: it could hang an array or ruin its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from boldhw.errors import DataError
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
from boldhw.spec.ops.kinds import End, Flip, Segment, Vote, Window
from boldhw.spec.ops.limits import check_parts, check_values

WATCHDOG = 1 << 24  # cycles after which a list is ended with a status, whatever it does
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
        _check_time(f"the {name} list", longest)
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
        check_values(size, where, op)
        if isinstance(op, Segment | Window):
            parts.append(op)
            continue
        check_parts(size, where, op, parts)
        _check_time(where, cycles([*parts, op], size)[-1])  # before its addresses are made
        own = accesses(op, parts, size)
        _check_rows(size, where, own)
        found += [(access, where) for access in own]
        if not (isinstance(op, Vote) and op.fused):
            parts = []
        elif not isinstance(ops[number + 1], Flip):
            raise DataError(f"{where} is fused, and no FLIP follows")
    return found


def _check_time(what: str, count: int) -> None:
    if count > WATCHDOG:
        raise DataError(
            f"{what} runs for {count} cycles, the watchdog ends it after {WATCHDOG}; use smaller "
            f"maps"
        )


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
        if not _overlap(one, other) or (one.kind == other.kind and one.kind not in OWNED):
            continue
        raise DataError(
            f"{who} has {other.kind} in rows {other.first} to {other.end - 1} of the "
            f"{other.memory} memory, where {where} has {one.kind} in rows {one.first} to "
            f"{one.end - 1}; they overlap"
        )


def _overlap(one: Access, other: Access) -> bool:
    return one.memory == other.memory and one.first < other.end and other.first < one.end
