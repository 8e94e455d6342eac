"""Values of an op as narrow as an array needs them.

A program that :func:`boldhw.spec.ops.check.check` accepts has no others: rows, and numbers of what
has a row each, are not more than the rows of a memory.
"""

from types import SimpleNamespace


def narrowed(op, bits, **others):
    """Return the values of an op, with ``bits`` at most, or as many as ``others`` say.

    op: view of a layout.
    """
    return SimpleNamespace(**{
        name: getattr(op, name)[: others.get(name, bits)] for name, _ in op.shape()
    })  # fmt: skip
