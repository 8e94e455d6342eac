"""The backward pass without pauses, for a data memory that reads and writes in the same cycle."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal

from boldhw.gateware.array.operand import Source
from boldhw.gateware.delay import delay
from boldhw.gateware.passes.backward import BackwardPass

SIGNS, MASKS, GATE = range(3)  # what is read in the three cycles of a signal word


def gate_delay(config):
    """Return the cycles from a group's last mask word to its gate word.

    It is the first of the cycles left to gate words whose data meet the group's sums.
    """
    earliest = config.latency - 2
    return earliest + (GATE - MASKS - earliest) % 3


class StreamingBackwardPass(BackwardPass):
    """Make the signals of one active sample, for all layers, without a pause between groups.

    Three cycles read the signs of a word, its masks, and the gate word of an earlier group. Groups
    go through the packer into the sample's slot only, those of the first layer too: the update pass
    transposes them into rows of the delta memory. The last layer collects an output per cycle.

    Cycle model: :func:`boldhw.spec.cycles.streaming_backward`.

    Parameters
    ----------
    config : EngineConfig
        Of an engine that trains, with ``dual_port``; all of it.

    Members
    -------
    Those of :class:`BackwardPass`.

    Latency
    -------
    :func:`boldhw.spec.cycles.streaming_backward` gives the cycles of a pass. The two groups of
    outputs of the first layer (16-8-4, P = 4, S = 8), from the cycle after ``table.done`` to the
    end of the pass. Rows 6 and 7 are the signals above, row 3 is the gate word::

        cycle               0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16
        rows.addr           6  7  .  6  7  .  .  .  3  .  .  3  .  .  .  .  .
        issue.valid         .  1  .  .  1  .  .  .  .  .  .  .  .  .  .  .  .
        issue.weight_row    5  5  .  6  6  .  .  .  .  .  .  .  .  .  .  .  .
        array_done          .  .  .  .  .  .  .  .  1  .  .  1  .  .  .  .  .
        packer.push         .  .  .  .  .  .  .  .  .  .  .  1  .  .  1  .  .
        rows.write          .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  1  1
        rows.write_addr     .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  4  5
        rows.second         .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  1
        run.done            .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  1
    """

    def elaborate(self, platform):
        m = Module()
        table, fields = self.table, self.table.fields
        collecting, fetching, collected = Signal(), Signal(), Signal()
        pushed = Signal.like(fields.groups)
        # Compares are registered: what they compare stands still for longer.
        last = Signal()
        m.d.sync += last.eq(pushed + 1 == fields.groups)
        self._connect_table(m)
        with m.If(self.packer.push):
            m.d.sync += pushed.eq(pushed + 1)
        with m.If(table.reading):
            m.d.sync += pushed.eq(0)
        gate, fetched = self._fetch(m, fetching)
        group_complete = self._collect(m, collecting)
        taken = self._take(m, gate, pushed)
        m.d.comb += self.packer.push.eq(collected | taken)
        stored = self._store(m, last)

        with m.FSM():
            self._idle(m)
            with m.State("LOAD"), m.If(table.done):
                m.next = "FETCH"
                with m.If(self._top):
                    m.next = "COLLECT"
            with m.State("COLLECT"):
                m.d.comb += collecting.eq(1)
                with m.If(group_complete):
                    m.next = "PUSH"
            with m.State("PUSH"):
                m.d.comb += collected.eq(1)
                m.next = "COLLECT"
                with m.If(last):
                    self._go_down(m)
            with m.State("FETCH"):
                m.d.comb += fetching.eq(1)
                with m.If(fetched):
                    m.next = "DRAIN"
            with m.State("DRAIN"), m.If(self.packer.push & last):
                self._go_down(m)
            with m.State("FINISH"), m.If(stored):
                m.d.comb += self.run.done.eq(1)
                m.next = "IDLE"
        return m

    def _fetch(self, m, fetching):
        """Read the signal words above for each group, and gate words when sums come."""
        fields, issue = self.table.fields, self.issue
        word, group = Signal.like(fields.above_signal_words), Signal.like(fields.groups)
        weight_row, phase = Signal.like(issue.weight_row), Signal(range(3))
        row, gate_row = Signal.like(fields.above_signal_row), Signal.like(fields.gate_row)
        gate_part = Signal(self.config.subwords.bit_length() - 1)
        first_word, last_word, last_group = Signal(), Signal(), Signal()
        m.d.sync += [
            first_word.eq(word == 0),
            last_word.eq(word + 1 == fields.above_signal_words),
            last_group.eq(group + 1 == fields.groups),
        ]
        masks = phase == MASKS
        with m.If(self.table.reading):
            m.d.sync += [
                row.eq(fields.above_signal_row),
                weight_row.eq(fields.above_transposed_row),
                Cat(gate_part, gate_row).eq(Cat(Const(0, len(gate_part)), fields.gate_row)),
            ]
        with m.If(fetching):
            m.d.sync += phase.eq(phase + 1)
            with m.If(phase != GATE):
                m.d.comb += [
                    issue.weight_row.eq(weight_row),
                    issue.source.eq(Mux(masks, Source.KEEP_SIGN, 0)),
                    issue.valid.eq(masks),
                    issue.first.eq(first_word),
                    issue.last.eq(last_word),
                ]
                m.d.sync += row.eq(row + 1)
            with m.Else():
                m.d.sync += [phase.eq(SIGNS), weight_row.eq(weight_row + 1), word.eq(word + 1)]
                with m.If(last_word):
                    m.d.sync += [word.eq(0), row.eq(fields.above_signal_row)]
                    m.d.sync += group.eq(Mux(last_group, 0, group + 1))
        gate = delay(m, issue.valid & issue.last, gate_delay(self.config))
        m.d.comb += [self.rows.addr.eq(Mux(gate, gate_row, row)), self.rows.in_slot.eq(1)]
        with m.If(gate):
            m.d.sync += Cat(gate_part, gate_row).eq(Cat(gate_part, gate_row) + 1)
        return gate, (phase == GATE) & last_word & last_group

    def _collect(self, m, collecting):
        """Take a signal per cycle from the loss; say when the group has all of its outputs."""
        lane = Signal(self.config.elements, init=1)  # one bit that moves on
        m.d.comb += self.recount.step.eq(collecting)
        signs = self.recount.is_wrong.replicate(len(lane)) & lane
        masks = (self.recount.is_wrong | self.recount.is_label).replicate(len(lane)) & lane
        with m.If(collecting):
            m.d.sync += [
                lane.eq(lane << 1),
                self.deltas.first.eq(self.deltas.first | signs),
                self.deltas.second.eq(self.deltas.second | masks),
            ]
        with m.If(self.packer.push | self.table.reading):
            m.d.sync += [lane.eq(1), self.deltas.first.eq(0), self.deltas.second.eq(0)]
        return lane[-1] | ~self.recount.counting

    def _take(self, m, gate, pushed):
        """Take a group of signals from the ternariser; return when the packer may have them."""
        gated = delay(m, gate, 2)
        m.d.comb += [self.gate_word.eq(pushed), self.draw.eq(gated & (self.ternarise.noise != 0))]
        with m.If(gated):
            m.d.sync += [
                self.deltas.first.eq(self.ternarise.signs),
                self.deltas.second.eq(self.ternarise.masks),
            ]
        return delay(m, gated, 1)

    def _store(self, m, last):
        """Write a pair of words that is full or the layer's last, beside the reads."""
        fields = self.table.fields
        complete, final, second = Signal(), Signal(), Signal()
        rows, row = Signal(len(fields.groups) + 1), Signal.like(fields.signal_row)
        first = complete & (self.packer.full | final)
        m.d.sync += [complete.eq(self.packer.push), final.eq(last), second.eq(first)]
        with m.If(self.packer.push):
            m.d.sync += row.eq(fields.signal_row + rows)
        with m.If(first):
            m.d.sync += [row.eq(row + 1), rows.eq(rows + 2)]
        with m.If(self.table.reading):
            m.d.sync += rows.eq(0)
        with m.If(first | second):
            m.d.comb += [
                self.rows.write_addr.eq(row),
                self.rows.write.eq(1),
                self.rows.second.eq(second),
            ]
        return second
