"""Three op lists as rows of the data memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from boldhw.errors import ConfigError, DataError
from boldhw.spec.arrays import Bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.network import Network
from boldhw.spec.ops.array import FIELDS, ArraySize
from boldhw.spec.ops.check import check
from boldhw.spec.ops.compiler import Compiler
from boldhw.spec.ops.fields import Op, Rows, head
from boldhw.spec.ops.heads import check_head
from boldhw.spec.ops.kinds import KINDS, End
from boldhw.spec.ops.memory import MemoryMap
from boldhw.spec.ops.settings import NetworkValues

FORWARD, BACKWARD, UPDATE = "forward", "backward", "update"
LISTS = (FORWARD, BACKWARD, UPDATE)


@dataclass(frozen=True)
class Program:
    """What an array runs for a network.

    memory   where everything is
    lists    ops by name of the list, END last
    longest  cycles of the longest list, the limit of the watchdog
    """

    memory: MemoryMap
    lists: dict[str, list[Op]]
    longest: int = 0

    @property
    def row(self) -> int:
        """First row of the op lists in the data memory, behind everything else."""
        return next(each.row for each in self.memory.regions if each.name == "op lists")

    @property
    def starts(self) -> dict[str, int]:
        """First row of each list."""
        found, row = {}, self.row
        for name in LISTS:
            found[name] = row
            row += sum(len(op.encode()) for op in self.lists[name])
        return found

    def rows(self) -> Rows:
        """Return the descriptors of all lists, uint16, shape (rows, 4)."""
        return np.concatenate([op.encode() for name in LISTS for op in self.lists[name]])


def compiled(network: Network, size: ArraySize, settings: NetworkValues) -> Program:
    """Return the program of a network.

    Raises ConfigError for a network that there are no ops for, and, naming what is too small and
    what would do, when the array does not hold it; DataError for lists that run longer than the
    watchdog allows.
    """
    check_head(network, settings)
    for layer in network.layers:
        if any(layer.gains.values()):
            raise ConfigError(
                f"layer {layer.name} shifts what goes back to a source by a gain, for which there "
                f"is no op; leave out the gain"
            )
    if settings.batch > size.batch and any(
        layer.kernel is None and layer.learns for layer in network.layers
    ):
        raise ConfigError(
            f"an update takes batch={settings.batch} active samples, the array gathers "
            f"{size.batch}; train with batch={size.batch} or make an array with "
            f"batch={settings.batch}"
        )
    balanced = [
        layer.name
        for layer, own in zip(network.layers, settings.layers, strict=True)
        if own.means is not None
    ]
    memory = MemoryMap(network, size, balanced)
    compiler = Compiler(memory, settings)
    lists: dict[str, list[Op]] = {
        FORWARD: compiler.forward(),
        BACKWARD: compiler.backward() if memory.is_trained else [End()],
        UPDATE: compiler.update(),
    }
    memory.check(sum(op.size() for ops in lists.values() for op in ops))
    program = Program(memory, lists)
    longest = check(size, lists, (program.row, program.row + len(program.rows())))
    return Program(memory, lists, longest)


def fitted(network: Network, size: ArraySize, settings: NetworkValues) -> ArraySize:
    """Return the array with as few rows in its memories as a network needs."""
    memory = compiled(network, size, settings).memory
    names = ("data", "weight", "delta", "unit", "counter", "score")
    rows = {f"{name}_rows": max(1, memory.used(name)) for name in names}
    return ArraySize(**vars(size) | rows)


def decoded(rows: Rows, most: int) -> list[Op]:
    """Return the ops of a list, END included. rows: uint16, shape (rows, 4), from its first one.

    most: ops that a list may have. Raises DataError for a kind that there is none of, a wrong
    number of rows, or a list that does not end.
    """
    ops: list[Op] = []
    row = 0
    while row < len(rows) and len(ops) < most:
        kind, count = head(int(rows[row, 0]))
        if kind not in KINDS:
            raise DataError(f"op {len(ops)} is of kind {kind}, which there is none of")
        ops.append(KINDS[kind].decode(rows[row : row + count]))
        if isinstance(ops[-1], End):
            return ops
        row += count
    raise DataError(f"the list has no END within {row} rows and {len(ops)} ops; end it with one")


def to_bits(rows: Rows) -> Bits:
    """Return rows of fields as bits, bool, shape (rows, 64), lowest bit first."""
    bits: Bits = (rows[:, :, None] >> np.arange(FIELD_BITS, dtype=np.uint16) & 1).astype(np.bool_)
    return bits.reshape(len(rows), -1)


def from_bits(bits: Bits) -> Rows:
    """Return the fields of rows of the data memory, the inverse of :func:`to_bits`."""
    fields = bits[:, : FIELDS * FIELD_BITS].reshape(len(bits), FIELDS, FIELD_BITS)
    weight = 1 << np.arange(FIELD_BITS, dtype=np.int64)
    found: Rows = (fields @ weight).astype(np.uint16)
    return found


def listed(ops: Sequence[Op]) -> list[str]:
    """Return one line per op, with the values that are not 0."""
    lines = []
    for op in ops:
        values = " ".join(f"{name}={int(number)}" for name, number in vars(op).items() if number)
        lines.append(f"{type(op).__name__.upper():8} {values}".rstrip())
    return lines
