"""The operand of a MAC: words of a map or of patches, and which of their lanes count."""

from functools import reduce
from operator import or_

from amaranth.hdl import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import data_register, delay, settled
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
        self._values = [self._settled(m, part) for part in self.parts]
        part = self._chosen(m, delay(m, word.part, late), ("in_group", "deltas", "full"))
        in_group, full = part["in_group"], part["full"]
        # With several cycles until the row is there the flags take one of them on their way.
        early = min(late, 1)
        flags, short = self._granules(m, word, early)
        late -= early
        short = delay(m, short, late)
        firsts, seconds = (self._rows(m, rows, half, apart) for rows in (self.first, self.second))
        words = size.planes * size.lanes
        signs, masks = data_register(words, name="signs"), data_register(words, name="masks")
        m.d.comb += [self.sign.eq(signs), self.mask.eq(masks)]
        with m.If(~valid):
            m.d.sync += [signs.eq(0), masks.eq(0)]
        for plane, (used, first, second) in enumerate(zip(flags, firsts, seconds, strict=True)):
            used = delay(m, used, late)
            lanes = Cat(
                used[g].replicate(size.elements) & (in_group | ~short[g].replicate(size.elements))
                for g in range(size.granules)
            )
            known = Mux(part["deltas"], second, first | full.replicate(size.lanes))
            sign, mask, patch_sign, patch_mask = (
                value.word_select(plane, size.lanes)
                for value in (signs, masks, self.patch_sign, self.patch_mask)
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
        held = [data_register(size.lanes) for _ in words[::2]]
        with m.If(half):
            m.d.sync += [each.eq(word) for each, word in zip(held, words[::2], strict=True)]
        found = []
        for word, other in zip(words, [*held, *words[::2]], strict=True):
            chosen = Signal(size.lanes)
            m.d.comb += chosen.eq(Mux(apart, other, word))
            found.append(chosen)
        return found

    def _settled(self, m, part):
        """Return what follows from the descriptor of a segment, by name."""
        size, granules = self.size, range(self.size.granules)
        several = part.taps > 1
        skips = [
            Mux(self._taps(part.taps, groups), part.skip * groups, 0)
            for groups in packed_groups(size)
        ]
        own = {
            "in_group": Cat(lane < part.lanes for lane in range(size.elements)),
            "deltas": part.deltas,
            "full": ~part.deltas & ~part.zero_true,
            # Of the places of a tile, how far the last column is behind the first one's.
            **{
                f"behind{plane}": (part.width - 1 - Mux(part.stride[1], 2 * plane, plane))[
                    : map_bits(size)
                ]
                for plane in range(size.planes)
            },
            # Granules that words lack: the first one of a kernel row, the last one of a pixel.
            "begins": Mux(several, reduce(or_, skips), 0)[: (2 * size.granules - 1).bit_length()],
            "deepest": Mux(several, 0, size.granules - 1 - last_granules(size, part.groups)),
            "ends": Cat(self._ends_pixel(g, part.taps) for g in granules),
            "packings": Cat(self._taps(part.taps, groups) for groups in packed_groups(size)),
        }
        found = {name: settled(m, value) for name, value in own.items()}
        return found | {"height": part.height, "border": part.border, "wide": part.stride[1]}

    def _granules(self, m, word, early):
        """Return which granules hold inputs, of each plane, and which of them are a last group.

        early: registers on the way to them.
        """
        size, granules = self.size, range(self.size.granules)
        names = ("begins", "deepest", "height", "wide")
        names += tuple(f"behind{plane}" for plane in range(size.planes))
        part = self._chosen(m, word.part, names)
        inside = (word.row >= 0) & (word.row < part["height"])
        # Granules in front of the pixel's last ones, or of the taps that the word lacks.
        missing = Mux(word.begins, part["begins"], 0) | Mux(word.deepest, part["deepest"], 0)
        places = [self._column(m, word, part, plane) for plane in range(size.planes)]
        inside, missing, index, deepest = (
            delay(m, each, early) for each in (inside, missing, word.part, word.deepest)
        )
        part = self._chosen(m, index, ("ends", "packings", "border"))
        own = Cat((g >= missing) & inside for g in granules)
        flags = []
        for plane, (column, left) in enumerate(places):
            column, left = delay(m, column, early), delay(m, left, early)
            there = self._there(m, column, left, part["border"], plane)
            used = Signal(size.granules, name=f"used{plane}")
            m.d.comb += used.eq(own & Cat(self._of_tap(g, part["packings"], there)
                                          for g in granules))  # fmt: skip
            flags.append(used)
        short = Signal(size.granules)
        m.d.comb += short.eq(part["ends"] & deepest.replicate(size.granules))
        return flags, short

    def _chosen(self, m, index, names):
        """Return values of a segment by name, each once: they are used many times."""
        found = {}
        for name in names:
            value = Array(each[name] for each in self._values)[index]
            found[name] = Signal.like(self._values[0][name], name=name)
            m.d.comb += found[name].eq(value)
        return found

    def _column(self, m, word, part, plane):
        """Return the column of the first tap of a word, and the columns of the map behind it."""
        bits = map_bits(self.size)
        column, left = (Signal(signed(bits), name=f"{name}{plane}") for name in ("column", "left"))
        m.d.comb += [
            column.eq(word.column + Mux(part["wide"], 2 * plane, plane)),
            left.eq(part[f"behind{plane}"] - word.column),
        ]
        return column, left

    def _there(self, m, column, left, border, plane):
        """Return which taps of the word are pixels of the map; all are without border."""
        granules = self.size.granules
        low = (granules - 1).bit_length()
        there = Signal(granules, name=f"there{plane}")
        for tap in range(granules):
            near = column[low:].all() & (column[:low] >= (1 << low) - tap)
            ends = left[low:-1].any() | (left[:low] >= tap)
            m.d.comb += there[tap].eq(~border | (~column[-1] | near) & ~left[-1] & ends)
        return there

    def _taps(self, taps, groups):
        """Return whether a word has the taps that there are of pixels of so many groups."""
        return taps[(self.size.granules // groups).bit_length() - 1]

    def _of_tap(self, granule, packings, there):
        """Return whether the tap that a granule belongs to is there.

        packings: whether a word has the taps of pixels of so many groups, a bit each.
        """
        found = there[0]
        for groups, is_it in zip(packed_groups(self.size), packings, strict=True):
            found = Mux(is_it, there[granule // groups], found)
        return found

    def _ends_pixel(self, granule, taps):
        """Return whether a granule holds the last group of a pixel."""
        before = self.size.granules - 1 - granule  # granules above it
        if before == 0:
            return 1
        return Cat(
            self._taps(taps, each) for each in packed_groups(self.size) if before % each == 0
        ).any()
