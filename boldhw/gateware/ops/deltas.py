"""The delta memory of op lists: a row has signs and masks of one output at S places."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.memory.memories import WRITTEN_FIRST, new_memory
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.memories import Memory


class DeltaWrite(Signature):
    """Write of a part of a row of the delta memory. Members are those of the unit that writes.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P) and ``granules`` (S / P).

    Members
    -------
    valid : Out(1)
        Write ``word``, in this cycle. From registers only.
    addr : Out(FIELD_BITS)
        Row of the delta memory. From registers only.
    masks : Out(1)
        The part is of the masks, else of the signs. From registers only.
    part : Out(range(size.granules))
        Which P places; all places after them become 0. From registers only.
    word : Out(size.elements)
        Signs or masks of P places.
    """

    def __init__(self, size):
        super().__init__({
            "valid": Out(1),
            "addr": Out(FIELD_BITS),
            "masks": Out(1),
            "part": Out(range(size.granules)),
            "word": Out(size.elements),
        })  # fmt: skip


class DeltaRows(wiring.Component):
    """Store signs and masks part by part, read those of S places.

    A write clears the places after its part, so that a map of any size ends with zeros.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements`` (P), ``lanes`` (S), ``granules`` and ``delta_rows``.

    Members
    -------
    write : In(DeltaWrite(size))
        What TURN writes.
    addr : In(FIELD_BITS)
        Row to read. Reading a row in the cycle in which it is written is not defined.
    signs : Out(size.lanes), registered
        Signs of the row.
    masks : Out(size.lanes), registered
        Masks of the row.

    Latency
    -------
    1 cycle; a read and a write per cycle. A write to row r, then a read of it::

        cycle           0     1     2
        write.addr      r
        write.valid     1     0
        addr                  r
        signs, masks                new
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "write": In(DeltaWrite(size)),
            "addr": In(FIELD_BITS),
            "signs": Out(size.lanes),
            "masks": Out(size.lanes),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        for half, output in enumerate((self.signs, self.masks)):
            words = []
            for part in range(self.size.granules):
                shape = Memory(f"part{half}_{part}", self.size.elements, self.size.delta_rows)
                m.submodules[shape.name] = rows = new_memory(shape, WRITTEN_FIRST)
                read, write = rows.read_port(), rows.write_port()
                own = self.write.part == part
                m.d.comb += [
                    read.addr.eq(self.addr),
                    write.addr.eq(self.write.addr),
                    write.data.eq(Mux(own, self.write.word, 0)),
                    write.en.eq(
                        self.write.valid
                        & (self.write.masks == half)
                        & (own | (self.write.part < part))
                    ),
                ]
                words.append(read.data)
            m.d.comb += output.eq(Cat(words))
        return m
