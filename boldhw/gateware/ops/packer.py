"""The packer of maps: groups become words that hold the pixels to the left as well."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ops.outcome import GroupLayout
from boldhw.gateware.ops.words import is_packed, packed_groups
from boldhw.spec.geometry import FIELD_BITS


class WordsLayout(data.StructLayout):
    """Words of each pixel of a tile, the first pixel's lowest, as :class:`GroupLayout` has them."""

    def __init__(self, size):
        names = "first", "second", "low", "high"
        super().__init__(dict.fromkeys(names, size.planes * size.lanes))


class RowPacker(wiring.Component):
    """Put each group into the last granule of the words, and move all others down.

    A pixel is then in the last granules of its last word, and where several pixels fit a word those
    to the left are in front of it.

    Golden model: :func:`boldhw.spec.ops.maps.packed`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``lanes`` and ``granules``.

    Members
    -------
    groups : In(FIELD_BITS)
        Groups of a pixel, constant for a map.
    push : In(1)
        A group is there.
    group : In(GroupLayout(size))
        Its bits.
    begins : In(1)
        It is the first one in a word.
    left : In(1)
        It is of the first pixel of a map row.
    flush : In(1)
        An empty pixel follows instead.
    words : Out(WordsLayout(size)), registered
        The words.

    Latency
    -------
    1 cycle, a group or an empty pixel a cycle. Pixels a, b of one group, words of four, one empty
    pixel::

        cycle            0     1     2     3
        push, group      a     b
        left             1
        flush                        1
        words.first            a     b a   - b a
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "groups": In(FIELD_BITS),
            "push": In(1),
            "group": In(GroupLayout(size)),
            "begins": In(1),
            "left": In(1),
            "flush": In(1),
            "words": Out(WordsLayout(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, p = self.size, self.size.elements
        clear = self.begins & (self.left | ~is_packed(size, self.groups))
        onward = Signal()  # all granules move down by one
        m.d.comb += onward.eq(Mux(self.flush, self.groups == 1, ~clear))
        further = packed_groups(size)[1:]
        for name in ("first", "second", "low", "high"):
            word = self.words[name]
            moved = Mux(onward, word[p:], 0)
            if name in ("first", "second"):  # maps of indices have no empty pixels
                for groups in further:
                    further_on = word[groups * p :]
                    moved |= Mux(self.flush & (self.groups == groups), further_on, 0)
                with m.If(self.flush | self.push):
                    m.d.sync += word.eq(Cat(moved, self.group[name] & self.push.replicate(p)))
            else:
                with m.If(self.push):
                    m.d.sync += word.eq(Cat(moved, self.group[name]))
        return m
