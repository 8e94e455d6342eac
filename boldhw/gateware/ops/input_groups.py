"""Input groups of a kernel: granules that hold inputs, one word after the other."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.ops.loops import Loops
from boldhw.gateware.ops.ports import op_layout
from boldhw.gateware.ops.ranges import groups_bits, word_bits
from boldhw.spec.ops.kinds import Segment

FLAGS = ("of_pixels", "of_tap", "of_word", "of_pixel", "of_line", "of_all", "of_first_tap",
         "of_first_word", "in_last_word")  # fmt: skip


class GroupFlags(Signature):
    """An input group. Members are those of who goes through the groups.

    Parameters
    ----------
    size : ArraySize
        Gives ``granules``.

    Members
    -------
    granule : Out(range(size.granules)), registered
        Granule of the word.
    of_pixels : Out(1), combinational
        The group is the last one of a pixel. From registers only.
    of_tap, of_word, of_pixel, of_line, of_all : Out(1), combinational
        The group is the last one of its tap in this word, of its word, of its word of the pixels,
        of its kernel row, of all. From registers only.
    of_first_tap, of_first_word : Out(1), registered
        It is of the first tap of a kernel row; of the first word of the pixels.
    in_last_word : Out(1), registered
        Its word is the last one of a pixel.
    """

    def __init__(self, size):
        super().__init__({
            "granule": Out(range(size.granules)),
            **{name: Out(1) for name in FLAGS},
        })  # fmt: skip


class Granules(wiring.Component):
    """Go through the granules of words that hold inputs; who uses it counts the words.

    Several granules of a word can be of one tap, several taps in one word.

    Golden model: :attr:`boldhw.spec.ops.words.Words.used`.

    Parameters
    ----------
    size : ArraySize
        Gives ``granules`` and ``data_rows``.

    Members
    -------
    start : In(1)
        Begin with the first group.
    next : In(1)
        Go on to the next one; to the next word if ``of_word`` is set.
    part : In(op_layout(Segment))
        The segment; constant.
    ends : In(3)
        The word is the last one of its word of the pixels, of its kernel row, of all; with
        ``next``.
    granule : Out(range(size.granules)), registered
        Granule of the word.
    of_pixels, of_tap, of_word, of_pixel, of_line, of_all : Out(1), combinational
        As in :class:`GroupFlags`. From registers and ``ends`` only.
    of_first_tap, of_first_word, in_last_word : Out(1), registered
        Likewise.

    Latency
    -------
    1 cycle.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "start": In(1),
            "next": In(1),
            "part": In(op_layout(Segment)),
            "ends": In(3),
            **GroupFlags(size).members,
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        part, granules = self.part, self.size.granules
        last_granule = self.granule == granules - 1
        # Groups from this one on: of a pixel, and of a tap in this word; where they fill the word
        # their number says only that.
        of_word, left = Signal(groups_bits(self.size)), Signal(range(2 * granules + 1))
        filled = 2 * granules
        m.d.comb += [
            self.of_pixels.eq(left == 1),
            self.of_tap.eq(self.of_pixels | last_granule),
            self.of_word.eq(last_granule),
            Cat(self.of_pixel, self.of_line, self.of_all).eq(self.ends & last_granule.replicate(3)),
        ]
        # Of the word that follows: groups of a pixel from it on, and its first granule.
        again, granule = Signal.like(of_word), Signal.like(self.granule)
        m.d.comb += again.eq(of_word)
        with m.If(self.start | self.of_line):
            m.d.comb += again.eq(part.groups)
        with m.Elif(self.of_pixel):
            m.d.comb += again.eq(of_word - granules)
        full = again > granules
        with m.If(part.taps > 1):
            begins = self.start | self.of_pixel
            m.d.comb += granule.eq(Mux(begins, part.skip * part.groups[: len(granule)], 0))
        with m.Elif(~full):
            m.d.comb += granule.eq(-again)
        with m.If(self.next):
            m.d.sync += [
                self.granule.eq(self.granule + 1),
                left.eq(Mux(self.of_tap, of_word, left - 1)),
            ]
            with m.If(self.of_tap):
                m.d.sync += self.of_first_tap.eq(self.of_pixel)
            with m.If(self.of_pixel):
                m.d.sync += self.of_first_word.eq(self.of_line)
        with m.If(self.start | self.next & last_granule):
            m.d.sync += [
                left.eq(Mux(full, filled, again)),
                of_word.eq(again),
                self.granule.eq(granule),
                self.in_last_word.eq(~full),
            ]
        with m.If(self.start):
            m.d.sync += [self.of_first_tap.eq(1), self.of_first_word.eq(1)]
        return m


class InputGroups(wiring.Component):
    """Go through the granules of the words of a kernel that hold inputs.

    Words are in the order kernel row, word of a pixel, word of a kernel row; several granules of a
    word can be of one tap, several taps in one word.

    Golden model: :attr:`boldhw.spec.ops.words.Words.used`.

    Parameters
    ----------
    size : ArraySize
        Gives ``granules`` and ``data_rows``.

    Members
    -------
    start : In(1)
        Begin with the first group.
    next : In(1)
        Go on to the next one.
    part : In(op_layout(Segment))
        The segment; constant.
    granule : Out(range(size.granules)), registered
        Granule of the word.
    of_pixels, of_tap, of_word, of_pixel, of_line, of_all : Out(1), combinational
        As in :class:`GroupFlags`. From registers only.
    of_first_tap, of_first_word, in_last_word : Out(1), registered
        Likewise.

    Latency
    -------
    1 cycle.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "start": In(1),
            "next": In(1),
            "part": In(op_layout(Segment)),
            **GroupFlags(size).members,
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        part = self.part
        m.submodules.words = words = Loops(word_bits(self.size), 0)
        m.submodules.granules = granules = Granules(self.size)
        m.d.comb += [
            words.start.eq(self.start),
            words.step.eq(self.next & granules.of_word),
            words.counts.level0.eq(part.across),
            words.counts.level1.eq(part.words),
            words.counts.level2.eq(part.down),
            granules.start.eq(self.start),
            granules.next.eq(self.next),
            granules.part.eq(part),
            granules.ends.eq(words.ends),
        ]
        for name in GroupFlags(self.size).members:
            m.d.comb += getattr(self, name).eq(getattr(granules, name))
        return m
