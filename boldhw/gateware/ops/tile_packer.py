"""The packer of maps that several planes make: groups become words of all pixels of a tile."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import data_register, delay
from boldhw.gateware.ops.outcome import GroupLayout
from boldhw.gateware.ops.packer import WordsLayout
from boldhw.gateware.ops.words import packed_groups
from boldhw.spec.geometry import FIELD_BITS

FURTHER = {"first": 0, "second": 0, "low": 1, "high": 1}  # cycles that words are kept


class TilePacker(wiring.Component):
    """Collect the groups of all pixels of a tile, and put the pixels left of each beside it.

    Those left of the first pixels are of the tile before; they are kept as granules. Like
    :class:`boldhw.gateware.ops.packer.RowPacker`, for tiles.

    Golden model: :func:`boldhw.spec.ops.maps.packed`.

    Parameters
    ----------
    size : ArraySize
        Gives ``elements``, ``lanes``, ``granules`` and ``planes``.

    Members
    -------
    groups : In(FIELD_BITS)
        Groups of a pixel, constant for a map.
    pixels : In(size.planes)
        A flag for each pixel of a tile: one, half of the planes or all of them; constant.
    push : In(1)
        A group of each pixel is there.
    group : In(GroupLayout(size))
        Its bits; 0 in pixels outside of the map.
    begins, ends : In(1)
        It is the first one in a word, and the last one of the pixels.
    left : In(1)
        It is of the first tile of a map row.
    flush : In(1)
        As many empty pixels as there are planes follow instead.
    words : Out(WordsLayout(size)), combinational
        The words of all pixels, from registers only; those of indices are there for another cycle.
        They have no empty pixels, and two cycles at least between groups.

    Latency
    -------
    1 cycle, a group or empty pixels a cycle.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "groups": In(FIELD_BITS),
            "pixels": In(size.planes),
            "push": In(1),
            "group": In(GroupLayout(size)),
            "begins": In(1),
            "ends": In(1),
            "left": In(1),
            "flush": In(1),
            "words": Out(WordsLayout(size)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        self.packings = {groups: Signal() for groups in packed_groups(self.size)}
        for groups, chosen in self.packings.items():
            m.d.comb += chosen.eq(self.groups == groups)
        for name, further in FURTHER.items():
            self._pack(m, name, further)
        return m

    def _pack(self, m, name, further):
        """Make one of the words of each pixel. further: cycles that it is needed."""
        size, p = self.size, self.size.elements
        own = [data_register(size.lanes, name=f"{name}{plane}") for plane in range(size.planes)]
        before = [data_register(p, name=f"{name}_before{n}") for n in range(size.granules - 1)]
        for plane, word in enumerate(own):
            group = self.group[name].word_select(plane, p)
            with m.If(self.push):
                m.d.sync += word.eq(Cat(Mux(self.begins, 0, word[p:]), group))
            if not further:
                with m.Elif(self.flush):
                    m.d.sync += word.eq(0)
        ends = delay(m, Cat(self.push & self.ends, self.flush & ~further), 1 + further)
        for count in sorted({1, size.planes // 2, size.planes}):
            flushed = ends[1] if count == size.planes else Const(0)
            of_tile = self.pixels == (1 << count) - 1
            with m.If(flushed | ends[0] & of_tile):
                for index, each in enumerate(before):
                    options = [
                        Mux(chosen, self._granule(own, before, count - 1, index, groups), 0)
                        for groups, chosen in self.packings.items()
                    ]
                    m.d.sync += each.eq(_any(options))
        with m.If(self.push & self.begins & self.left):
            m.d.sync += [each.eq(0) for each in before]
        packed = Cat(self.packings.values()).any()
        for plane in range(size.planes):
            granules = []
            for index in reversed(range(size.granules)):
                options = [
                    Mux(chosen, self._granule(own, before, plane, index, groups), 0)
                    for groups, chosen in self.packings.items()
                ]
                alone = own[plane].word_select(size.granules - 1 - index, p)
                granules.append(_any([*options, Mux(packed, 0, alone)]))
            m.d.comb += self.words[name].word_select(plane, size.lanes).eq(Cat(granules))

    def _granule(self, own, before, plane, index, groups):
        """Return the granule that is ``index`` in front of the last one of a pixel.

        before: granules left of the tile, the last one first.
        """
        pixel, within = plane - index // groups, index % groups
        if pixel >= 0:
            return own[pixel].word_select(self.size.granules - 1 - within, self.size.elements)
        place = (-pixel - 1) * groups + within
        return before[place] if place < len(before) else Const(0, self.size.elements)


def _any(values):
    """Return the OR of values."""
    return reduce(or_, values)
