"""The backward pass: signals of the last layer, then layer by layer down to the first."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.operand import Source
from boldhw.gateware.delay import delay
from boldhw.gateware.passes.pass_port import PassPort, open_layer
from boldhw.gateware.passes.table import BACKWARD
from boldhw.gateware.units.loss import RecountPort
from boldhw.gateware.units.packer import PackerPort, PairPort
from boldhw.gateware.units.ternarise import TernarisePort


class BackwardPass(wiring.Component):
    """Make the signals of one active sample, for all layers.

    The pass walks down from the last layer. There the signals come from the loss: T for the outputs
    of the best wrong class, F for those of the label. Everywhere else a group of P signals comes
    from the array (transposed plane of the layer above times its signals) through
    :class:`~boldhw.gateware.units.ternarise.Ternarise`. Each group goes, one signal per cycle, into
    the delta memory for the vote, and through the packer into the sample's slot for the layer
    below.

    Cycle model: :func:`boldhw.spec.cycles.backward`.

    Parameters
    ----------
    config : EngineConfig
        Of an engine that trains; all of it.

    Members
    -------
    run : In(RunPort(config))
        Start and end of the pass; ``done`` is combinational.
    layer : Out(range(config.max_layers + 1)), registered
        Layer that is being processed.
    rows : Out(RowPort(config)), combinational
        Requests to the data memory.
    issue : Out(IssuePort(config)), combinational
        Requests to the other memories and to the array.
    table : Out(TablePort(config, BACKWARD))
        Fields of the layer.
    recount : Out(RecountPort()), combinational
        Requests to the loss.
    array_done : In(1)
        The array's sums are valid.
    gate_word : Out(range(config.subwords)), combinational
        Group of the gate word that belongs to the sums. The gate word is read when the sums come.
        From registers only.
    ternarise : Out(TernarisePort(config)), combinational
        Dead zone and noise of the layer, and the signals that come back.
    draw : Out(1), combinational
        Go on to the next random bits.
    packer : Out(PackerPort()), combinational
        Requests to the packer.
    deltas : Out(PairPort(config.elements)), registered
        The group for the packer, signs and masks.
    write : Out(1), combinational
        Write a signal into row ``issue.signal_row`` of the delta memory. From registers only; only
        without ``dual_port``, as are the next two.
    sign : Out(1), combinational
        Sign of this signal. From registers only.
    mask : Out(1), combinational
        0 makes the signal 0. From registers only.

    Latency
    -------
    :func:`boldhw.spec.cycles.backward` gives the cycles of a pass. The second group of outputs of a
    layer below the last one (16-8-4, P = 4, S = 8): its signals fill a word, which is written with
    its masks. Rows 6 and 7 are the signals above, row 3 is the gate word::

        cycle               0  1  2  3  4  5  6  7  8  9 10 11 12 13 14
        rows.addr           .  6  7  3  3  3  3  3  3  3  .  .  .  4  5
        issue.valid         .  .  1  .  .  .  .  .  .  .  .  .  .  .  .
        issue.weight_row    .  6  6  .  .  .  .  .  .  .  .  .  .  .  .
        array_done          .  .  .  .  .  .  .  .  1  .  .  .  .  .  .
        packer.push         .  .  .  .  .  .  .  .  .  1  .  .  .  .  .
        write               .  .  .  .  .  .  .  .  .  1  1  1  1  .  .
        issue.signal_row    .  .  .  .  .  .  .  .  .  4  5  6  7  .  .
        rows.write          .  .  .  .  .  .  .  .  .  .  .  .  .  1  1
        rows.second         .  .  .  .  .  .  .  .  .  .  .  .  .  .  1
    """

    def __init__(self, config):
        self.config = config
        members = {
            **PassPort(config, BACKWARD).members,
            "recount": Out(RecountPort()),
            "array_done": In(1),
            "gate_word": Out(range(config.subwords)),
            "ternarise": Out(TernarisePort(config)),
            "draw": Out(1),
            "packer": Out(PackerPort()),
            "deltas": Out(PairPort(config.elements)),
        }
        if not config.dual_port:
            members |= {"write": Out(1), "sign": Out(1), "mask": Out(1)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        self._group = Signal.like(self.table.fields.groups)
        self._lane = Signal(range(self.config.elements))
        self._collecting, self._fetching, self._waiting = Signal(), Signal(), Signal()
        self._emitting, self._storing, self._second = Signal(), Signal(), Signal()
        self._beginning = Signal()
        self._connect_table(m)
        self._address(m)
        last_word = self._fetch(m)
        self._collect(m)
        self._emit(m)
        self._store(m)
        self._walk(m, last_word)
        return m

    def _connect_table(self, m):
        """Read the fields of the layer in work, which is the top one at first."""
        self._top = Signal()
        table = self.table
        m.d.comb += [
            self.ternarise.dead.eq(table.fields.dead),
            self.ternarise.noise.eq(table.fields.noise),
            self.packer.restart.eq(table.reading),
            self.recount.start.eq(self.run.start),
        ]

    def _idle(self, m):
        """Wait for the start, which begins with the top layer."""
        with m.State("IDLE"), m.If(self.run.start):
            self._open(m, self.run.layers - 1)
            m.d.sync += self._top.eq(1)

    def _go_down(self, m):
        """Go to the next layer down, or finish."""
        m.d.sync += self._top.eq(0)
        with m.If(self.layer == 0):
            m.next = "FINISH"
        with m.Else():
            self._open(m, self.layer - 1)

    def _open(self, m, layer):
        """Go to a layer, whose fields are read first."""
        open_layer(m, self.table, layer)
        m.d.sync += self.layer.eq(layer)

    def _walk(self, m, last_word):
        """Go from layer to layer and from group to group."""
        groups = self.table.fields.groups
        last_group, through = Signal(), Signal()
        m.d.sync += [last_group.eq(self._group + 1 == groups), through.eq(self._group == groups)]
        last_lane = self._lane == self.config.elements - 1
        with m.FSM():
            self._idle(m)
            with m.State("LOAD"):
                m.d.sync += self._group.eq(0)
                with m.If(self.table.done):
                    m.next = "GROUP"
            with m.State("GROUP"):
                m.d.comb += self._beginning.eq(1)
                m.next = "FETCH"
                with m.If(self._top):
                    m.next = "COLLECT"
            with m.State("COLLECT"):
                m.d.comb += self._collecting.eq(1)
                with m.If(last_lane):
                    m.next = "EMIT"
            with m.State("FETCH"):
                m.d.comb += self._fetching.eq(1)
                with m.If(last_word):
                    m.next = "WAIT"
            with m.State("WAIT"):
                m.d.comb += self._waiting.eq(1)
                with m.If(self.array_done):
                    m.next = "EMIT"
            with m.State("EMIT"):
                m.d.comb += self._emitting.eq(1)
                with m.If(last_lane):
                    m.d.sync += self._group.eq(self._group + 1)
                    m.next = "GROUP"
                    with m.If(self.packer.full | last_group):
                        m.next = "STORE"
            with m.State("STORE"):
                m.d.comb += self._storing.eq(1)
                with m.If(self._second):
                    m.next = "GROUP"
                    with m.If(through):
                        self._go_down(m)
            with m.State("FINISH"):
                m.d.comb += self.run.done.eq(1)
                m.next = "IDLE"

    def _address(self, m):
        """Give the row at hand: a signal word above, the gate word, or a word to store.

        It comes from a register, as the way to the data memory is long; who needs a row loads it.
        """
        self._row = Signal.like(self.table.fields.signal_row)
        with m.If(self._fetching | self._storing):
            m.d.sync += self._row.eq(self._row + 1)
        m.d.comb += [self.rows.addr.eq(self._row), self.rows.in_slot.eq(1)]

    def _fetch(self, m):
        """Read the signal words above, sign and mask in turn, then the gate word."""
        fields, issue = self.table.fields, self.issue
        word, weight_row = Signal.like(fields.above_signal_words), Signal.like(issue.weight_row)
        masks, last = Signal(), Signal()
        m.d.sync += last.eq(word + 1 == fields.above_signal_words)
        last_word = masks & last
        part_bits = self.config.subwords.bit_length() - 1
        m.d.comb += self.gate_word.eq(self._group)
        with m.If(self.table.reading):
            m.d.sync += weight_row.eq(fields.above_transposed_row)
        with m.If(self._fetching):
            m.d.comb += [
                issue.weight_row.eq(weight_row),
                issue.source.eq(Mux(masks, Source.KEEP_SIGN, 0)),
                issue.valid.eq(masks),
            ]
            m.d.sync += masks.eq(~masks)
            with m.If(masks):
                m.d.sync += [weight_row.eq(weight_row + 1), word.eq(Mux(last_word, 0, word + 1))]
        with m.If(self._beginning):
            m.d.sync += self._row.eq(fields.above_signal_row)
        ending = self._fetching & last_word
        with m.If(ending):
            m.d.sync += self._row.eq(fields.gate_row + (self._group >> part_bits))
        if self.config.dsp_sums:
            closing = delay(m, ending & (self._group == 0), 1)
            m.d.comb += issue.first.eq(self._beginning)
            m.d.comb += issue.last.eq(closing | (ending & (self._group != 0)))
        else:
            m.d.comb += [issue.first.eq(issue.valid & (word == 0)), issue.last.eq(ending)]
        return last_word

    def _collect(self, m):
        """Take a group of signals: from the loss one by one, from the ternariser at once."""
        m.d.comb += [
            self.recount.step.eq(self._collecting),
            self.draw.eq(self._waiting & self.array_done & (self.ternarise.noise != 0)),
            self.sign.eq(self.deltas.first[0]),
            self.mask.eq(self.deltas.second[0]),
        ]
        is_wrong, is_label = self.recount.is_wrong, self.recount.is_label
        with m.If(self._collecting | self._emitting):
            m.d.sync += [
                self.deltas.first.eq(Cat(self.deltas.first[1:], is_wrong)),
                self.deltas.second.eq(Cat(self.deltas.second[1:], is_wrong | is_label)),
            ]
        with m.If(self._waiting):
            m.d.sync += [
                self.deltas.first.eq(self.ternarise.signs),
                self.deltas.second.eq(self.ternarise.masks),
            ]

    def _emit(self, m):
        """Send a group to the packer at once and to the delta memory one by one."""
        row = Signal.like(self.issue.signal_row)
        with m.If(self._collecting | self._emitting):
            m.d.sync += self._lane.eq(self._lane + 1)
            with m.If(self._lane == self.config.elements - 1):
                m.d.sync += self._lane.eq(0)
        with m.If(self.table.reading):
            m.d.sync += row.eq(self.table.fields.column_row)
        with m.If(self._emitting):
            m.d.comb += [
                self.packer.push.eq(self._lane == 0),
                self.write.eq(1),
                self.issue.signal_row.eq(row),
            ]
            m.d.sync += row.eq(row + 1)

    def _store(self, m):
        """Write a pair of full words, signs then masks, into the slot."""
        rows = Signal(len(self.table.fields.groups) + 1)
        with m.If(self.table.reading):
            m.d.sync += rows.eq(0)
        with m.If(self._emitting):
            m.d.sync += self._row.eq(self.table.fields.signal_row + rows)
        m.d.comb += [self._second.eq(rows[0]), self.rows.second.eq(rows[0])]
        with m.If(self._storing):
            m.d.comb += self.rows.write.eq(1)
            m.d.sync += rows.eq(rows + 1)
