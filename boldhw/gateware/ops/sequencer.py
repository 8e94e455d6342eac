"""The sequencer of op lists: fetches descriptors, starts ops, ends a list that takes too long."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ops.ports import RowRead
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.array import FIELDS
from boldhw.spec.ops.fields import OP_KIND, OP_ROWS
from boldhw.spec.ops.fixed import Fixed, bits_of, parse
from boldhw.spec.ops.kinds import KINDS, End, Flip, Segment, Vote, Window
from boldhw.spec.ops.limits import SIDES
from boldhw.spec.ops.plain import limits_of

ROW_BITS = FIELDS * FIELD_BITS  # of a row of a descriptor
KIND_BITS = 1 << OP_KIND.bits  # of a bit for each kind
CYCLE_BITS = 25  # of the cycles of a list
PARTS = tuple(kind.KIND for kind in (Segment, Window))
ALONE = [kind for kind in KINDS.values() if kind not in (Segment, Window, Flip)]
OP_BITS = max(kind.size() for kind in (*ALONE, Flip)) * ROW_BITS
PART_BITS = Segment.size() * ROW_BITS
FLIP_BITS = Flip.size() * ROW_BITS


class Status(enum.Enum, shape=2):
    """How a list ended."""

    ENDED = 0
    BAD_OP = 1
    TOO_LONG = 2


def values_of(kind, bits):
    """Return the values of an op by name, as slices of the bits of its descriptor."""
    found = {}
    for each, field, low in kind.slots():
        first = field * FIELD_BITS + low
        part = bits[first : first + each.bits]
        found[each.name] = part.as_signed() if each.signed else part
    return {each.name: found[each.name] for each in kind.values()}


def connect(m, size, op, kind, bits):
    """Drive the layout of an op from the bits of its descriptor: those that it can have set.

    size: ArraySize, gives ``elements``, ``granules``, ``side_bits``, ``windows`` and
    ``plain``.
    """
    limits = limits_of(size, kind)
    sides = {kernel.side for kernel in size.windows}
    if kind is Window and len(sides) == 1:
        limits = limits | {"side": (min(sides), min(sides))}
    most = dict.fromkeys(SIDES, (1 << size.side_bits) - 1)
    most |= {"lanes": size.elements, "fold": size.granules}
    most |= {name: high for name, (_, high) in limits.items()}
    for name, value in values_of(kind, constants(size, kind, bits)).items():
        low, high = limits.get(name, (0, None))
        if low == high:
            m.d.comb += op[name].eq(high)
        elif name in most:
            m.d.comb += op[name].eq(value[: most[name].bit_length()])
        else:
            m.d.comb += op[name].eq(value)


def constants(size, kind, bits):
    """Return the bits of a descriptor with those that are constants in all programs of a size."""
    if not size.fixed:
        return bits
    none = Fixed(0, (1 << bits_of(kind)) - 1, {})  # no op of this kind
    known = parse(size.fixed)
    if kind is Segment and kind.KIND not in known:  # windows are read as segments, too
        kind = Window
    ones, zeros, told = known.get(kind.KIND, none)
    found = []
    for index, bit in enumerate(bits):
        other, opposite = told.get(index, (index, False))
        if (ones | zeros) >> index & 1:
            bit = Const(ones >> index & 1, 1)
        found.append(bits[other] ^ opposite if other != index else bit)
    return Cat(found)


def has_kind(size, kind):
    """Return whether there are ops of a kind in programs of a size."""
    return not size.fixed or kind.KIND in parse(size.fixed)


class OpSequencer(wiring.Component):
    """Run a list of ops, one after the other.

    Rows of descriptors are read one a cycle until the last row of an op that runs. Segments, the op
    and a FLIP have registers of their own: those of a VOTE and of the FLIP that runs along are
    there at the same time.

    Parameters
    ----------
    size : ArraySize
        Gives ``read_latency``, ``dual_port``, ``serial`` and ``segments``.

    Members
    -------
    start : In(1)
        Run the list from ``first`` on; one cycle while ``busy`` is low.
    first : In(FIELD_BITS)
        Its first row.
    limit : In(CYCLE_BITS)
        Cycles after which the list is ended.
    busy : Out(1), registered
        A list runs.
    status : Out(Status), registered
        How the last list ended.
    cycles : Out(CYCLE_BITS), registered
        Cycles of the last list.
    read : Out(RowRead(ROW_BITS)), registered
        The rows of the descriptors; with two ports ``valid`` is combinational from ``done``.
    starts : Out(KIND_BITS), registered
        One cycle: the op of this kind starts.
    done : In(1)
        One cycle: the op ends.
    halt : Out(1), registered
        One cycle: the list was ended, all ops give up.
    op : Out(OP_BITS), registered
        Descriptor of the op.
    flip : Out(FLIP_BITS), registered
        Descriptor of the last FLIP; with ``serial`` that is in ``op``.
    parts : Out(data.ArrayLayout(PART_BITS, size.segments)), registered
        Descriptors of the segments.
    windows : Out(size.segments), registered
        Which of them are windows.
    count : Out(range(size.segments + 1)), registered
        Segments of the op.

    Latency
    -------
    An op of R rows, segments included, starts R + 2 cycles after the first one in which the op
    before it is over, with ``dual_port`` R + 3. A cycle of these is for what the unit takes from
    the descriptor into registers. The last row of an op arrives, it runs, and the first row of the
    next one::

        cycle                 0     1     2     ..    9     10    11    12
        row, one port         last                                first
        row, dual port        last                                      first
        starts                            1
        done                                          1
        read.addr, one port                                 first
        read.addr, dual port                          first second
    """

    def __init__(self, size):
        self.size = size
        super().__init__({
            "start": In(1),
            "first": In(FIELD_BITS),
            "limit": In(CYCLE_BITS),
            "busy": Out(1),
            "status": Out(Status),
            "cycles": Out(CYCLE_BITS),
            "read": Out(RowRead(ROW_BITS)),
            "starts": Out(KIND_BITS),
            "done": In(1),
            "halt": Out(1),
            "op": Out(OP_BITS),
            "flip": Out(FLIP_BITS),
            "parts": Out(data.ArrayLayout(PART_BITS, size.segments)),
            "windows": Out(size.segments),
            "count": Out(range(size.segments + 1)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        # The first row of a descriptor clears the others: a reset would be a second one.
        self._along = not self.size.serial  # a FLIP can run along with a VOTE
        self._kept_rows = {
            name: Signal(len(Value.cast(getattr(self, name))), name=f"{name}_rows", reset_less=True)
            for name in ("op", "flip", "parts")
        }
        for name, rows in self._kept_rows.items():
            m.d.comb += Value.cast(getattr(self, name)).eq(rows)
        begin, fetch, again = Signal(), Signal(), Signal()
        self._read(m, begin | again, fetch)
        kind, head, last, good = self._decode(m)
        fused = Signal()
        coming = Signal(self.size.read_latency)  # rows on their way, but none of an earlier fetch
        m.d.sync += coming.eq(Cat(self.read.valid, Mux(begin | again, 0, coming[:-1])))
        arrives = fetch & coming[-1]
        m.d.sync += [self.starts.eq(0), self.halt.eq(0)]
        runs, ends = last & ~self._is(kind, *PARTS), last & self._is(kind, End.KIND)
        along = runs & self._is(kind, Vote.KIND) & self._fused(head) if self._along else Const(0)
        late, chosen = Signal(), Signal(OP_KIND.bits)
        reached = Mux(begin, self.limit == 0, self.cycles + 1 == self.limit)
        m.d.sync += late.eq(self.busy & reached)
        with m.FSM():
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += [self.busy.eq(1), self.cycles.eq(0), fused.eq(0)]
                m.d.sync += [self.count.eq(0), self.windows.eq(0)]
                m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += begin.eq(1)
                m.next = "FETCH"
            with m.State("FETCH"):
                m.d.comb += fetch.eq(1)
                with m.If(arrives):
                    self._store(m, kind, head, last)
                    with m.If(~good | (fused & ~self._is(kind, Flip.KIND))):
                        self._end(m, Status.BAD_OP)
                        m.next = "IDLE"
                    with m.Elif(ends):
                        self._end(m, Status.ENDED)
                        m.next = "IDLE"
                    with m.Elif(runs & ~along):
                        m.d.sync += [chosen.eq(Mux(fused, Vote.KIND, kind)), fused.eq(0)]
                        m.next = "SETTLE"
                    with m.Elif(runs):
                        m.d.sync += fused.eq(1)
                with m.If(late):
                    self._end(m, Status.TOO_LONG)
                    m.next = "IDLE"
            with m.State("SETTLE"):
                m.d.sync += self.starts.eq(Const(1) << chosen)
                m.next = "RUN"
                with m.If(late):
                    self._end(m, Status.TOO_LONG)
                    m.next = "IDLE"
            with m.State("RUN"):
                with m.If(self.done):
                    m.d.comb += again.eq(1)
                    m.d.sync += [self.count.eq(0), self.windows.eq(0)]
                    m.next = "FETCH"
                with m.If(late):
                    self._end(m, Status.TOO_LONG)
                    m.next = "IDLE"
        with m.If(self.busy & ~begin):
            m.d.sync += self.cycles.eq(self.cycles + 1)
        self._go_back(m, arrives & runs & ~along)
        return m

    def _read(self, m, begins, fetch):
        """Read row after row."""
        early = begins if self.size.dual_port else 0
        m.d.comb += self.read.valid.eq(fetch | early)
        with m.If(self.read.valid):
            m.d.sync += self.read.addr.eq(self.read.addr + 1)
        with m.If(self.start & ~self.busy):
            m.d.sync += self.read.addr.eq(self.first)

    def _go_back(self, m, stops):
        """Next time begin at the row that follows the one that arrives."""
        with m.If(stops):
            m.d.sync += self.read.addr.eq(self.read.addr - (self.size.read_latency - 1))

    def _decode(self, m):
        """Return kind of the descriptor, its place in it and whether it is the last row; and good.

        The place is one bit for each row.
        """
        row = self.read.row
        most = max(kind.size() for kind in KINDS.values())
        place, kept = Signal(range(most + 1)), Signal(OP_KIND.bits)
        left, is_head = Signal(OP_ROWS.bits), Signal(init=1)  # rows still to come; none: a head
        kind, rows = Signal(OP_KIND.bits), Signal(OP_ROWS.bits)
        m.d.comb += [
            kind.eq(Mux(is_head, row[: OP_KIND.bits], kept)),
            rows.eq(Mux(is_head, row[OP_KIND.bits :][: OP_ROWS.bits], left)),
        ]
        good = Signal()
        with m.Switch(kind):
            for number, each in KINDS.items():
                with m.Case(number):
                    fits = ~is_head | ((rows != 0) & (rows <= each.size()))
                    if number in PARTS:
                        fits &= self.count != self.size.segments
                    m.d.comb += good.eq(fits)
        self._left, self._is_head, self._place, self._kept = left, is_head, place, kept
        return kind, Mux(is_head, 0, place), rows == 1, good

    def _store(self, m, kind, place, last):
        """Keep a row; the first one of a descriptor clears those that it may lack."""
        row = self.read.row
        left = Mux(self._is_head, row[OP_KIND.bits :][: OP_ROWS.bits], self._left)
        m.d.sync += [self._left.eq(left - 1), self._place.eq(place + 1), self._kept.eq(kind)]
        m.d.sync += self._is_head.eq(last)
        with m.If(self._is(kind, *PARTS)):
            for index in range(self.size.segments):
                with m.If(self.count == index):
                    part = self._kept_rows["parts"].word_select(index, PART_BITS)
                    self._keep(m, part, place)
                    m.d.sync += self.windows[index].eq(
                        (kind == Window.KIND) & has_kind(self.size, Window)
                    )
            with m.If(last):
                m.d.sync += self.count.eq(self.count + 1)
        with m.Elif(self._is(kind, Flip.KIND) & self._along):
            self._keep(m, self._kept_rows["flip"], place)
        with m.Else():
            self._keep(m, self._kept_rows["op"], place)

    def _keep(self, m, bits, place):
        row = self.read.row
        with m.If(place == 0):
            m.d.sync += bits[:ROW_BITS].eq(row)
        for number in range(1, len(bits) // ROW_BITS):
            word = bits.word_select(number, ROW_BITS)
            with m.If(place == 0):  # alone on top: synthesis makes it the reset of the registers
                m.d.sync += word.eq(0)
            with m.Elif(place == number):
                m.d.sync += word.eq(row)

    def _fused(self, place):
        """Whether a VOTE has a FLIP that runs along: of its first row, which may come just now."""
        of_row, of_op = (values_of(Vote, bits)["fused"] for bits in (self._row(), self.op))
        return Mux(place == 0, of_row, of_op)

    def _row(self):
        return Cat(self.read.row, Const(0, OP_BITS - ROW_BITS))

    def _end(self, m, status):
        m.d.sync += [
            self.busy.eq(0), self.status.eq(status), self._is_head.eq(1), self.starts.eq(0),
            self.halt.eq(status != Status.ENDED),
        ]  # fmt: skip

    @staticmethod
    def _is(kind, *kinds):
        return Array([number in kinds for number in range(KIND_BITS)])[kind]
