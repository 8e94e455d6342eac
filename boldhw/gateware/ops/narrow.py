"""Values of an op as narrow as an array needs them.

A program that :func:`boldhw.spec.ops.check.check` accepts has no others: rows, and numbers of what
has a row each, are not more than the rows of a memory.
"""

from types import SimpleNamespace

from boldhw.gateware.ops.widths import count_bits, side_bits
from boldhw.spec.ops.limits import SIDES


def narrowed(size, op, **others):
    """Return the values of an op, as narrow as an address or a side, or as ``others`` say.

    op: view of a layout.
    """
    sides = dict.fromkeys(SIDES, side_bits(size)) | others
    bits = count_bits(size.data_rows)
    return SimpleNamespace(**{
        name: getattr(op, name)[: sides.get(name, bits)] for name, _ in op.shape()
    })  # fmt: skip
