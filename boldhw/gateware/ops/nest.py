"""The nest of a MAC: which word of which segment is next, and where it and its weights are."""

from amaranth.hdl import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ops.layouts import SumLayout, WordLayout
from boldhw.gateware.ops.ports import COLUMN_BITS, op_layout
from boldhw.gateware.ops.words import last_granules
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.kinds import Mac, Segment, Window


class Nest(wiring.Component):
    """Step through the words of all sums of a MAC.

    Parameters
    ----------
    size : ArraySize
        Gives ``granules`` and ``segments``.

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
    sum : Out(SumLayout(size)), combinational
        What becomes of the sum.
    ends : Out(1), combinational
        It is the last sum.
    in_last_word : Out(1), combinational
        Its group is in the last word of the pixel.
    next_stored : Out(1), combinational
        The next sum is of this pixel, or of one of the map in the same row.

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
            "sum": Out(SumLayout(size)),
            "ends": Out(1),
            "in_last_word": Out(1),
            "next_stored": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        self.pooled = self.op.pool == 2
        current = Signal(range(self.size.segments))
        values = self._values(m)
        value = {name: Array(each[name] for each in values)[current] for name in values[0]}
        inner, part_closes = self._words(m, value)
        outer = self._places(m)
        first_part, last_part = current == 0, current == self.count - 1
        closes = part_closes & last_part
        m.d.comb += [self.closes.eq(closes), self.opens.eq(first_part & inner["opens"])]
        with m.If(self.step & part_closes):
            m.d.sync += current.eq(Mux(last_part, 0, current + 1))
        self._advance(m, outer)
        level = Signal(range(9))
        m.d.comb += level.eq(_first_open([*inner["lasts"], *outer["lasts"]]))
        for index, own in enumerate(values):
            moves = self.step & (current == index)
            self._segment(m, index, own, moves, level, part_closes)
        self._outputs(m, current, values, inner)
        with m.If(self.start):
            m.d.sync += current.eq(0)
        return m

    def _values(self, m):
        """Return what both kinds of segments have, of each segment, by name."""
        found = []
        for index in range(self.size.segments):
            part, window = self.parts[index], self.windows[index]
            is_window = self.are_windows[index]
            deep = (window.groups > self.size.granules) + 1
            found.append({
                "is_window": is_window,
                "in_row": part.in_row,
                "weight_row": part.weight_row,
                "across": Mux(is_window, deep, part.across),
                "words": Mux(is_window, 1, part.words),
                "down": Mux(is_window, 1, part.down),
                "stride": Mux(is_window, window.stride, part.stride),
                "top": Mux(is_window, 0, part.top),
                "left": Mux(is_window, window.left, part.left),
                "pixels": Mux(is_window, 0, Mux(part.taps > 1, part.taps, part.dilation)),
                "skip": Mux(is_window, 0, part.skip),
                "dilation": part.dilation,
                "advance": part.advance & ~is_window,
                "jumps": [part[f"jump{level}"] for level in range(8)],
            })  # fmt: skip
        return found

    def _words(self, m, value):
        """Count the words of a segment; return levels, and whether the last word is reached."""
        j, v, ky = (Signal(FIELD_BITS, name=name) for name in ("j", "v", "ky"))
        self.pixels, self.lines = Signal(signed(COLUMN_BITS)), Signal(signed(COLUMN_BITS))
        lasts = [j == value["across"] - 1, v == value["words"] - 1, ky == value["down"] - 1]
        closes = Cat(lasts).all()
        with m.If(self.step):
            m.d.sync += [j.eq(j + 1), self.pixels.eq(self.pixels + value["pixels"])]
            with m.If(lasts[0]):
                m.d.sync += [j.eq(0), v.eq(v + 1), self.pixels.eq(0)]
            with m.If(lasts[0] & lasts[1]):
                m.d.sync += [v.eq(0), ky.eq(ky + 1), self.lines.eq(self.lines + value["dilation"])]
        with m.If(self.start | (self.step & closes)):
            m.d.sync += [x.eq(0) for x in (j, v, ky, self.pixels, self.lines)]
        opens = (j == 0) & (v == 0) & (ky == 0)
        return {"lasts": lasts, "opens": opens, "j": j, "deepest": lasts[1]}, closes

    def _places(self, m):
        """Count squares, groups, tiles and rows; describe the sum."""
        op, sums, pooled = self.op, self.sum, self.pooled
        granules = self.size.granules
        group, fold = Signal(FIELD_BITS), Signal(4)
        q = Signal(2)  # column and row in a square
        column, row = Signal(13), Signal(FIELD_BITS + 1)
        granule = Signal(range(granules))
        last_group = group == op.groups - 1
        moved, below = Mux(pooled, column + 2, column + 1), row + op.pool
        bits = (granules - 1).bit_length()
        free = Mux(self.in_last_word, granules - 1 - last_granules(self.size, op.groups), 0)
        last_tile, last_row = moved >= op.columns, below >= op.rows
        squares, places = [q[0], q[1], last_group], [last_group, fold == op.fold - 1, 1]
        lasts = [Mux(pooled, *each) for each in zip(squares, places, strict=True)]
        lasts += [last_tile, last_row]
        m.d.comb += [
            self.in_last_word.eq(group[bits:] == (op.groups - 1)[bits:]),
            self.next_stored.eq(Mux(last_group, moved, column) < op.columns),
            sums.first.eq(~pooled | (q == 0)),
            sums.last.eq(~pooled | (q == 3)),
            sums.index.eq(q),
            sums.begins.eq(granule == 0),
            sums.ends.eq((granule == granules - 1) | last_group),
            sums.final.eq(last_group),
            sums.stored.eq(column < op.columns),
            sums.left.eq(column == 0),
            sums.right.eq(moved == op.columns),
            sums.over.eq(Cat(lasts[:4]).all()),
            sums.place.eq(free + granule),
            self.ends.eq(Cat(lasts).all()),
        ]
        return {"lasts": lasts, "group": group, "fold": fold, "q": q, "column": column,
                "row": row, "granule": granule, "moved": moved, "below": below}  # fmt: skip

    def _advance(self, m, outer):
        """Go on to the next sum."""
        lasts, sums = outer["lasts"], self.sum
        group, granule = outer["group"], outer["granule"]
        moves = self.step & self.closes
        next_tile = Cat(lasts[:3]).all()
        with m.If(moves & self.pooled):
            m.d.sync += outer["q"].eq(outer["q"] + 1)
        with m.If(moves & sums.last):
            m.d.sync += [
                group.eq(Mux(sums.final, 0, group + 1)),
                granule.eq(Mux(sums.ends, 0, granule + 1)),
            ]
        with m.If(moves & ~self.pooled & lasts[0]):
            m.d.sync += outer["fold"].eq(Mux(lasts[1], 0, outer["fold"] + 1))
            m.d.sync += outer["column"].eq(outer["moved"])
        with m.If(moves & next_tile):
            m.d.sync += outer["column"].eq(Mux(lasts[3], 0, outer["moved"]))
            with m.If(lasts[3]):
                m.d.sync += outer["row"].eq(outer["below"])
        with m.If(self.start):
            m.d.sync += [outer[name].eq(0) for name in
                         ("group", "granule", "q", "fold", "column", "row")]  # fmt: skip

    def _segment(self, m, index, value, moves, level, closes):
        """Move address, weights and place of one segment."""
        addr, weights, base = (
            Signal(FIELD_BITS, name=f"{name}{index}") for name in ("addr", "weights", "base")
        )
        row, column = (
            Signal(signed(COLUMN_BITS), name=f"{name}{index}") for name in ("row", "column")
        )
        stride, following, first = value["stride"], weights + 1, value["left"] - value["skip"]
        with m.If(moves):
            m.d.sync += [
                addr.eq(addr + Array([*value["jumps"], 0])[level]),
                weights.eq(following),
            ]
        with m.If(moves & closes):
            with m.Switch(level):
                with m.Case(3):
                    with m.If(self.pooled):
                        m.d.sync += [weights.eq(base), column.eq(column + stride)]
                with m.Case(4):
                    m.d.sync += [
                        weights.eq(base),
                        column.eq(Mux(self.pooled, column - stride, column + stride)),
                    ]
                    with m.If(self.pooled):
                        m.d.sync += row.eq(row + stride)
                with m.Case(5):
                    m.d.sync += [
                        base.eq(following), column.eq(column - stride), row.eq(row - stride)
                    ]  # fmt: skip
                with m.Case(6, 7):
                    again = Mux(value["advance"], following, value["weight_row"])
                    m.d.sync += [weights.eq(again), base.eq(again), column.eq(column + stride)]
                    with m.If(self.pooled & (level == 6)):
                        m.d.sync += row.eq(row - stride)
            with m.If(level == 7):
                m.d.sync += [column.eq(first), row.eq(row + stride)]
        with m.If(self.start):
            m.d.sync += [
                addr.eq(value["in_row"]), weights.eq(value["weight_row"]),
                base.eq(value["weight_row"]), row.eq(value["top"]), column.eq(first),
            ]  # fmt: skip
        value |= {"addr": addr, "weights": weights, "row": row, "column": column}

    def _outputs(self, m, current, values, inner):
        """Describe the word."""
        own = {
            name: Array(each[name] for each in values)[current]
            for name in ("addr", "weights", "row", "column", "is_window")
        }
        m.d.comb += [
            self.addr.eq(own["addr"]),
            self.weights.eq(own["weights"]),
            self.is_window.eq(own["is_window"]),
            self.word.part.eq(current),
            self.word.begins.eq(inner["j"] == 0),
            self.word.deepest.eq(inner["deepest"]),
            self.word.row.eq(own["row"] + self.lines),
            self.word.column.eq(own["column"] + self.pixels),
            self.word.second.eq(inner["j"][0]),
        ]


def _first_open(lasts):
    """Return the first level that is not at its last step, or one more than there are."""
    found = len(lasts)
    for level, last in reversed(list(enumerate(lasts))):
        found = Mux(last, found, level)
    return found
