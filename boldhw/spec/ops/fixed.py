"""An array that is made for one program: bits of descriptors that are constants in its logic.

Of each kind of op the bits of a descriptor that are the same in all of its ops, and those that
another bit tells. A device that holds few cells saves registers of these bits and what counts
beyond them, and units of kinds that the program lacks. Values that training changes are left as
they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from boldhw.errors import ConfigError, DataError
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.kinds import KINDS, Segment, Window

PARTS = (Segment, Window)
TRAINED = ("theta", "dead", "rounding", "decay")  # values that settings of a network change
PART = re.compile(r"([0-9a-f]):([0-9a-f]+):([0-9a-f]+):((?:[0-9a-f]+[=!][0-9a-f]+(?:\.|$))*)")


class Fixed(NamedTuple):
    """Bits of a descriptor that are constants, the lowest bit of the first field lowest.

    ones, zeros   masks of bits that are always set, and never
    told          by bit: another one, and whether it is always the opposite of that
    """

    ones: int
    zeros: int
    told: dict[int, tuple[int, bool]]


def fixed_of(lists: Iterable[Sequence[Op]]) -> str:
    """Return what is constant in the ops of all lists, as an ArraySize has it."""
    kinds: dict[int, list[int]] = {}
    for ops in lists:
        for op in ops:
            kinds.setdefault(op.KIND, []).append(_bits(op))
    # An op reads both kinds of segments as either.
    parts = [kind.KIND for kind in PARTS if kind.KIND in kinds]
    kinds |= dict.fromkeys(parts, [bits for kind in parts for bits in kinds[kind]])
    return ",".join(_text(kind, descriptors) for kind, descriptors in sorted(kinds.items()))


def _text(kind: int, descriptors: Sequence[int]) -> str:
    """Return what is constant in the descriptors of all ops of a kind."""
    ones, zeros, told, free = 0, 0, [], _free(KINDS[kind])
    first: dict[tuple[int, ...], int] = {}  # bit by what it is in all ops
    for index in range(bits_of(KINDS[kind])):
        column = tuple(bits >> index & 1 for bits in descriptors)
        opposite = tuple(1 - bit for bit in column)
        if free >> index & 1:
            continue
        if len(set(column)) == 1:
            ones, zeros = ones | column[0] << index, zeros | opposite[0] << index
        elif column in first:
            told.append(f"{index:x}={first[column]:x}")
        elif opposite in first:
            told.append(f"{index:x}!{first[opposite]:x}")
        else:
            first[column] = index
    return f"{kind:x}:{ones:x}:{zeros:x}:{'.'.join(told)}"


@cache
def parse(text: str) -> dict[int, Fixed]:
    """Return the constants of each kind of op that there is, by its number. Raises ConfigError."""
    found = {}
    for part in text.split(","):
        match = PART.fullmatch(part)
        kind, ones, zeros = (int(match[n], 16) if match else 0 for n in (1, 2, 3))
        if kind not in KINDS or ones & zeros or (ones | zeros) >> bits_of(KINDS[kind]):
            raise ConfigError(
                f"fixed has {part[:40]!r}; it must be as boldhw build --made-for writes it"
            )
        told = {}
        for each in filter(None, match[4].split(".") if match else ()):
            bit, other = (int(number, 16) for number in re.split("[=!]", each))
            told[bit] = other, "!" in each
        found[kind] = Fixed(ones, zeros, told)
    return found


def check_fixed(text: str, where: str, op: Op) -> None:
    """Raise DataError, naming ``where``, for an op of which an array made for others lacks bits."""
    if not text:
        return
    kinds = parse(text)
    if op.KIND not in kinds:
        raise DataError(f"{where} is of a kind that the program lacks which this array is made for")
    (ones, zeros, told), bits = kinds[op.KIND], _bits(op)
    wrong = ones & ~bits | zeros & bits
    for bit, (other, opposite) in told.items():
        wrong |= ((bits >> bit ^ bits >> other) & 1 ^ opposite) << bit
    for each, field, low in op.slots()[2:]:
        if wrong >> field * FIELD_BITS + low & (1 << each.bits) - 1:
            raise DataError(
                f"{where} has {each.name}={getattr(op, each.name)}; this array is made for others"
            )


def bits_of(kind: type[Op]) -> int:
    """Return the bits of the longest descriptor of a kind."""
    return kind.size() * 4 * FIELD_BITS


def _bits(op: Op) -> int:
    """Return the values of a descriptor as bits; kind and number of rows are not among them."""
    found = 0
    for each, field, low in op.slots()[2:]:
        number = int(getattr(op, each.name)) & (1 << each.bits) - 1
        found |= number << field * FIELD_BITS + low
    return found


def _free(kind: type[Op]) -> int:
    """Return a mask of the bits that training changes."""
    return sum(
        (1 << each.bits) - 1 << field * FIELD_BITS + low
        for each, field, low in kind.slots()[2:]
        if each.name in TRAINED
    )
