"""Signatures between the sequencer of op lists, the ops and the memories."""

from amaranth.hdl import Cat, Const, signed, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import In, Out, Signature

from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.ram import item_bits, items, rams, unit_bits

SUM_BITS = 16  # of a signed sum in a memory, the most that an array has
COUNTER_BITS = 32  # of one counter; they wrap
COLUMN_BITS = FIELD_BITS + 1  # of a signed row or column of a map, outside of it too


def sums_layout(size):
    """Return the layout of P sums of each plane, those of plane 0 first."""
    return data.ArrayLayout(signed(size.sum_bits), size.planes * size.elements)


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
        self.kind = kind
        super().__init__({
            "start": In(1),
            "op": In(op_layout(kind)),
            "done": Out(1),
        })  # fmt: skip


class RowRead(Signature):
    """Read of rows of a memory, one for each plane. Members are those of the unit that reads.

    Parameters
    ----------
    width : int
        Bits of a row.
    planes : int
        D, banks of the memory: row r is in bank r modulo D, so that D rows come together.

    Members
    -------
    valid : Out(1)
        Read rows ``addr`` to ``addr + planes - 1``. From registers only.
    addr : Out(FIELD_BITS)
        Address of the first one, any. From registers only.
    row : In(width * planes)
        The rows, the first one lowest, the read latency of the memory after their address.
    """

    def __init__(self, width, planes=1):
        super().__init__({
            "valid": Out(1),
            "addr": Out(FIELD_BITS),
            "row": In(width * planes),
        })  # fmt: skip


class RowWrite(Signature):
    """Write of rows of a memory, one for each plane. Members are those of the unit that writes.

    A memory of one port takes no read in the same cycle.

    Parameters
    ----------
    width : int
        Bits of a row.
    planes : int
        D, banks of the memory: row r is in bank r modulo D.

    Members
    -------
    valid : Out(planes)
        Write row ``addr + d``, for bit d, in this cycle. From registers only.
    addr : Out(FIELD_BITS)
        Address of the first one, any. From registers only.
    row : Out(width * planes)
        What is written, the first row lowest.
    """

    def __init__(self, width, planes=1):
        super().__init__({
            "valid": Out(planes),
            "addr": Out(FIELD_BITS),
            "row": Out(width * planes),
        })  # fmt: skip


class BlockWrite(Signature):
    """Write of a block of P x P weights. Members are those of the unit that writes.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P) and ``granules``.

    Members
    -------
    valid : Out(1)
        Write ``block``, in this cycle. From registers only.
    addr : Out(FIELD_BITS)
        Row of the weight memory. From registers only.
    granule : Out(range(size.granules))
        Which P bits of each element's word. From registers only.
    block : Out(size.elements**2)
        P bits of each of the P elements, element 0 lowest.
    """

    def __init__(self, size):
        super().__init__({
            "valid": Out(1),
            "addr": Out(FIELD_BITS),
            "granule": Out(range(size.granules)),
            "block": Out(size.elements**2),
        })  # fmt: skip


class ArrayPort(Signature):
    """Use of the array by another unit than the MAC. Members are those of that unit.

    All addresses of a word come in one cycle: the one of its weights here, the one of its operand
    where the operand comes from. Sign and mask follow the read latency of the memories later. The
    array takes a word in each cycle; sums come out in the order in which they went in. All planes
    share the weights of a word; each has an operand, and sums, of its own.

    Parameters
    ----------
    size : ArraySize
        Gives ``lanes``, ``elements`` and ``planes``.

    Members
    -------
    valid : Out(1)
        A word: the weights of row ``addr`` are read. From registers only.
    addr : Out(FIELD_BITS)
        Row of the weight memory. From registers only.
    first, last : Out(1)
        With ``valid``: the word starts, and ends, a sum.
    sign, mask : Out(size.planes * size.lanes)
        Operands, plane 0 lowest, ``read_latency`` cycles after ``valid``; then 0 unless a word is
        there.
    zero_true : Out(1)
        Weights are {0,T} coded, and the sums come out doubled. It must hold until they are done.
    done : In(1), registered
        ``size.latency - 1`` cycles after the ``valid`` of the last word, while the op of the unit
        runs.
    sums : In(sums_layout(size)), registered
        The sums, from ``done`` until the next sum is done.
    """

    def __init__(self, size):
        super().__init__({
            "valid": Out(1),
            "addr": Out(FIELD_BITS),
            "first": Out(1),
            "last": Out(1),
            "sign": Out(size.planes * size.lanes),
            "mask": Out(size.planes * size.lanes),
            "zero_true": Out(1),
            "done": In(1),
            "sums": In(sums_layout(size)),
        })  # fmt: skip


class WindowPort(Signature):
    """Patches of an image, out of the rows that were loaded last. Members are those of the user.

    What is set in the cycle of an address takes effect with the row, the read latency later.

    Parameters
    ----------
    size : ArraySize
        Gives ``lanes`` and ``planes``.

    Members
    -------
    load : Out(1)
        With the address of a row of the image: it becomes the newest row. Planes of a row come one
        after the other, plane 0 first. From registers only.
    inside : Out(1)
        With ``load``: the row is of the image; else zeros that do not count enter.
    column : Out(signed(COLUMN_BITS))
        Image column of the first tap of a patch, that of plane 0; the next plane's is ``stride``
        columns to the right.
    upper : Out(1)
        The last row of the patch is ``stride`` image rows above the newest one, else it is that.
    second : Out(1)
        The second word of the patch, else the first one.
    sign, mask : In(size.planes * size.lanes), combinational
        The word of each plane's patch, plane 0 lowest, whose ``column`` was there the read latency
        before.
    """

    def __init__(self, size):
        super().__init__({
            "load": Out(1),
            "inside": Out(1),
            "column": Out(signed(COLUMN_BITS)),
            "upper": Out(1),
            "second": Out(1),
            "sign": In(size.planes * size.lanes),
            "mask": In(size.planes * size.lanes),
        })  # fmt: skip


class PartWrite(Signature):
    """Write of parts of rows of a memory, one for each plane. Members are those of the writer.

    Parameters
    ----------
    width : int
        Bits of a row.
    parts : int
        Parts of it, all as wide.
    planes : int
        D, banks of the memory: row r is in bank r modulo D.

    Members
    -------
    valid : Out(parts * planes)
        Parts to write in this cycle, those of row ``addr`` lowest. From registers only.
    addr : Out(FIELD_BITS)
        First row to write. From registers only.
    row : Out(width * planes)
        What is written, each part in its place.
    """

    def __init__(self, width, parts, planes=1):
        super().__init__({
            "valid": Out(parts * planes),
            "addr": Out(FIELD_BITS),
            "row": Out(width * planes),
        })  # fmt: skip


class UnitRead(RowRead):
    """Read of units: P of them, or one, as :func:`boldhw.spec.ops.ram.items` has it.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P), ``plain`` and ``inference``.
    """

    def __init__(self, size):
        super().__init__(items(size) * unit_bits(size))


class CounterRead(RowRead):
    """Read of counters: P of them, or one, as :func:`boldhw.spec.ops.ram.items` has it.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P), ``plain`` and ``inference``.
    """

    def __init__(self, size):
        super().__init__(items(size) * COUNTER_BITS)


class CounterWrite(PartWrite):
    """Write of counters, each of them a part.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P), ``plain`` and ``inference``.
    """

    def __init__(self, size):
        super().__init__(items(size) * COUNTER_BITS, items(size))


def item_row(size, row, item):
    """Return the row of an item of a memory whose rows are items. Values, or numbers."""
    bits = item_bits(size)
    return Cat(Const(item, bits) if isinstance(item, int) else item[:bits], row)


class HostPort(Signature):
    """Access of a host to all memories, while no list runs. Members are those of the host.

    Parameters
    ----------
    size : ArraySize
        Gives the memories.

    Members
    -------
    memory : Out(3)
        Which memory is written: data, weight, delta, unit, counter, score.
    addr : Out(FIELD_BITS)
        Row to read, of all memories, or to write.
    write : Out(1)
        Write ``data``.
    keep : Out(parts)
        With ``write``: parts of the row that stay as they are. There are as many as the memory has
        whose rows are written in most of them.
    data : Out(width)
        The row to write, its lowest bits; as wide as the widest row.
    rows : In(data.StructLayout)
        The row of each memory at ``addr``, by name, the read latency of the size later.
    """

    def __init__(self, size):
        found = rams(size)
        super().__init__({
            "memory": Out(3),
            "addr": Out(FIELD_BITS),
            "write": Out(1),
            "keep": Out(max(ram.parts for ram in found.values())),
            "data": Out(max(ram.width for ram in found.values())),
            "rows": In(data.StructLayout({name: ram.width for name, ram in found.items()})),
        })  # fmt: skip
