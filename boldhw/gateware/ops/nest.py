"""The nest of a MAC: which word of which segment is next, and where it and its weights are."""

from functools import reduce
from operator import or_

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay, settled
from boldhw.gateware.ops.layouts import SumLayout, WordLayout
from boldhw.gateware.ops.ports import op_layout
from boldhw.gateware.ops.widths import count_bits, map_bits, row_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Mac, Segment, Window

LEVELS = 8  # of the loops
COUNTED = ("across", "words", "down")  # levels of words of a segment


class TokenLayout(data.StructLayout):
    """What the counters tell of a word: members of :class:`Nest`, and how the word is left.

    levels          of the levels of the loops the one that moves behind the word
    lines, pixels   rows and columns of the map from the first tap of the kernel to it
    """

    def __init__(self, size):
        bits = signed(map_bits(size))
        flags = "begins deepest second is_window opens closes whole later ends in_last_word"
        super().__init__({
            "part": range(size.segments), "sum": SumLayout(size), "levels": LEVELS,
            "lines": bits, "pixels": bits, "left": range(2 * size.planes + 1), "next_stored": 1,
        } | dict.fromkeys(flags.split(), 1))  # fmt: skip


class Nest(wiring.Component):
    """Step through the words of all sums of a MAC.

    Counters are at the next word already: what they tell of a word is in registers as it is there.

    Parameters
    ----------
    size : ArraySize
        Gives ``granules``, ``planes``, ``segments`` and rows of memories.

    Members
    -------
    start : In(1)
        Begin with the first word.
    step : In(1)
        Go on to the next word.
    op : In(op_layout(Mac))
        The op.
    parts : In(data.ArrayLayout(op_layout(Segment), size.segments))
        Its segments.
    windows : In(data.ArrayLayout(op_layout(Window), size.segments))
        The same descriptors, where they are windows.
    are_windows : In(size.segments)
        Which are.
    count : In(range(size.segments + 1))
        Segments of the op.
    addr : Out(FIELD_BITS), combinational
        Row of the word in the data memory. From registers only, as all that follows.
    weights : Out(FIELD_BITS), combinational
        Row of its weights.
    is_window : Out(1), combinational
        The word is one of a patch.
    word : Out(WordLayout(size)), combinational
        What its operand depends on.
    opens, closes : Out(1), combinational
        It is the first word, and the last one, of a sum.
    whole : Out(1), combinational
        The word is there with this read; with planes, two places apart, a read comes before it.
    later : Out(1), combinational
        It is the second one.
    sum : Out(SumLayout(size)), combinational
        What becomes of the sum.
    ends : Out(1), combinational
        It is the last sum.
    in_last_word : Out(1), combinational
        Its group is in the last word of the pixel.
    next_stored : Out(1), combinational
        The next sum is of this pixel, or of one of the map in the same row.
    left : Out(range(2 * size.planes + 1)), combinational
        Columns of the row that are left from this tile on, in the last one.

    Latency
    -------
    The first word is there two cycles after ``start``, each one the cycle after a step.
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "start": In(1),
            "step": In(1),
            "op": In(op_layout(Mac)),
            "parts": In(data.ArrayLayout(op_layout(Segment), size.segments)),
            "windows": In(data.ArrayLayout(op_layout(Window), size.segments)),
            "are_windows": In(size.segments),
            "count": In(range(size.segments + 1)),
            "addr": Out(FIELD_BITS),
            "weights": Out(FIELD_BITS),
            "is_window": Out(1),
            "word": Out(WordLayout(size)),
            "opens": Out(1),
            "closes": Out(1),
            "whole": Out(1),
            "later": Out(1),
            "sum": Out(SumLayout(size)),
            "ends": Out(1),
            "in_last_word": Out(1),
            "next_stored": Out(1),
            "left": Out(range(2 * size.planes + 1)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        size, op = self.size, self.op
        pooled, together = op.pool == 2, op.planes > 1 if size.planes > 1 else Const(0)
        self.pooled, self.together = settled(m, pooled), settled(m, together)
        self.apart = Mux(together, size.planes, Mux(pooled, 2, 1))  # columns of a tile
        current = Signal(range(size.segments))
        values = self._values(m, together)
        value = {name: Array(each[name] for each in values)[current] for name in values[0]
                 if name != "jumps"}  # fmt: skip
        # What is ahead, and what is there.
        token, here = Signal(TokenLayout(size)), Signal(TokenLayout(size))
        moves = Signal()
        m.d.comb += moves.eq(self.step | delay(m, self.start, 1))
        with m.If(moves):
            m.d.sync += here.eq(token)
        whole = self._halves(m, token, value, moves)
        first_part, last_part = current == 0, current == settled(m, self.count - 1)
        if size.segments == 1:
            first_part = last_part = Const(1)
        # Whether one word is all, of the segment that is next when this one is done.
        next_part = Mux(self.start | last_part, 0, current + 1)[: len(current)]
        begins = [Array(each[f"one_{name}"] for each in values)[next_part] for name in COUNTED]
        inner, part_closes = self._words(m, value, begins, moves & whole)
        outer = self._places(m, token)
        closes = whole & part_closes & last_part
        m.d.comb += [
            token.part.eq(current),
            token.is_window.eq(value["is_window"]),
            token.closes.eq(closes),
            token.opens.eq(first_part & inner["opens"]),
            token.begins.eq(inner["j"] == 0),
            token.deepest.eq(inner["deepest"]),
            token.second.eq(inner["j"][0]),
            token.lines.eq(inner["lines"]),
            token.pixels.eq(inner["pixels"]),
            token.levels.eq(_first_open([*inner["lasts"], *outer["lasts"]])),
        ]
        with m.If(moves & whole & part_closes):
            m.d.sync += current.eq(Mux(last_part, 0, current + 1))
        self._advance(m, token, outer, moves & closes)
        for index, own in enumerate(values):
            own_word = here.part == index if size.segments > 1 else Const(1)
            self._segment(m, index, own, self.step & here.whole & own_word, here.levels)
        self._outputs(m, here, values)
        with m.If(self.start):
            m.d.sync += current.eq(0)
        return m

    def _values(self, m, together):
        """Return what both kinds of segments have, of each segment, by name.

        together: places of a tile are summed up together.
        """
        found, row, weight = [], row_bits(self.size.data_rows), row_bits(self.size.weight_rows)
        for index in range(self.size.segments):
            part, window = self.parts[index], self.windows[index]
            is_window = self.are_windows[index]
            left = Mux(is_window, window.left, part.left)
            stride = Mux(is_window, window.stride, part.stride)
            wide = stride << (self.size.planes - 1).bit_length()
            own = {
                "is_window": is_window,
                # Of each level, the step that is the last one.
                "across": Mux(is_window, window.groups > self.size.granules, part.across - 1)[:8],
                "words": (part.words - 1)[: self._bits()],
                "down": (part.down - 1)[:8],
                "two": together & (stride == 2) & ~is_window,  # reads of a word
                "stride": stride,
                "step": Mux(together, wide, stride),
                "first": left - Mux(is_window, 0, part.skip),
                "apart": Mux(is_window, 0, Mux(part.taps > 1, part.taps, part.dilation)),
                "rewinds": ~(part.advance & ~is_window),
            }
            own |= {f"one_{name}": own[name] == 0 for name in COUNTED}
            found.append({name: settled(m, each) for name, each in own.items()} | {
                "in_row": part.in_row[:row],
                "weight_row": part.weight_row[:weight],
                "top": part.top,
                "dilation": part.dilation,
                "jumps": [part[f"jump{level}"][:row] for level in range(LEVELS)],
            })  # fmt: skip
        return found

    def _bits(self):
        """Return the bits of a number of words, or groups: each has a row of weights."""
        return min(count_bits(self.size.weight_rows), self.size.side_bits)

    def _halves(self, m, token, value, moves):
        """Count the reads of a word: with planes, places that are 2 apart take two.

        Return whether the next word follows.
        """
        if self.size.planes == 1:
            m.d.comb += token.whole.eq(1)
            return Const(1)
        later = Signal()
        whole = ~value["two"] | later
        m.d.comb += [token.whole.eq(whole), token.later.eq(later)]
        with m.If(moves):
            m.d.sync += later.eq(~whole)
        with m.If(self.start):
            m.d.sync += later.eq(0)
        return whole

    def _words(self, m, value, begins, moves):
        """Count the words of a segment; return levels, and whether the last word is reached.

        begins: whether each level of the segment that follows has one word.
        """
        bits, is_window = map_bits(self.size), value["is_window"]
        names = {"across": 8, "words": self._bits(), "down": 8}
        names |= {name: min(8, self.size.side_bits) for name in ("across", "down")}
        j, v, ky = counters = [Signal(width, name=name) for name, width in names.items()]
        pixels, lines = Signal(signed(bits)), Signal(signed(bits))
        after = [Signal.like(counter) for counter in counters]
        m.d.comb += [later.eq(x + 1) for later, x in zip(after, counters, strict=True)]
        if self.size.dual_port:  # known a word before
            ended = [Signal(name=f"ended_{name}") for name in names]
            ends = [x == value[name] for x, name in zip(after, names, strict=True)]
            ones = [value[f"one_{name}"] for name in names]
        else:
            ended = [x == value[name] for x, name in zip(counters, names, strict=True)]
        lasts = [ended[0], *(is_window | x for x in ended[1:])]
        closes = Cat(lasts).all()
        with m.If(moves):
            m.d.sync += [j.eq(after[0]), pixels.eq(pixels + value["apart"])]
            with m.If(lasts[0]):
                m.d.sync += [j.eq(0), v.eq(after[1]), pixels.eq(0)]
            with m.If(lasts[0] & lasts[1]):
                m.d.sync += [v.eq(0), ky.eq(after[2]), lines.eq(lines + value["dilation"])]
        with m.If(self.start | (moves & closes)):
            m.d.sync += [x.eq(0) for x in (*counters, pixels, lines)]
        if self.size.dual_port:
            with m.If(moves):
                m.d.sync += ended[0].eq(Mux(lasts[0], ones[0], ends[0]))
                with m.If(lasts[0]):
                    m.d.sync += ended[1].eq(Mux(lasts[1], ones[1], ends[1]))
                with m.If(lasts[0] & lasts[1]):
                    m.d.sync += ended[2].eq(ends[2])
            with m.If(self.start | (moves & closes)):
                m.d.sync += [x.eq(one) for x, one in zip(ended, begins, strict=True)]
        opens = (j == 0) & (v == 0) & (ky == 0)
        return {"lasts": lasts, "opens": opens, "j": j, "deepest": lasts[1], "pixels": pixels,
                "lines": lines}, closes  # fmt: skip

    def _places(self, m, token):
        """Count squares, groups, tiles and rows, all of them down; describe the sum."""
        op, pooled, together, size = self.op, self.pooled, self.together, self.size
        sums = token.sum
        granules, bits = size.granules, (size.granules - 1).bit_length()
        group, fold = Signal(self._bits()), Signal.like(op.fold)
        q, left = Signal(2), Signal()  # column and row in a square; the first tile of a row
        granule, in_last_word = Signal(range(granules)), Signal()
        wide = min(count_bits(2 * size.data_rows), size.side_bits) + 1
        column = Signal(signed(min(wide, len(op.columns) + 1)))
        row = Signal(signed(min(wide, len(op.rows) + 1)))
        moved, below = Signal.like(column), Signal.like(row)
        apart = settled(m, self.apart)
        m.d.comb += [moved.eq(column - apart), below.eq(row - op.pool)]
        in_square = [q[0] | together, q[1]]
        last_group, last_tile, last_row = (
            Signal(name=f"last_{n}") for n in ("group", "tile", "row")
        )
        squares, places = [*in_square, last_group], [last_group, fold == 1, 1]
        lasts = [Mux(pooled, *each) for each in zip(squares, places, strict=True)]
        lasts += [last_tile, last_row]
        m.d.comb += [
            # The last group of a pixel is in the last granule, those before it in front of that.
            in_last_word.eq((group <= granules) & ((-group)[:bits] >= granule)),
            token.in_last_word.eq(in_last_word),
            token.next_stored.eq(Mux(last_group, moved, column) > 0),
            sums.first.eq(q == 0),
            sums.last.eq(~pooled | Cat(in_square).all()),
            sums.index.eq(q),
            sums.begins.eq(granule == 0),
            sums.ends.eq((granule == granules - 1) | last_group),
            sums.final.eq(last_group),
            sums.stored.eq(self._stored(column)),
            sums.left.eq(left),
            sums.right.eq(last_tile & (column > 0)),
            sums.over.eq(Cat(lasts[:4]).all()),
            sums.place.eq(Mux(in_last_word, (-group)[:bits], granule)),
            token.ends.eq(Cat(lasts).all()),
            token.left.eq(column),
        ]
        return {"lasts": lasts, "group": group, "fold": fold, "q": q, "column": column,
                "row": row, "granule": granule, "moved": moved, "below": below, "left": left,
                "last_group": last_group, "last_tile": last_tile,
                "last_row": last_row}  # fmt: skip

    def _stored(self, column):
        """Return which pixels of a tile are those of the map; of squares it has half as many."""
        further = []
        for plane in range(1, self.size.planes):
            square = column > 2 * plane if plane < self.size.planes // 2 else 0
            further.append(self.together & Mux(self.pooled, square, column > plane))
        return Cat(column > 0, *further)

    def _advance(self, m, token, outer, moves):
        """Go on to the next sum. moves: it follows."""
        op, lasts, sums, start = self.op, outer["lasts"], token.sum, self.start
        group, granule, q, fold = (outer[name] for name in ("group", "granule", "q", "fold"))
        # Each flag is that of a counter in the same cycle.
        of_group, of_tile, of_row = (outer[f"last_{name}"] for name in ("group", "tile", "row"))
        one_tile, one_row = settled(m, op.columns <= self.apart), settled(m, op.rows <= op.pool)
        two_tiles, two_rows = settled(m, 2 * self.apart + 1), settled(m, 2 * op.pool + 1)
        one_group = settled(m, op.groups == 1)
        group_ends, next_tile = moves & sums.last, moves & Cat(lasts[:3]).all()
        next_fold, next_row = moves & ~self.pooled & lasts[0], next_tile & lasts[3]
        with m.If(moves & self.pooled):
            m.d.sync += q.eq(Mux(self.together, q ^ 2, q + 1))
        with m.If(start | group_ends):
            m.d.sync += group.eq(Mux(start | sums.final, op.groups, group - 1))
            m.d.sync += of_group.eq(Mux(start | sums.final, one_group, group == 2))
            m.d.sync += granule.eq(Mux(sums.ends, 0, granule + 1))
        with m.If(start | next_fold):
            m.d.sync += fold.eq(Mux(start | lasts[1], op.fold, fold - 1))
        with m.If(start | next_fold | next_tile):
            m.d.sync += [
                outer["column"].eq(Mux(start | next_row, op.columns, outer["moved"])),
                of_tile.eq(Mux(start | next_row, one_tile, (outer["column"] - two_tiles)[-1])),
                outer["left"].eq(start | next_row),
            ]
        with m.If(start | next_row):
            m.d.sync += [
                outer["row"].eq(Mux(start, op.rows, outer["below"])),
                of_row.eq(Mux(start, one_row, (outer["row"] - two_rows)[-1])),
            ]
        with m.If(start):
            m.d.sync += [granule.eq(0), q.eq(0)]

    def _segment(self, m, index, value, moves, levels):
        """Move address, weights and place of one segment. levels: which one moves, a bit each."""
        size, start = self.size, self.start
        addr, weights = Signal.like(value["in_row"]), Signal.like(value["weight_row"])
        base = Signal.like(weights)
        row, column = (
            Signal(signed(map_bits(size)), name=f"{n}{index}") for n in ("row", "column")
        )
        with m.If(start | moves):
            jump = reduce(or_, map(_masked, value["jumps"], levels))
            m.d.sync += addr.eq(Mux(start, value["in_row"], addr + jump))
        at = levels  # from the third one on all words of the segment are done
        # In a square the next column, or one back and a row down; then back to its first row. With
        # planes the columns of a square are side by side.
        square, side_by_side = self.pooled, self.together
        in_tile = square & at[3] | at[4] | at[5]
        back, up = at[5] | square & at[4], at[5] | at[6]
        stride, step = value["stride"], value["step"]
        with m.If(start | moves & (at[7] | at[6] | in_tile & ~side_by_side)):
            moved = _added(column, step, back)
            m.d.sync += column.eq(Mux(start | at[7], value["first"], moved))
        with m.If(start | moves & (at[7] | square & (at[4] | at[5] | at[6]))):
            m.d.sync += row.eq(Mux(start, value["top"], _added(row, stride, up)))
        # A square has the weights of its group again, a place those of the first group.
        again, next_tile = square & (at[3] | at[4]) | at[4], at[6] | at[7]
        rewinds = start | next_tile & value["rewinds"]
        following = Mux(rewinds, value["weight_row"], Mux(again, base, weights + 1))
        with m.If(start | moves):
            m.d.sync += weights.eq(following)
        with m.If(start | moves & (at[5] | next_tile)):
            m.d.sync += base.eq(following)
        value |= {"addr": addr, "weights": weights, "row": row, "column": column}

    def _outputs(self, m, here, values):
        """Describe the word."""
        own = {
            name: Array(each[name] for each in values)[here.part]
            for name in ("addr", "weights", "row", "column")
        }
        for name in ("is_window", "opens", "closes", "whole", "later", "sum", "ends",
                     "in_last_word", "next_stored", "left"):  # fmt: skip
            m.d.comb += getattr(self, name).eq(here[name])
        further = Mux(self.later, self.size.planes, 0)
        m.d.comb += [
            self.addr.eq((own["addr"] + further)[: row_bits(self.size.data_rows)]),
            self.weights.eq(own["weights"]),
            self.word.part.eq(here.part),
            self.word.begins.eq(here.begins),
            self.word.deepest.eq(here.deepest),
            self.word.row.eq(own["row"] + here.lines),
            self.word.column.eq(own["column"] + here.pixels),
            self.word.second.eq(here.second),
        ]


def _added(value, step, back):
    """Return a signed value more a step, or less it."""
    flipped = Cat(step, Const(0, 1)) ^ back.replicate(len(step) + 1)
    return (Cat(Const(1, 1), value).as_signed() + Cat(back, flipped).as_signed())[
        1 : len(value) + 1
    ]


def _masked(value, flag):
    """Return the bits of a value, 0 without the flag."""
    return value.as_unsigned() & flag.replicate(len(value))


def _first_open(lasts):
    """Return which level is the first one that is not at its last step, a bit each."""
    inside = [Const(1), *(Cat(lasts[:number]).all() for number in range(1, len(lasts)))]
    return Cat(before & ~last for before, last in zip(inside, lasts, strict=True))
