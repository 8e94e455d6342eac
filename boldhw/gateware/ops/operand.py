"""The operand of a MAC: words of a map or of patches, and which of their lanes count."""

from functools import reduce
from operator import or_

from amaranth.hdl import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.layouts import WordLayout
from boldhw.gateware.ops.ports import op_layout
from boldhw.gateware.ops.widths import map_bits
from boldhw.gateware.ops.words import last_granules, packed_groups
from boldhw.spec.ops.kinds import Segment


class Operand(wiring.Component):
    """Turn rows of the data memory into sign and mask of each plane.

    Lanes count that hold an input: of a pixel of the map, of a tap of the kernel, of a plane in
    use. With F as 0 the input itself is the mask as well; signs of deltas have theirs beside them.

    The planes take rows next to each other. Where their places are two apart the rows come with
    two reads: every other row of the first one waits for those of the second.

    Golden model: :func:`boldhw.golden.ops.operand.read`.

    Parameters
    ----------
    size : ArraySize
        Gives ``lanes``, ``elements``, ``granules``, ``planes``, ``read_latency`` and ``segments``.

    Members
    -------
    parts : In(data.ArrayLayout(op_layout(Segment), size.segments))
        The segments.
    word : In(WordLayout(size))
        The word, in the cycle of its address.
    valid : In(1)
        With ``word``: it is one.
    half : In(1)
        The first of two reads of the word that follows.
    apart : In(1)
        With ``valid``: it is the second one.
    is_window : In(1)
        With ``word``: it is one of a patch.
    first, second : In(size.planes * size.lanes)
        Both words of the rows, the read latency later.
    patch_sign, patch_mask : In(size.planes * size.lanes)
        The words of the patches, likewise.
    sign, mask : Out(size.planes * size.lanes), registered
        The operands, plane 0 lowest; 0 where there is none.

    Latency
    -------
    1 cycle from the row, the read latency and 1 from ``word``; a word per cycle.
    """

    def __init__(self, size):
        self.size = size
        words = size.planes * size.lanes
        super().__init__({
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "word": In(WordLayout(size)),
            "valid": In(1),
            "half": In(1),
            "apart": In(1),
            "is_window": In(1),
            "first": In(words),
            "second": In(words),
            "patch_sign": In(words),
            "patch_mask": In(words),
            "sign": Out(words),
            "mask": Out(words),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, late = self.size, self.size.read_latency - 1
        word = Signal(WordLayout(size))
        m.d.sync += word.eq(self.word)
        valid, is_window, half, apart = delay(
            m, Cat(self.valid, self.is_window, self.half, self.apart), late + 1
        )
        index = delay(m, word.part, late)
        part = self._chosen(m, index, ("lanes", "deltas", "zero_true"))
        in_group = Signal(size.elements)
        m.d.comb += in_group.eq(Cat(lane < part["lanes"] for lane in range(size.elements)))
        flags, short = self._granules(m, word)
        short = delay(m, short, late)
        full = ~part["deltas"] & ~part["zero_true"]
        firsts, seconds = (self._rows(m, rows, half, apart) for rows in (self.first, self.second))
        with m.If(~valid):
            m.d.sync += [self.sign.eq(0), self.mask.eq(0)]
        for plane, (used, first, second) in enumerate(zip(flags, firsts, seconds, strict=True)):
            used = delay(m, used, late)
            lanes = Cat(
                used[g].replicate(size.elements) & (in_group | ~short[g].replicate(size.elements))
                for g in range(size.granules)
            )
            known = Mux(part["deltas"], second, first | full.replicate(size.lanes))
            sign, mask, patch_sign, patch_mask = (
                value.word_select(plane, size.lanes)
                for value in (self.sign, self.mask, self.patch_sign, self.patch_mask)
            )
            with m.If(valid):
                m.d.sync += [
                    sign.eq(Mux(is_window, patch_sign, first)),
                    mask.eq(Mux(is_window, patch_mask, lanes & known)),
                ]
        return m

    def _rows(self, m, rows, half, apart):
        """Return the word of each plane."""
        size = self.size
        words = [rows.word_select(plane, size.lanes) for plane in range(size.planes)]
        if size.planes == 1:
            return words
        held = [Signal(size.lanes) for _ in words[::2]]
        with m.If(half):
            m.d.sync += [each.eq(word) for each, word in zip(held, words[::2], strict=True)]
        found = []
        for word, other in zip(words, [*held, *words[::2]], strict=True):
            chosen = Signal(size.lanes)
            m.d.comb += chosen.eq(Mux(apart, other, word))
            found.append(chosen)
        return found

    def _granules(self, m, word):
        """Return which granules hold inputs, of each plane, and which of them are a last group."""
        size, granules = self.size, range(self.size.granules)
        names = ("taps", "skip", "groups", "height", "width", "border", "stride")
        part = self._chosen(m, word.part, names)
        several = part["taps"] > 1
        inside = (word.row >= 0) & (word.row < part["height"])
        # Granules in front of the pixel's last ones, or of the taps that the word lacks.
        missing = Signal(range(2 * size.granules))
        with m.If(several):
            skips = [
                Mux(self._taps(part, groups), part["skip"] * groups, 0)
                for groups in packed_groups(size)
            ]
            m.d.comb += missing.eq(Mux(word.begins, reduce(or_, skips), 0))
        with m.Elif(word.deepest):
            m.d.comb += missing.eq(size.granules - 1 - last_granules(size, part["groups"]))
        own = Cat((g >= missing) & inside for g in granules)
        flags = []
        for plane in range(size.planes):
            there = self._there(m, word, part, plane)
            used = Signal(size.granules, name=f"used{plane}")
            m.d.comb += used.eq(own & Cat(self._of_tap(g, part, there) for g in granules))
            flags.append(used)
        short = Signal(size.granules)
        ends = Cat(self._ends_pixel(g, part) for g in granules)
        m.d.comb += short.eq(ends & word.deepest.replicate(size.granules))
        return flags, short

    def _chosen(self, m, index, names):
        """Return values of a segment by name, each once: they are used many times."""
        found = {}
        for name in names:
            value = Array(each[name] for each in self.parts)[index]
            found[name] = Signal.like(self.parts[0][name], name=name)
            m.d.comb += found[name].eq(value)
        return found

    def _there(self, m, word, part, plane):
        """Return which taps of the word are pixels of the map; all are without border."""
        granules, bits = self.size.granules, map_bits(self.size)
        low = (granules - 1).bit_length()
        # Of the first tap, and columns of the map behind it.
        column, left = (Signal(signed(bits), name=f"{name}{plane}") for name in ("column", "left"))
        m.d.comb += [
            column.eq(word.column + Mux(part["stride"][1], 2 * plane, plane)),
            left.eq(part["width"] - 1 - column),
        ]
        there = Signal(granules, name=f"there{plane}")
        for tap in range(granules):
            near = column[low:].all() & (column[:low] >= (1 << low) - tap)
            ends = left[low:-1].any() | (left[:low] >= tap)
            m.d.comb += there[tap].eq(~part["border"] | (~column[-1] | near) & ~left[-1] & ends)
        return there

    def _taps(self, part, groups):
        """Return whether a word has the taps that there are of pixels of so many groups."""
        return part["taps"][(self.size.granules // groups).bit_length() - 1]

    def _of_tap(self, granule, part, there):
        """Return whether the tap that a granule belongs to is there."""
        found = there[0]
        for groups in packed_groups(self.size):
            found = Mux(self._taps(part, groups), there[granule // groups], found)
        return found

    def _ends_pixel(self, granule, part):
        """Return whether a granule holds the last group of a pixel."""
        before = self.size.granules - 1 - granule  # granules above it
        if before == 0:
            return 1
        return Cat(
            self._taps(part, each) for each in packed_groups(self.size) if before % each == 0
        ).any()
