"""The forward pass: loop nest over layers, groups of outputs and operand words."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.array.operand import Source
from boldhw.gateware.passes.issue import write_address
from boldhw.gateware.passes.pass_port import PassPort, ScanPort, open_layer
from boldhw.gateware.passes.table import FORWARD, field_shape
from boldhw.gateware.units.packer import PackerPort
from boldhw.spec.engine import SLOT_ROWS


class ForwardPass(wiring.Component):
    """Drive one sample through all layers.

    A hidden layer reads one operand word per cycle (a layer of one word: every other cycle). The
    bits that come out enter the packer as they come; a pair of full words, outputs and gate bits,
    takes the data memory from the reads for two cycles, unless it has two ports. The last layer
    waits for each group and scans its sums into the loss, one per cycle. Weight planes are stored
    one after the other from row 0, so that one row counter runs through all layers.

    Cycle model: :func:`boldhw.spec.cycles.forward`.

    Parameters
    ----------
    config : EngineConfig
        All of it.

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
    table : Out(TablePort(config, FORWARD))
        Fields of the layer.
    origin : Out(field_shape(config, "origin")), registered
        Start value of the sums of the layer.
    window : Out(field_shape(config, "window")), combinational
        Gate window of the layer, from registers only; only in an engine that trains.
    lanes : Out(field_shape(config, "output_lanes")), combinational
        Outputs of the group whose sums come next. From registers only.
    array_done : In(1)
        The array's sums are valid.
    packer : Out(PackerPort()), combinational
        Requests to the packer.
    scan : Out(ScanPort(config))
        Requests to the scan; ``lane`` is registered, ``valid`` combinational.

    Latency
    -------
    :func:`boldhw.spec.cycles.forward` gives the cycles of a pass. A hidden layer of two groups of
    two words (16-8-4, P = 4, S = 8), and the start of the next layer::

        cycle               0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16
        table.open          1  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  1
        table.done          .  .  .  .  1  .  .  .  .  .  .  .  .  .  .  .  .
        rows.addr           .  .  .  .  .  0  1  0  1  .  .  .  .  .  .  2  3
        issue.valid         .  .  .  .  .  1  1  1  1  .  .  .  .  .  .  .  .
        issue.first         .  .  .  .  .  1  .  1  .  .  .  .  .  .  .  .  .
        issue.last          .  .  .  .  .  .  1  .  1  .  .  .  .  .  .  .  .
        issue.weight_row    .  .  .  .  .  0  1  2  3  .  .  .  .  .  .  .  .
        array_done          .  .  .  .  .  .  .  .  .  .  .  .  1  .  1  .  .
        packer.push         .  .  .  .  .  .  .  .  .  .  .  .  1  .  1  .  .
        rows.write          .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  1  1
        rows.second         .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  1

    A group of the last layer, of one word and four outputs::

        cycle          0  1  2  3  4  5  6  7  8  9 10 11 12
        issue.valid    1  .  .  .  .  .  .  .  .  .  .  .  .
        array_done     .  .  .  .  .  .  1  .  .  .  .  .  .
        scan.valid     .  .  .  .  .  .  .  1  1  1  1  .  .
        scan.lane      .  .  .  .  .  .  .  0  1  2  3  .  .
        run.done       .  .  .  .  .  .  .  .  .  .  .  .  1

    The hidden layer with ``dual_port``: the next layer is opened before the words are written::

        cycle              0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17
        table.open         1  .  .  .  .  .  .  .  .  .  .  .  .  .  .  1  .  .
        table.done         .  .  .  .  1  .  .  .  .  .  .  .  .  .  .  .  .  .
        rows.addr          .  .  .  .  .  0  1  0  1  .  .  .  .  .  .  .  .  .
        issue.valid        .  .  .  .  .  1  1  1  1  .  .  .  .  .  .  .  .  .
        array_done         .  .  .  .  .  .  .  .  .  .  .  .  .  1  .  1  .  .
        rows.write         .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  1  1
        rows.write_addr    .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  2  3
    """

    def __init__(self, config):
        self.config = config
        members = {
            **PassPort(config, FORWARD).members,
            "origin": Out(field_shape(config, "origin")),
            "lanes": Out(field_shape(config, "output_lanes")),
            "array_done": In(1),
            "packer": Out(PackerPort()),
            "scan": Out(ScanPort(config)),
        }
        if config.training:
            members |= {"window": Out(field_shape(config, "window"))}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        layer = self.layer
        hidden, fired_all, through = Signal(), Signal(), Signal()
        # What loops compare with is registered where it is needed no earlier: shorter paths.
        m.d.sync += hidden.eq(layer + 1 != self.run.layers)
        fired = self._fire(m, hidden, fired_all)
        self._begin, self._closing = Signal(), Signal()
        last_word, last_group = self._issue(m)
        port_taken = self._store(m, fired_all, through)

        with m.FSM() as fsm:
            # Registered: no operand is at the array before the layer's fields are read.
            m.d.sync += self.origin.eq(Mux(fsm.ongoing("IDLE"), 0, self.table.fields.origin))
            with m.State("IDLE"), m.If(self.run.start):
                open_layer(m, self.table)
                m.d.sync += layer.eq(0)
            with m.State("LOAD"):
                m.d.comb += self.packer.restart.eq(1)
                m.d.comb += self._begin.eq(~self.table.done)
                m.d.sync += [fired.eq(0), fired_all.eq(0)]
                with m.If(self.table.done):
                    m.next = "READ"
            with m.State("READ"), m.If(~port_taken):
                m.d.comb += self.issue.valid.eq(1)
                with m.If(last_word & ~hidden):
                    m.next = "WAIT"
                with m.Elif(last_word & last_group):
                    m.next = "DRAIN"
                with m.Elif(last_word & (self.config.dsp_sums | (self.table.fields.words == 1))):
                    m.next = "PAUSE"
            # The packer must keep a full pair of words for two cycles.
            with m.State("PAUSE"), m.If(~self._closing):
                m.d.comb += self._begin.eq(1)
                m.next = "READ"
            with m.State("DRAIN"), m.If(through):
                open_layer(m, self.table, layer + 1)
                m.d.sync += layer.eq(layer + 1)
            self._scan(m, fired_all)
            with m.State("FINISH"):
                m.d.comb += self.run.done.eq(1)
                m.next = "IDLE"
        return m

    def _fire(self, m, hidden, fired_all):
        """Count the groups whose sums have come and send those of hidden layers to the packer."""
        fields = self.table.fields
        fired, last = Signal.like(fields.groups), Signal()
        self._last_fires = last
        m.d.sync += last.eq(fired + 1 == fields.groups)
        m.d.comb += [
            self.lanes.eq(Mux(last, fields.output_lanes, self.config.elements)),
            self.packer.push.eq(self.array_done & hidden),
        ]
        if self.config.training:
            m.d.comb += self.window.eq(fields.window)
        with m.If(self.array_done):
            m.d.sync += [fired.eq(fired + 1), fired_all.eq(last)]
        return fired

    def _store(self, m, fired_all, through):
        """Write a pair of words that is full or the layer's last; return when reads must wait.

        The layer is ``through`` when its last words are written; with two ports they are written
        while the table is read.
        """
        fields = self.table.fields
        # Known a cycle ahead: with one port the address to read hangs on it.
        filled = self.packer.push & (self.packer.filling | self._last_fires)
        first, second, taken = Signal(), Signal(), Signal()
        words, row = Signal.like(fields.words), Signal(range(SLOT_ROWS))
        m.d.sync += [first.eq(filled), second.eq(first), taken.eq(filled | first)]
        with m.If(self.packer.push):
            m.d.sync += row.eq(fields.output_row + words)
        with m.If(first):
            if self.config.training:
                m.d.sync += row.eq(fields.gate_row + words)
            m.d.sync += words.eq(words + 1)
        with m.If(self.packer.restart):
            m.d.sync += words.eq(0)
        with m.If(taken):
            m.d.comb += write_address(self.rows).eq(row)
        m.d.comb += [
            self.rows.second.eq(second),
            self.rows.write.eq(first | (second & self.config.training)),
        ]
        if self.config.dual_port:
            m.d.comb += through.eq(self.packer.push & self._last_fires)
            return Const(0)
        m.d.comb += through.eq(second & fired_all)
        return taken

    def _issue(self, m):
        """Count words and groups while words are read; say which word is the last one."""
        fields, issue = self.table.fields, self.issue
        word, group = Signal.like(fields.words), Signal.like(fields.groups)
        weight_row, row = Signal.like(issue.weight_row), Signal.like(fields.input_row)
        last_word, last_group = Signal(), Signal()
        m.d.sync += last_group.eq(group + 1 == fields.groups)
        with m.If(self.table.reading):
            m.d.sync += [row.eq(fields.input_row), last_word.eq(fields.words == 1)]
        # Rows that nobody takes may be read, too.
        m.d.comb += [self.rows.addr.eq(row), self.rows.in_slot.eq(1)]
        with m.If(issue.valid):
            m.d.comb += [
                issue.weight_row.eq(weight_row),
                issue.source.eq(Mux(fields.zero_true, Source.EVERY_SIGN, Source.EVERY_MASK)),
            ]
            m.d.sync += [weight_row.eq(weight_row + 1), word.eq(word + 1), row.eq(row + 1)]
            m.d.sync += last_word.eq(word + 2 == fields.words)
            with m.If(last_word):
                m.d.sync += [word.eq(0), row.eq(fields.input_row)]
                m.d.sync += last_word.eq(fields.words == 1)
                m.d.sync += group.eq(Mux(last_group, 0, group + 1))
        with m.If(self.run.start):
            m.d.sync += weight_row.eq(0)
        ending = issue.valid & last_word
        if self.config.dsp_sums:
            m.d.sync += self._closing.eq(ending & (group == 0))
            m.d.comb += issue.first.eq(self._begin)
            m.d.comb += issue.last.eq(self._closing | (ending & (group != 0)))
        else:
            m.d.comb += [issue.first.eq(issue.valid & (word == 0)), issue.last.eq(ending)]
        return last_word, last_group

    def _scan(self, m, fired_all):
        """Feed the sums of one group of the last layer to the loss."""
        ahead = 1 if self.config.dual_port else 0
        left = Signal.like(self.lanes)  # sums of the group
        with m.State("WAIT"), m.If(self.array_done):
            m.d.sync += [self.scan.lane.eq(ahead), left.eq(self.lanes)]
            m.next = "SCAN"
        with m.State("SCAN"):
            m.d.comb += self.scan.valid.eq(1)
            with m.If(~self.scan.stall):
                m.d.sync += [self.scan.lane.eq(self.scan.lane + 1), left.eq(left - 1)]
                with m.If(left == 1):
                    m.next = "SCANNED"
        with m.State("SCANNED"), m.If(~self.scan.stall):
            m.d.comb += self._begin.eq(1)
            if ahead:
                m.d.sync += self.scan.lane.eq(0)
            m.next = "READ"
            with m.If(fired_all):
                m.next = "FINISH"
