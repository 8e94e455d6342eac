"""Signatures between the sequencer of op lists, the ops and the memories."""

from amaranth.hdl import signed, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import In, Out, Signature

from boldhw.spec.geometry import FIELD_BITS


def op_layout(kind):
    """Return the layout of the values of an op, as wide as its descriptor has them.

    Parameters
    ----------
    kind : type of Op
        Of :mod:`boldhw.spec.ops.kinds`.

    Returns
    -------
    data.StructLayout
        A field for each value; the last ones of a longer descriptor may be left out by zeros.
    """
    return data.StructLayout({
        each.name: signed(each.bits) if each.signed else unsigned(each.bits)
        for each in kind.values()
    })  # fmt: skip


class OpPort(Signature):
    """Start and end of one op. Members are those of the unit that runs it.

    Parameters
    ----------
    kind : type of Op
        Of :mod:`boldhw.spec.ops.kinds`.

    Members
    -------
    start : In(1)
        One cycle, while the unit is idle.
    op : In(op_layout(kind))
        Values of the op, constant from ``start`` to ``done``.
    done : Out(1), combinational
        One cycle, at the end of the op. From registers only.
    """

    def __init__(self, kind):
        super().__init__({
            "start": In(1),
            "op": In(op_layout(kind)),
            "done": Out(1),
        })  # fmt: skip


class RowRead(Signature):
    """Read of a row of a memory. Members are those of the unit that reads.

    Parameters
    ----------
    width : int
        Bits of a row.

    Members
    -------
    valid : Out(1)
        Read row ``addr``. From registers only.
    addr : Out(FIELD_BITS)
        Its address. From registers only.
    row : In(width)
        The row, the read latency of the memory after its address.
    """

    def __init__(self, width):
        super().__init__({
            "valid": Out(1),
            "addr": Out(FIELD_BITS),
            "row": In(width),
        })  # fmt: skip


class RowWrite(Signature):
    """Write of a row of a memory. Members are those of the unit that writes.

    A memory of one port takes no read in the same cycle.

    Parameters
    ----------
    width : int
        Bits of a row.

    Members
    -------
    valid : Out(1)
        Write ``row`` to ``addr``, in this cycle. From registers only.
    addr : Out(FIELD_BITS)
        Its address. From registers only.
    row : Out(width)
        What is written.
    """

    def __init__(self, width):
        super().__init__({
            "valid": Out(1),
            "addr": Out(FIELD_BITS),
            "row": Out(width),
        })  # fmt: skip
