"""The nest of a MAC: which word of which segment is next, and where it and its weights are."""

from functools import reduce
from operator import or_

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ops.layouts import SumLayout, WordLayout
from boldhw.gateware.ops.ports import op_layout
from boldhw.gateware.ops.widths import count_bits, map_bits, row_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Mac, Segment, Window


class Nest(wiring.Component):
    """Step through the words of all sums of a MAC.

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
    1 cycle, a word per cycle.
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
        size = self.size
        self.pooled, self.together = Signal(), Signal()
        m.d.comb += [
            self.pooled.eq(self.op.pool == 2),
            self.together.eq(0 if size.planes == 1 else self.op.planes > 1),
        ]
        current = Signal(range(size.segments))
        values = self._values(m)
        value = {name: Array(each[name] for each in values)[current] for name in values[0]}
        moves = self._halves(m, value)
        inner, part_closes = self._words(m, value, moves)
        outer = self._places(m)
        first_part, last_part = current == 0, current == self.count - 1
        if size.segments == 1:
            first_part = last_part = Const(1)
        closes = self.whole & part_closes & last_part
        m.d.comb += [self.closes.eq(closes), self.opens.eq(first_part & inner["opens"])]
        with m.If(moves & part_closes):
            m.d.sync += current.eq(Mux(last_part, 0, current + 1))
        self._advance(m, outer)
        level = Signal(8)  # a bit for each: the outermost one that moves
        m.d.comb += level.eq(_outermost([*inner["lasts"], *outer["lasts"]]))
        for index, own in enumerate(values):
            self._segment(m, index, own, moves & (current == index), level)
        self._outputs(m, current, values, inner)
        with m.If(self.start):
            m.d.sync += current.eq(0)
        return m

    def _values(self, m):
        """Return what both kinds of segments have, of each segment, by name."""
        found, row, weight = [], row_bits(self.size.data_rows), row_bits(self.size.weight_rows)
        for index in range(self.size.segments):
            part, window = self.parts[index], self.windows[index]
            is_window = self.are_windows[index]
            left = Mux(is_window, window.left, part.left)
            found.append({
                "is_window": is_window,
                "in_row": part.in_row[:row],
                "weight_row": part.weight_row[:weight],
                "deep": window.groups > self.size.granules,
                "across": part.across,
                "words": part.words[: self._bits()],
                "down": part.down,
                "stride": Mux(is_window, window.stride, part.stride),
                "top": part.top,
                "first": left - Mux(is_window, 0, part.skip),
                "taps": part.taps,
                "dilation": part.dilation,
                "advance": part.advance & ~is_window,
                "jumps": [part[f"jump{level}"][:row] for level in range(8)],
            })  # fmt: skip
        return found

    def _bits(self):
        """Return the bits of a number of words, or groups: each has a row of weights."""
        return min(count_bits(self.size.weight_rows), self.size.side_bits)

    def _halves(self, m, value):
        """Count the reads of a word: with planes, places that are 2 apart take two.

        Return whether the next word follows.
        """
        if self.size.planes == 1:
            m.d.comb += [self.whole.eq(1), self.later.eq(0)]
            return self.step
        two = self.together & (value["stride"] == 2) & ~value["is_window"]
        m.d.comb += self.whole.eq(~two | self.later)
        with m.If(self.step):
            m.d.sync += self.later.eq(~self.whole)
        with m.If(self.start):
            m.d.sync += self.later.eq(0)
        return self.step & self.whole

    def _words(self, m, value, moves):
        """Count the words of a segment; return levels, and whether the last word is reached."""
        bits, is_window = map_bits(self.size), value["is_window"]
        names = {"across": 8, "words": self._bits(), "down": 8}
        names |= {name: min(8, self.size.side_bits) for name in ("across", "down")}
        # Counted from 1 on: a number that is compared as it is needs no adder in front.
        j, v, ky = counters = [Signal(width, name=name, init=1) for name, width in names.items()]
        self.pixels, self.lines = Signal(signed(bits)), Signal(signed(bits))
        lasts = [counter == value[name] for name, counter in zip(names, counters, strict=True)]
        lasts = [
            Mux(is_window, j[0] != value["deep"], lasts[0]),
            *(is_window | x for x in lasts[1:]),
        ]
        closes = Cat(lasts).all()
        with m.If(moves):
            m.d.sync += j.eq(j + 1)
            with m.If(~is_window):
                apart = Mux(value["taps"] > 1, value["taps"], value["dilation"])
                m.d.sync += self.pixels.eq(self.pixels + apart)
            with m.If(lasts[0]):
                m.d.sync += [j.eq(1), v.eq(v + 1), self.pixels.eq(0)]
            with m.If(lasts[0] & lasts[1]):
                m.d.sync += [v.eq(1), ky.eq(ky + 1), self.lines.eq(self.lines + value["dilation"])]
        with m.If(self.start | (moves & closes)):
            m.d.sync += [x.eq(1) for x in counters]
            m.d.sync += [x.eq(0) for x in (self.pixels, self.lines)]
        opens = (j == 1) & (v == 1) & (ky == 1)
        return {"lasts": lasts, "opens": opens, "j": j, "deepest": lasts[1]}, closes

    def _places(self, m):
        """Count squares, groups, tiles and rows, all of them down; describe the sum."""
        op, sums, pooled, together, size = self.op, self.sum, self.pooled, self.together, self.size
        granules, bits = size.granules, (size.granules - 1).bit_length()
        group, fold = Signal(self._bits()), Signal.like(op.fold)
        q, left = Signal(2), Signal()  # column and row in a square; the first tile of a row
        granule, in_last_word = Signal(range(granules)), Signal()
        wide = min(count_bits(2 * size.data_rows), size.side_bits) + 1
        column = Signal(signed(min(wide, len(op.columns) + 1)))
        row = Signal(signed(min(wide, len(op.rows) + 1)))
        moved, below = Signal.like(column), Signal.like(row)
        apart = Mux(together, size.planes, Mux(pooled, 2, 1))
        m.d.comb += [moved.eq(column - apart), below.eq(row - op.pool)]
        in_square = [q[0] | together, q[1]]
        last_group, last_tile, last_row = group == 1, moved <= 0, below <= 0
        if size.planes == 1:  # both are even where squares are pooled
            last_tile, last_row = (_is_last(rest, pooled) for rest in (column, row))
        squares, places = [*in_square, last_group], [last_group, fold == 1, 1]
        lasts = [Mux(pooled, *each) for each in zip(squares, places, strict=True)]
        lasts += [last_tile, last_row]
        m.d.comb += [
            # The last group of a pixel is in the last granule, those before it in front of that.
            in_last_word.eq((group <= granules) & ((-group)[:bits] >= granule)),
            self.in_last_word.eq(in_last_word),
            self.next_stored.eq(Mux(last_group, moved, column) > 0),
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
            self.ends.eq(Cat(lasts).all()),
            self.left.eq(column),
        ]
        return {"lasts": lasts, "group": group, "fold": fold, "q": q, "column": column,
                "row": row, "granule": granule, "moved": moved, "below": below,
                "left": left}  # fmt: skip

    def _stored(self, column):
        """Return which pixels of a tile are those of the map; of squares it has half as many."""
        further = []
        for plane in range(1, self.size.planes):
            square = column > 2 * plane if plane < self.size.planes // 2 else 0
            further.append(self.together & Mux(self.pooled, square, column > plane))
        return Cat(column > 0, *further)

    def _advance(self, m, outer):
        """Go on to the next sum."""
        op, lasts, sums, start = self.op, outer["lasts"], self.sum, self.start
        group, granule, q, fold = (outer[name] for name in ("group", "granule", "q", "fold"))
        moves = self.step & self.closes
        group_ends, next_tile = moves & sums.last, moves & Cat(lasts[:3]).all()
        next_fold, next_row = moves & ~self.pooled & lasts[0], next_tile & lasts[3]
        with m.If(moves & self.pooled):
            m.d.sync += q.eq(Mux(self.together, q ^ 2, q + 1))
        with m.If(start | group_ends):
            m.d.sync += group.eq(Mux(start | sums.final, op.groups, group - 1))
            m.d.sync += granule.eq(Mux(sums.ends, 0, granule + 1))
        with m.If(start | next_fold):
            m.d.sync += fold.eq(Mux(start | lasts[1], op.fold, fold - 1))
        with m.If(start | next_fold | next_tile):
            m.d.sync += [
                outer["column"].eq(Mux(start | next_row, op.columns, outer["moved"])),
                outer["left"].eq(start | next_row),
            ]
        with m.If(start | next_row):
            m.d.sync += outer["row"].eq(Mux(start, op.rows, outer["below"]))
        with m.If(start):
            m.d.sync += [granule.eq(0), q.eq(0)]

    def _segment(self, m, index, value, moves, level):
        """Move address, weights and place of one segment."""
        size, start, planes = self.size, self.start, self.size.planes
        addr, weights = Signal.like(value["in_row"]), Signal.like(value["weight_row"])
        base = Signal.like(weights)
        row, column = (
            Signal(signed(map_bits(size)), name=f"{n}{index}") for n in ("row", "column")
        )
        with m.If(start | moves):
            jumps = (Mux(flag, jump, 0) for flag, jump in zip(level, value["jumps"], strict=True))
            following = addr + reduce(or_, jumps)
            m.d.sync += addr.eq(Mux(start, value["in_row"], following))
        at = {number: level[number] for number in range(3, 8)}
        # In a square the next column, or one back and a row down; then back to its first row. With
        # planes the columns of a square are side by side.
        square, side_by_side = self.pooled, self.together
        in_tile = square & at[3] | at[4] | at[5]
        back, up = at[5] | square & at[4], at[5] | at[6]
        stride = value["stride"]
        step = (
            Mux(side_by_side, stride << (planes - 1).bit_length(), stride) if planes > 1 else stride
        )
        with m.If(start | moves & (at[7] | at[6] | in_tile & ~side_by_side)):
            moved = _added(column, step, back)
            m.d.sync += column.eq(Mux(start | at[7], value["first"], moved))
        with m.If(start | moves & (at[7] | square & (at[4] | at[5] | at[6]))):
            m.d.sync += row.eq(Mux(start, value["top"], _added(row, stride, up)))
        # A square has the weights of its group again, a place those of the first group.
        again, next_tile = square & (at[3] | at[4]) | at[4], at[6] | at[7]
        rewinds = start | next_tile & ~value["advance"]
        following = Mux(rewinds, value["weight_row"], Mux(again, base, weights + 1))
        with m.If(start | moves):
            m.d.sync += weights.eq(following)
        with m.If(start | moves & (at[5] | next_tile)):
            m.d.sync += base.eq(following)
        value |= {"addr": addr, "weights": weights, "row": row, "column": column}

    def _outputs(self, m, current, values, inner):
        """Describe the word."""
        own = {
            name: Array(each[name] for each in values)[current]
            for name in ("addr", "weights", "row", "column", "is_window")
        }
        further = Mux(self.later, self.size.planes, 0)
        m.d.comb += [
            self.addr.eq((own["addr"] + further)[: row_bits(self.size.data_rows)]),
            self.weights.eq(own["weights"]),
            self.is_window.eq(own["is_window"]),
            self.word.part.eq(current),
            self.word.begins.eq(inner["j"] == 1),
            self.word.deepest.eq(inner["deepest"]),
            self.word.row.eq(own["row"] + self.lines),
            self.word.column.eq(own["column"] + self.pixels),
            self.word.second.eq(~inner["j"][0]),
        ]


def _added(value, step, back):
    """Return a signed value more a step, or less it."""
    flipped = Cat(step, Const(0, 1)) ^ back.replicate(len(step) + 1)
    return (Cat(Const(1, 1), value).as_signed() + Cat(back, flipped).as_signed())[
        1 : len(value) + 1
    ]


def _outermost(lasts):
    """Return a bit for each level: it is the first one that is not at its last step."""
    return Cat(Cat(lasts[:level], 1).all() & ~last for level, last in enumerate(lasts))


def _is_last(rest, pooled):
    """Return whether one step is left or none, or, where squares are pooled, two."""
    return rest[-1] | ~rest[2:].any() & (~rest[1] | pooled & ~rest[0])
