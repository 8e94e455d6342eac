"""The operand of a MAC: a word of a map or of a patch, and which of its lanes count."""

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.layouts import WordLayout
from boldhw.gateware.ops.ports import op_layout
from boldhw.gateware.ops.words import last_granules, packed_groups
from boldhw.spec.ops.kinds import Segment


class Operand(wiring.Component):
    """Turn a row of the data memory into sign and mask.

    Lanes count that hold an input: of a pixel of the map, of a tap of the kernel, of a plane in
    use. With F as 0 the input itself is the mask as well; signs of deltas have theirs beside them.

    Golden model: :func:`boldhw.golden.ops.operand.read`.

    Parameters
    ----------
    size : ArraySize
        Gives ``lanes``, ``elements``, ``granules``, ``read_latency`` and ``segments``.

    Members
    -------
    parts : In(data.ArrayLayout(op_layout(Segment), size.segments))
        The segments.
    word : In(WordLayout(size))
        The word, in the cycle of its address.
    valid : In(1)
        With ``word``: it is one.
    is_window : In(1)
        With ``word``: it is one of a patch.
    first, second : In(size.lanes)
        Both words of the row, the read latency later.
    patch_sign, patch_mask : In(size.lanes)
        The word of the patch, likewise.
    sign, mask : Out(size.lanes), registered
        The operand; 0 where there is none.

    Latency
    -------
    1 cycle from the row, the read latency and 1 from ``word``; a word per cycle.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "word": In(WordLayout(size)),
            "valid": In(1),
            "is_window": In(1),
            "first": In(size.lanes),
            "second": In(size.lanes),
            "patch_sign": In(size.lanes),
            "patch_mask": In(size.lanes),
            "sign": Out(size.lanes),
            "mask": Out(size.lanes),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, late = self.size, self.size.read_latency - 1
        word = Signal(WordLayout(size))
        m.d.sync += word.eq(self.word)
        used, short = self._granules(m, word)
        used, short = delay(m, used, late), delay(m, short, late)
        valid, is_window = delay(m, Cat(self.valid, self.is_window), late + 1)
        index = delay(m, word.part, late)
        part = self._chosen(m, index, ("lanes", "deltas", "zero_true"))
        in_group, lanes = Signal(size.elements), Signal(size.lanes)
        m.d.comb += in_group.eq(Cat(lane < part["lanes"] for lane in range(size.elements)))
        m.d.comb += lanes.eq(
            Cat(
                used[g].replicate(size.elements) & (in_group | ~short[g].replicate(size.elements))
                for g in range(size.granules)
            )
        )
        full = ~part["deltas"] & ~part["zero_true"]
        known = Mux(part["deltas"], self.second, self.first | full.replicate(size.lanes))
        m.d.sync += [self.sign.eq(0), self.mask.eq(0)]
        with m.If(valid):
            m.d.sync += [
                self.sign.eq(Mux(is_window, self.patch_sign, self.first)),
                self.mask.eq(Mux(is_window, self.patch_mask, lanes & known)),
            ]
        return m

    def _granules(self, m, word):
        """Return which granules hold inputs, and which of them are a last group."""
        size, granules = self.size, range(self.size.granules)
        names = ("taps", "skip", "groups", "height", "width", "border")
        part = self._chosen(m, word.part, names)
        several = part["taps"] > 1
        inside = (word.row >= 0) & (word.row < part["height"])
        # Granules in front of the pixel's last ones, or of the taps that the word lacks.
        missing = Signal(range(2 * size.granules))
        with m.If(several):
            skipped = part["skip"]
            for groups in packed_groups(size)[1:]:
                skipped = Mux(part["groups"] == groups, part["skip"] * groups, skipped)
            m.d.comb += missing.eq(Mux(word.begins, skipped, 0))
        with m.Elif(word.deepest):
            m.d.comb += missing.eq(size.granules - 1 - last_granules(size, part["groups"]))
        there, used, short = (Signal(size.granules) for _ in range(3))
        m.d.comb += [
            there.eq(Cat(self._tap_inside(m, word, part, tap) for tap in granules)),
            used.eq(Cat((g >= missing) & inside & self._of_tap(g, part, there) for g in granules)),
            short.eq(Cat(word.deepest & self._ends_pixel(g, part["groups"]) for g in granules)),
        ]
        return used, short

    def _chosen(self, m, index, names):
        """Return values of a segment by name, each once: they are used many times."""
        found = {}
        for name in names:
            value = Array(each[name] for each in self.parts)[index]
            found[name] = Signal.like(self.parts[0][name], name=name)
            m.d.comb += found[name].eq(value)
        return found

    def _tap_inside(self, m, word, part, tap):
        """Return whether a tap of the word is a pixel of the map; all are without border."""
        column = word.column + tap
        return ~part["border"] | ((column >= 0) & (column < part["width"]))

    def _of_tap(self, granule, part, there):
        """Return whether the tap that a granule belongs to is there."""
        found = there[0]
        for groups in packed_groups(self.size):
            alone = part["groups"] == groups
            found = Mux(alone & (part["taps"] > 1), there[granule // groups], found)
        return found

    def _ends_pixel(self, granule, groups):
        """Return whether a granule holds the last group of a pixel."""
        before = self.size.granules - 1 - granule  # granules above it
        if before == 0:
            return 1
        return Cat(groups == each for each in packed_groups(self.size) if before % each == 0).any()
