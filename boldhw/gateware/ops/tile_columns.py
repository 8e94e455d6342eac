"""Columns of VOTE where several places are read, or all granules of a word turned over, at once."""

from functools import reduce
from operator import or_
from types import SimpleNamespace

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed

from boldhw.gateware.delay import data_delay, data_register, delay, settled
from boldhw.gateware.ops.columns import Columns
from boldhw.gateware.ops.loops import Loops
from boldhw.gateware.ops.memories import RowMemory
from boldhw.gateware.ops.ranges import map_bits, place_bits, word_bits
from boldhw.gateware.ops.tiles import TileFiller, places_read
from boldhw.gateware.ops.turner import Turner
from boldhw.gateware.ops.widths import row_bits
from boldhw.gateware.ops.words import packed_groups, tiles_of


class TileColumns(Columns):
    """Build columns as :class:`Columns` does, from tiles of D places.

    Places that there are fill tiles of D words, those fill blocks of P. With S / P transposers all
    granules of a word exchange rows and columns together: columns of its groups are built once, in
    rows of their own. A block is kept while they are stored one after the other. ``next`` builds
    columns then only if the group was the last one of its word, and the turner is not used.

    Parameters
    ----------
    size : ArraySize
        Of an array of D planes, of which P is a multiple, or of S / P transposers; all of it.

    Members
    -------
    Those of :class:`Columns`.

    Latency
    -------
    A cycle for each row of an image, for each tile that is read, and for each tile of zeros that
    fills the last block, one at least; with two places apart a tile is read in two cycles. All of
    that twice with ``twice``. Then the read latency and 2. With several transposers a block takes a
    cycle for each group of the word at least, and as many follow the last one.
    """

    def elaborate(self, platform):
        m = Module()
        size = self.size
        d, p, many = size.planes, size.elements, size.transposers > 1
        running, pause, waits = Signal(), Signal(range(size.granules + 1)), Signal()
        ends, loading, inverse, group_ends = Signal(), Signal(), Signal(), Signal()
        reading, second = Signal(), Signal()  # second: of two requests of places that are apart
        places = place_bits(size)
        m.submodules.loops = loops = Loops(
            (places, places, *word_bits(size)), 2,
            row_bits(size.data_rows),
        )  # fmt: skip
        self._alone = self.op.planes == 1
        apart = self.part.stride[1] & ~self._alone & ~self.is_window if d > 1 else Const(0)
        self._apart = settled(m, apart)
        tile_ends = ~self._apart | second
        last = loops.ends[1] & tile_ends
        moves = running & ~loading & ((pause == 0) if many else 1)
        steps = moves & reading
        chosen = places_read(m, size, self.op.columns, self._alone, apart)
        there, count = chosen(loops.ends[0], second)
        held, emits, full, closes, none = self._tiles(m, moves, count, reading)
        groups = size.granules - self.groups.granule  # of the word
        extra = Mux(groups > p // d, groups - p // d, 0) if many else 0
        late_close = closes & ~none & (extra != 0) if many else Const(0)
        if many:
            with m.If((pause != 0) & ~loading):
                m.d.sync += pause.eq(pause - 1)
            with m.If(full):
                m.d.sync += pause.eq(extra)
            with m.If(late_close):
                m.d.sync += waits.eq(1)
        m.d.comb += [
            ends.eq(closes & ~late_close | waits & (pause == 1) & ~loading),
            group_ends.eq(ends & (inverse | ~self.twice)),
        ]
        builds = self.start | self.next & (self.groups.of_word if many else 1)
        with m.If(ends):
            m.d.sync += [inverse.eq(~group_ends), waits.eq(0)]
        with m.If(group_ends):
            m.d.sync += running.eq(0)
        with m.If(builds):
            m.d.sync += running.eq(1)
        begins = Signal()
        again = ends & ~group_ends
        m.d.comb += begins.eq(self.start | self.next | again)
        with m.If(steps):
            m.d.sync += [second.eq(self._apart & ~second), reading.eq(~last)]
        with m.If(begins):
            m.d.sync += [second.eq(0), reading.eq(1)]
        self._granules(m, loops)
        self._loops(m, loops, steps & tile_ends, last, again)
        line_ends, row_ends = Signal(), steps & loops.ends[0] & ~loops.ends[1] & tile_ends
        inside, of_row = self._inside(m, loops, steps, last, tile_ends, begins, line_ends)
        image = self._image(m, running, loading, begins, row_ends, line_ends, of_row)
        reads = steps & of_row & ~self.is_window
        addr = loops.addr + Mux(second, d, 0)
        m.d.comb += [
            self.read.valid.eq(reads | self.window.load & self.window.inside),
            self.read.addr.eq(Mux(self.is_window, image, addr[: len(loops.addr)])),
        ]
        late, early = size.read_latency, self._early
        there = delay(m, there & steps.replicate(d), early)
        here = [
            delay(m, there & (flags | self.is_window.replicate(d)), late - early)
            for flags in inside
        ]
        now = delay(m, inverse, late)
        held, emits, full, ends, group_ends, inverse = (
            delay(m, each, late + 1) for each in (held, emits, full, ends, group_ends, inverse)
        )
        tiles, flags = self._words(m, here, held, emits, now)
        blocks = self._turn(m, tiles, emits, full)
        self._store(m, blocks, flags, emits, full, ends, group_ends, inverse, builds)
        return m

    def _tiles(self, m, moves, count, reading):
        """Put places into tiles of D, and those into blocks of P; behind the last ones come zeros.

        Return how many waited for this tile, whether it is complete, and the block, and the pass:
        that ends in a cycle in which nothing is read; and whether nothing is left then.
        """
        size, d = self.size, self.size.planes
        held, number = Signal(range(d)), Signal(range(max(2, size.elements // d)))
        total = Signal(range(2 * d + 1))
        none = ~reading & (held == 0) & (number == 0)  # no block is begun
        last = number == size.elements // d - 1
        m.d.comb += total.eq(held + count)
        emits, full, rest = Signal(), Signal(), Signal(range(d))
        m.d.comb += [
            emits.eq(moves & Mux(reading, total >= d, ~none)),
            full.eq(emits & last),
            rest.eq(Mux(reading, total, 0)),
        ]
        with m.If(moves):
            m.d.sync += held.eq(rest)
        with m.If(emits):
            m.d.sync += number.eq(Mux(full, 0, number + 1))
        return held, emits, full, moves & ~reading & (last | none), none

    def _loops(self, m, loops, tiles, last, again):
        """Go through all tiles for each word, or each of its granules, and then on."""
        op, part, of_word = self.op, self.part, self.groups.of_word
        across = op.columns
        if self.size.planes > 1:
            across = settled(m, Mux(self._alone, op.columns, tiles_of(self.size, op.columns)))
        counts = (across, op.rows, part.across, part.words, part.down)
        m.d.comb += [
            loops.start.eq(self.start),
            loops.base.eq(part.in_row),
            *(loops.counts[f"level{level}"].eq(count) for level, count in enumerate(counts)),
            loops.jumps.eq(Cat(part[f"jump{level}"] for level in range(5))),
            loops.step.eq(tiles & ~last | self.next & of_word),
            # With several transposers the other groups of a word are there already.
            loops.again.eq(again | self.next & ~of_word & (self.size.transposers == 1)),
        ]

    def _inside(self, m, loops, steps, last, tile_ends, begins, line_ends):
        """Return which places are of the map, for each transposer; and whether their row is."""
        size, part, bits = self.size, self.part, map_bits(self.size)
        d, ends = size.planes, loops.ends[0] & tile_ends
        stride = part.stride
        if d > 1:  # a request of a segment reads rows of D columns
            together = Mux(self.is_window, part.stride << (d - 1).bit_length(), d)
            stride = settled(m, Mux(self._alone, part.stride, together))
        y, x = self._places(m, begins, steps & ~last, steps & ~last & ends, stride, line_ends)
        of_row, taps = y < part.height[: bits - 1], [0]
        first, left = Signal(signed(bits)), Signal(signed(bits))  # left: columns behind it
        m.d.comb += first.eq(x)
        if size.transposers > 1:  # taps of the word, counted from its first granule
            several = part.taps > 1
            shift = [
                (each.bit_length() - 1, settled(m, several & (part.groups == each)))
                for each in packed_groups(size)
            ]
            skipped = reduce(
                or_, (Mux(is_it, self.groups.granule >> low, 0) for low, is_it in shift)
            )
            m.d.comb += first.eq(x - skipped)
            taps = [
                reduce(or_, (Mux(is_it, granule >> low, 0) for low, is_it in shift))
                for granule in range(size.transposers)
            ]
        m.d.comb += left.eq(settled(m, part.width - 1) - first)
        self._early = min(size.read_latency - 1, 1)  # with time for it flags take a register
        first, left, inside = (delay(m, each, self._early) for each in (first, left, of_row))
        most = d + (size.transposers if size.transposers > 1 else 1) - 1
        low = max(1, (most - 1).bit_length())
        near, far = first[low:].all(), left[low:-1].any()
        columns = Signal(1 << (most - 1).bit_length() if most > 1 else 1)
        m.d.comb += columns.eq(Cat(
            ~part.border
            | (~first[-1] | near & (first[:low] >= (1 << low) - each))
            & ~left[-1] & (far | (left[:low] >= each))
            for each in range(most)
        ))  # fmt: skip
        found = []
        for tap in taps:
            flags = [
                columns.bit_select(tap + Mux(self._apart, 2 * place, place), 1)
                for place in range(d)
            ]
            found.append(Cat(flags) & inside.replicate(d))
        return found, of_row

    def _words(self, m, here, held, emits, inverse):
        """Return tiles of words, and of flags of places of the map, for each transposer."""
        size, p, d = self.size, self.size.elements, self.size.planes
        rows = [self.read.row[plane * size.data_width :][: size.lanes] for plane in range(d)]
        if d > 1:  # half of the rows are places, if they are apart
            rows = [
                Mux(self._apart, rows[2 * place] if place < d // 2 else 0, row)
                for place, row in enumerate(rows)
            ]
        lanes, tiles, found = self._all_lanes(m), [], []
        for index, flags in enumerate(here):
            granule = index if size.transposers > 1 else self.groups.granule
            words = []
            for plane in range(d):
                sign, mask, row = (
                    word.word_select(granule, p)
                    for word in (
                        self.window.sign.word_select(plane, size.lanes),
                        self.window.mask.word_select(plane, size.lanes),
                        rows[plane],
                    )
                )
                patch = (sign ^ inverse.replicate(p)) & mask
                counts = lanes[index] & flags[plane].replicate(p)
                words.append(Mux(self.is_window, patch, row) & counts)
            words, flags = data_delay(m, Cat(words), 1), data_delay(m, flags, 1)
            tiles.append(self._filled(m, f"words{index}", p, words, held, emits))
            found.append(self._filled(m, f"flags{index}", 1, flags, held, emits))
        return tiles, found

    def _filled(self, m, name, bits, words, held, emits):
        """Return a tile that words complete. bits: of a word."""
        if self.size.planes == 1:
            return words
        filler = TileFiller(SimpleNamespace(elements=bits, planes=self.size.planes))
        m.submodules[name] = filler
        m.d.comb += [filler.words.eq(words), filler.held.eq(held), filler.full.eq(emits)]
        return filler.tile

    def _all_lanes(self, m):
        """Return the lanes in use of the group of each transposer."""
        size, part = self.size, self.part
        if size.transposers == 1:
            return [self.lanes]
        in_group = Cat(lane < part.lanes for lane in range(size.elements))
        found = []
        for granule in range(size.granules):
            back = size.granules - 1 - granule
            of_taps = Cat(
                (part.groups == each) for each in packed_groups(size) if back % each == 0
            ).any()
            of_pixel = self.groups.in_last_word if back == 0 else 0
            several, of_taps = settled(m, part.taps > 1), settled(m, of_taps)
            partial = Mux(several, of_taps, of_pixel)
            found.append(Mux(partial, settled(m, in_group), ~0)[: size.elements])
        return found

    def _turn(self, m, tiles, emits, full):
        """Turn blocks over; return them."""
        size = self.size
        ports = [self.turner]
        if size.transposers > 1:
            ports = [Turner(size) for _ in tiles]
            for index, turner in enumerate(ports):
                m.submodules[f"turner{index}"] = turner
        for port, tile in zip(ports, tiles, strict=True):
            m.d.comb += [
                port.shift.eq(emits),
                port.tile.eq(1),
                port.turn.eq(full),
                port.word_in.eq(tile),
            ]
        return [port.block for port in ports]

    def _store(self, m, blocks, flags, emits, turn, ends, group_ends, inverse, begins):
        """Write blocks that were turned over, and which of their places are of the map."""
        size, op = self.size, self.op
        p, d, many = size.elements, size.planes, size.transposers > 1
        granule = Signal.like(self.blocks.granule)
        first, row = Signal(row_bits(size.weight_rows)), Signal(row_bits(size.delta_rows))
        complete, passed, ended, known_too = (
            delay(m, each, 1) for each in (turn, ends, group_ends, ~inverse)
        )
        last = granule == size.granules - 1
        behind = settled(m, op.column_row + (op.wide << (size.transposers - 1).bit_length()))
        with m.If(complete):
            m.d.sync += [granule.eq(granule + 1), row.eq(row + last), first.eq(first + last)]
        with m.If(passed):  # columns of F's follow those of T's
            m.d.sync += [granule.eq(0), first.eq(behind)]
        with m.If(begins):
            m.d.sync += [granule.eq(0), row.eq(0), first.eq(op.column_row)]
        m.d.comb += [
            self.blocks.valid.eq(complete),
            self.blocks.addr.eq(first),
            self.blocks.granule.eq(granule),
            self.blocks.block.eq(blocks[0]),
            self.done.eq(ended),
        ]
        if many:
            self._store_many(m, blocks, complete, first, granule, ended)
        known = []
        for index, tile in enumerate(flags):
            bits, memory = Signal(p, name=f"bits{index}"), RowMemory(
                size.lanes, size.delta_rows, size.read_latency, size.granules
            )  # fmt: skip
            m.submodules[f"known{index}"] = memory
            with m.If(emits):
                m.d.sync += bits.eq(Cat(bits, tile)[d:])
            m.d.comb += [
                memory.addr.eq(self.row),
                memory.write_addr.eq(row),
            ]
            for number in range(size.granules):  # places after the block are not of the map
                own = granule == number
                m.d.comb += [
                    memory.write[number].eq(complete & known_too & (own | (granule < number))),
                    memory.write_row.word_select(number, p).eq(bits & own.replicate(p)),
                ]
            known.append(memory.row)
        m.d.comb += self.known.eq(Array(known)[self.groups.granule] if many else known[0])

    def _store_many(self, m, blocks, complete, first, granule, ended):
        """Write the blocks of all groups of a word, one after the other."""
        size, op = self.size, self.op
        kept = data_register(len(blocks) * size.elements**2)
        index, stores = Signal(range(size.granules)), Signal()
        drain = Signal(range(size.granules + 2))
        addr, part = Signal.like(first), Signal.like(granule)
        with m.If(stores):
            m.d.sync += [index.eq(index + 1), addr.eq(addr + op.wide)]
            m.d.sync += stores.eq(index != size.granules - 1)
        with m.If(complete):
            m.d.sync += [
                kept.eq(Cat(blocks)),
                stores.eq(1),
                index.eq(self.groups.granule),
                addr.eq(first),
                part.eq(granule),
            ]
        with m.If(drain != 0):
            m.d.sync += drain.eq(drain - 1)
        with m.If(ended):
            m.d.sync += drain.eq(size.granules - self.groups.granule)
        m.d.comb += [
            self.blocks.valid.eq(stores),
            self.blocks.addr.eq(addr),
            self.blocks.granule.eq(part),
            self.blocks.block.eq(kept.word_select(index, size.elements**2)),
            self.done.eq(drain == 1),
        ]
