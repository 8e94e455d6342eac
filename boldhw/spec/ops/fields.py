"""Descriptors as rows of four 16-bit fields: how values become fields, and fields values.

The values of an op fill fields in their order, the first one from the lowest bit on. A value
that does not fit into the rest of a field begins the next one. Rows of zeros at the end are left
out, so that a simple op is read in fewer cycles.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import ConfigError, DataError
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import FIELDS

Rows = NDArray[np.uint16]  # shape (rows, 4)


class Value(NamedTuple):
    """A value of a descriptor: its name, bits, whether it is two's complement, and meaning."""

    name: str
    bits: int
    signed: bool
    doc: str

    @property
    def range(self) -> tuple[int, int]:
        """Return the least and the largest value."""
        half = 1 << self.bits - 1
        return (-half, half - 1) if self.signed else (0, 2 * half - 1)


# Of every descriptor, in front of its own values; no op has values of these names.
OP_KIND = Value("op_kind", 4, False, "kind")
OP_ROWS = Value("op_rows", 4, False, "number of rows")


class Slot(NamedTuple):
    """Where a value is: the field, counted from 0 through all rows, and its lowest bit there."""

    value: Value
    field: int
    low: int


def value(bits: int, doc: str, *, signed: bool = False) -> Any:
    """Return the declaration of a value of an op. doc: what it means, for the table of fields."""
    return dataclasses.field(default=0, metadata={"bits": bits, "signed": signed, "doc": doc})


@dataclass(frozen=True, kw_only=True)
class Op:
    """Base of all ops; a subclass declares its values, in the order in which they fill fields."""

    KIND: ClassVar[int] = 0

    @classmethod
    @cache
    def values(cls) -> tuple[Value, ...]:
        """Return the values of this kind of op."""
        return tuple(Value(field.name, **field.metadata) for field in dataclasses.fields(cls))

    @classmethod
    @cache
    def slots(cls) -> tuple[Slot, ...]:
        """Return where each value is, kind and number of rows first."""
        found: list[Slot] = []
        field, low = 0, 0
        for each in [OP_KIND, OP_ROWS, *cls.values()]:
            if low + each.bits > FIELD_BITS:
                field, low = field + 1, 0
            found.append(Slot(each, field, low))
            low += each.bits
        return tuple(found)

    @classmethod
    def size(cls) -> int:
        """Return the most rows of a descriptor."""
        return ceil_div(max(slot.field for slot in cls.slots()) + 1, FIELDS)

    def encode(self) -> Rows:
        """Return the descriptor, uint16, shape (rows, 4), without rows of zeros at its end.

        Raises ConfigError, naming op and value, for a value that its bits do not hold.
        """
        fields = np.zeros(self.size() * FIELDS, np.uint16)
        for each, field, low in self.slots():
            number = self.KIND if each is OP_KIND else int(getattr(self, each.name, 0))
            least, most = each.range
            if not least <= number <= most:
                raise ConfigError(
                    f"{each.name} of an op {type(self).__name__.upper()} would be {number}; its "
                    f"field holds {least} to {most}: use smaller maps or kernels, or more lanes"
                )
            fields[field] |= (number & (1 << each.bits) - 1) << low
        rows = 1 + int(np.flatnonzero(fields)[-1]) // FIELDS
        fields[0] |= rows << OP_KIND.bits
        return fields.reshape(-1, FIELDS)[:rows]

    @classmethod
    def decode(cls, rows: Rows) -> Self:
        """Return the op in ``rows``, the inverse of :meth:`encode`. Raises DataError."""
        if not 1 <= len(rows) <= cls.size():
            raise DataError(
                f"an op {cls.__name__.upper()} has {len(rows)} rows; it takes 1 to {cls.size()}"
            )
        fields, found = np.zeros(cls.size() * FIELDS, np.uint16), {}
        fields[: rows.size] = rows.reshape(-1)
        for each, field, low in cls.slots():
            number = int(fields[field]) >> low & (1 << each.bits) - 1
            least, most = each.range
            found[each.name] = number + 2 * least if number > most else number
        for each, wanted in ((OP_KIND, cls.KIND), (OP_ROWS, len(rows))):
            if found.pop(each.name) != wanted:
                raise DataError(f"{each.doc} of an op {cls.__name__.upper()} is not {wanted}")
        return cls(**found)


def head(field: int) -> tuple[int, int]:
    """Return kind and rows of the descriptor whose first field this is."""
    return field & (1 << OP_KIND.bits) - 1, field >> OP_KIND.bits & (1 << OP_ROWS.bits) - 1
