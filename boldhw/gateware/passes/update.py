"""The update pass: votes of all gathered samples, block by block, through the flip unit."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.array.operand import Source
from boldhw.gateware.delay import delay
from boldhw.gateware.passes.issue import write_address
from boldhw.gateware.passes.pass_port import BlockMove, PassPort, SlotPort, open_layer
from boldhw.gateware.passes.table import UPDATE, field_shape
from boldhw.spec.engine import TABLE_ROWS
from boldhw.spec.geometry import FIELD_BITS

# With two ports, cycles from the address of a weight row to one of its blocks in the transposer.
ROW_TO_BLOCK = 4
# Cycles from a store of columns until they may be read, and of a block of signals to the column
# row and back.
STORED, TURN_OVER = 3, 6


class UpdatePass(wiring.Component):
    """Read, vote, flip and write back every weight of the network once.

    For each group of P inputs the K gathered samples' bits go through the transposer into the last
    row of the weight memory, the column row: bank p then holds input p of all samples. Then the
    outputs follow, one every two cycles (the single-port data memory reads one row of P
    accumulators and writes one back), in blocks of P. Two more cycles per block store its weights
    in the weight plane and, transposed, in the transposed plane, and load the next block.

    With ``dual_port`` an output follows every cycle. One cycle among the outputs of a block reads
    the next block for the transposer, and two after them (one in the first layer, which has no
    transposed plane) store the block. Each layer first transposes its signals: group by group,
    those of P samples at a time are shifted into the transposer, come back through the column row
    transposed, and leave the transposer unit by unit for the delta memory.

    Cycle model: :func:`boldhw.spec.cycles.update` and ``streaming_update``.

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
    table : Out(TablePort(config, UPDATE))
        Fields of the layer.
    slots : Out(SlotPort()), combinational
        Selection of the slots of gathered samples.
    blocks : Out(BlockMove(config))
        Moves of blocks; ``column_shift`` and ``column_part`` are registered, the rest
        combinational.
    zero_true : Out(1), registered
        The inputs of the layer are {0,T}.
    lanes : Out(field_shape(config, "input_lanes")), registered
        Inputs in the group.
    theta : Out(field_shape(config, "theta")), combinational
        Votes that flip a weight of the layer. From registers only.
    decay : Out(FIELD_BITS), combinational
        Decay of the accumulators of the layer, from registers only; only with ``decay``.
    flip : Out(1), registered
        Votes and accumulators are at the flip unit.
    flipped : Out(1), registered
        The results of the flip unit are valid.
    store_accumulators : Out(1), combinational
        The row that is written in this cycle are new accumulators. From registers only.
    layer_done : Out(1), combinational
        All weights of the layer are done. From registers only.
    unload : Out(1), registered
        Shift a unit's signals from the transposer in the next cycle; only with ``dual_port``, as
        are the next two.
    unload_row : Out(range(config.signal_rows)), registered
        Row of the delta memory that takes them.
    unload_part : Out(range(2 * -(-config.batch // config.elements))), registered
        Part of this row.

    Latency
    -------
    :func:`boldhw.spec.cycles.update` gives the cycles of a pass. The first group of inputs of
    16-8-4 (P = 4, S = 8, K = 4), one block of outputs and the begin of the next one. Rows 32 to 36
    are accumulators, row 0 an operand word of every sample::

        cycle                  0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21
        slots.first            1  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        slots.next             .  1  1  1  1  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        blocks.column_shift    .  .  1  1  1  1  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .
        issue.valid            .  .  .  .  .  .  1  .  1  .  1  .  1  .  .  .  1  .  1  .  1  .
        issue.signal_row       .  .  .  .  .  .  0  .  1  .  2  .  3  .  .  .  4  .  5  .  6  .
        rows.addr              .  0  0  0  0  .  .  .  .  .  . 32  . 33 32 34 33 35 34  . 35 36
        flip                   .  .  .  .  .  .  .  .  .  .  .  .  1  .  1  .  1  .  1  .  .  .
        flipped                .  .  .  .  .  .  .  .  .  .  .  .  .  1  .  1  .  1  .  1  .  .
        store_accumulators     .  .  .  .  .  .  .  .  .  .  .  .  .  .  1  .  1  .  1  .  1  .
        blocks.load            .  .  .  .  .  .  .  .  .  .  .  1  .  .  .  .  .  .  .  .  .  1
        blocks.shift           .  .  1  1  1  1  .  .  .  .  .  .  .  1  .  1  .  1  .  1  .  .
        blocks.store           .  .  .  .  .  .  1  .  .  .  .  .  .  .  .  .  .  .  .  .  1  .
        blocks.transposed      .  .  .  .  .  .  1  .  .  .  .  .  .  .  .  .  .  .  .  .  .  1

    With ``dual_port`` a layer first transposes its signals. The signs of its first group, through
    weight row 63, the column row::

        cycle                  0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
        slots.first            1  .  .  .  .  .  .  .  .  .  1  .  .  .  .  .
        slots.next             .  1  1  1  1  .  .  .  .  .  .  1  1  1  1  .
        blocks.column_shift    .  .  .  1  1  1  1  .  .  .  .  .  .  1  1  1
        blocks.shift           .  .  1  1  1  1  .  .  .  .  .  .  1  1  1  1
        blocks.store           .  .  .  .  .  .  1  .  .  .  .  .  .  .  .  .
        issue.weight_row       .  .  .  .  .  .  .  . 63  .  .  .  .  .  .  .
        blocks.load            .  .  .  .  .  .  .  .  .  .  .  1  .  .  .  .
        unload                 .  .  .  .  .  .  .  .  .  .  .  .  1  1  1  1
        unload_row             .  .  .  .  .  .  .  .  .  .  .  .  0  1  2  3

    Then the groups of inputs follow. The first one, from the first vote on; row 2 of the weights is
    that of the next block::

        cycle                  0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18
        issue.valid            1  1  1  .  1  .  1  1  1  .  1  .  .  .  .  .  .  .  .
        issue.signal_row       0  1  2  .  3  .  4  5  6  .  7  .  .  .  .  .  .  .  .
        issue.weight_row      63 63 63  . 63  . 63 63 63  2 63  .  .  .  .  .  .  .  .
        rows.addr              .  .  .  .  . 32 33 34  . 35  . 36 37 38  . 39  .  .  .
        flip                   .  .  .  .  .  .  .  1  1  1  .  1  .  1  1  1  .  1  .
        flipped                .  .  .  .  .  .  .  .  1  1  1  .  1  .  1  1  1  .  1
        rows.write_addr        .  .  .  .  .  .  .  .  . 32 33 34  . 35  . 36 37 38  .
        blocks.load            .  .  .  .  .  .  1  .  .  .  .  .  1  .  .  .  .  .  .
        blocks.shift           .  .  .  .  .  .  .  1  1  1  .  1  .  1  1  1  .  1  .
        blocks.store           .  .  .  .  .  .  .  .  .  .  .  .  1  .  .  .  .  .  1
    """

    def __init__(self, config):
        self.config = config
        members = {
            **PassPort(config, UPDATE).members,
            "slots": Out(SlotPort()),
            "store_accumulators": Out(1),
            "blocks": Out(BlockMove(config)),
            "zero_true": Out(1),
            "lanes": Out(field_shape(config, "input_lanes")),
            "theta": Out(field_shape(config, "theta")),
            "layer_done": Out(1),
            "flip": Out(1),
            "flipped": Out(1),
        }
        if config.decay:
            members |= {"decay": Out(FIELD_BITS)}
        if config.dual_port:
            members |= {
                "unload": Out(1),
                "unload_row": Out(range(config.signal_rows)),
                "unload_part": Out(range(2 * -(-config.batch // config.elements))),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        fields, p = self.table.fields, self.config.elements
        self._starting, self._gathering, self._voting = Signal(), Signal(), Signal()
        self._turning, self._vote, self._next = Signal(), Signal(), Signal()
        self._turned = Signal()
        self._last_group = Signal()
        self._input_group, self._group = (
            Signal.like(fields.input_groups),
            Signal.like(fields.groups),
        )
        self._columns = -(-self.config.batch // self.config.elements)
        steps = p + 1
        if self.config.dual_port:
            steps = max(p + 2, self.config.latency - ROW_TO_BLOCK) + 1
        self._block, self._lane = Signal(range(self._columns)), Signal(range(steps))
        self._on_signals, self._word_through = Signal(), Signal()
        self._masks = Signal()  # the turn is at mask words
        m.d.comb += self.theta.eq(fields.theta)
        if self.config.decay:
            m.d.comb += self.decay.eq(fields.decay)
        phase = Signal()
        step, last_step = self._steps(m, phase)
        block_stored = self._blocks(m)
        self._gather(m)
        self._accumulators(m)
        self._walk(m, block_stored, phase, step, last_step)
        return m

    def _walk(self, m, block_stored, phase, step, last_step):
        """Go through layers, groups of inputs, blocks of outputs and outputs."""
        p, fields = self.config.elements, self.table.fields
        last_inputs, last_layer = Signal(), Signal()
        # Registered: what they compare is known long before they are needed.
        m.d.sync += [
            last_inputs.eq(self._input_group + 1 == fields.input_groups),
            self._last_group.eq(self._group + 1 == fields.groups),
            last_layer.eq(self.layer + 1 == self.run.layers),
        ]
        m.d.sync += self.lanes.eq(Mux(last_inputs, fields.input_lanes, p))
        with m.FSM() as fsm:
            # Registered: it holds for a whole layer, and long before the first vote.
            m.d.sync += self.zero_true.eq(fields.zero_true & ~fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(self.run.start):
                open_layer(m, self.table)
                m.d.sync += self.layer.eq(0)
            with m.State("LOAD"):
                m.d.sync += self._input_group.eq(0)
                with m.If(self.table.done):
                    m.next = "LAYER"
            with m.State("LAYER"):
                m.d.comb += self._starting.eq(1)
                m.next = "INPUTS"
                if self.config.dual_port:
                    m.d.sync += [self._block.eq(0), self._group.eq(0), self._lane.eq(0)]
                    m.next = "TURN"
            if self.config.dual_port:
                self._turn(m)
            with m.State("INPUTS"):
                m.d.comb += self._turning.eq(1)
                m.d.sync += [self._block.eq(0), self._group.eq(0), self._lane.eq(0), phase.eq(0)]
                m.next = "GATHER"
            with m.State("GATHER"):
                m.d.comb += self._gathering.eq(1)
                m.d.sync += self._lane.eq(self._lane + 1)
                with m.If(self._lane == p - 1):
                    m.d.sync += [self._lane.eq(0), self._block.eq(self._block + 1)]
                    with m.If(self._block == self._columns - 1):
                        m.next = "STORE COLUMNS"
            with m.State("STORE COLUMNS"):
                m.d.comb += self._turned.eq(1)
                m.next = "VOTE"
                if self.config.dual_port:
                    m.d.sync += self._lane.eq(self._lane + 1)
                    with m.If(self._lane == STORED - 1):
                        m.d.sync += self._lane.eq(0)
                    with m.Else():
                        m.next = "STORE COLUMNS"
            with m.State("VOTE"):
                m.d.comb += self._voting.eq(1)
                m.d.sync += phase.eq(~phase)
                with m.If(step):
                    m.d.sync += self._lane.eq(self._lane + 1)
                    with m.If(last_step):
                        m.d.sync += [self._lane.eq(0), self._group.eq(self._group + 1)]
                        with m.If(self._last_group):
                            m.next = "DRAIN"
            with m.State("DRAIN"), m.If(block_stored):
                m.d.comb += self._next.eq(1)
                m.d.sync += self._input_group.eq(self._input_group + 1)
                m.next = "INPUTS"
                with m.If(last_inputs):
                    m.d.comb += [self.layer_done.eq(1), self.table.layer.eq(self.layer + 1)]
                    m.d.sync += self.layer.eq(self.layer + 1)
                    m.next = "FINISH"
                    with m.If(~last_layer):
                        open_layer(m, self.table)
            with m.State("FINISH"):
                m.d.comb += self.run.done.eq(1)
                m.next = "IDLE"

    def _steps(self, m, phase):
        """Say when there is a vote; return when the next step comes, and which is a block's last.

        With one port a step takes two cycles, and one more behind the last output of a block turns
        the transposer over.
        """
        p, lane = self.config.elements, self._lane
        if not self.config.dual_port:
            m.d.comb += self._vote.eq(self._voting & ~phase & (lane != p))
            self._last_lane = p - 1
            return phase, lane == p
        # The row for the transposer arrives in the cycle before the block's first flip.
        self._read_step = self.config.latency - ROW_TO_BLOCK
        self._last_lane = p if self._read_step < p else p - 1
        votes = (lane <= self._last_lane) & (lane != self._read_step)
        m.d.comb += self._vote.eq(self._voting & votes)
        ends = [max(p + stores, self._read_step) for stores in (1, 2)]
        return Const(1), lane == Mux(self.layer == 0, *ends)

    def _turn(self, m):
        """Go through the signals of a layer: groups, signs and masks, and P samples at a time."""
        last_word = self._masks & self._last_group
        with m.State("TURN"):
            m.d.comb += [self._gathering.eq(1), self._on_signals.eq(1)]
            m.d.sync += self._lane.eq(self._lane + 1)
            with m.If(self._lane == self.config.elements - 1):
                m.d.sync += self._lane.eq(0)
                m.next = "TURN OVER"
        with m.State("TURN OVER"):
            m.d.comb += self._on_signals.eq(1)
            m.d.sync += self._lane.eq(self._lane + 1)
            with m.If(self._lane == TURN_OVER - 1):
                m.d.sync += [self._lane.eq(0), self._block.eq(self._block + 1)]
                m.next = "TURN"
                with m.If(self._block == self._columns - 1):
                    m.d.comb += self._word_through.eq(1)
                    m.d.sync += [self._block.eq(0), self._masks.eq(~self._masks)]
                    m.d.sync += self._group.eq(self._group + self._masks)
                    with m.If(last_word):
                        m.next = "INPUTS"

    def _unload(self, m, turned):
        """Shift the units of a block that was turned over into the delta memory."""
        p, base, unit = self.config.elements, Signal.like(self.unload_row), Signal.like(self._lane)
        with m.If(self._starting):
            m.d.sync += [base.eq(self.table.fields.column_row), self.unload_part.eq(0)]
        with m.If(turned):
            m.d.sync += [self.unload.eq(1), self.unload_row.eq(base), unit.eq(0)]
        with m.If(self.unload):
            m.d.sync += [self.unload_row.eq(self.unload_row + 1), unit.eq(unit + 1)]
            with m.If(unit == p - 1):
                m.d.sync += [self.unload.eq(0), self.unload_part.eq(self.unload_part + 1)]
                with m.If(self.unload_part == 2 * self._columns - 1):
                    m.d.sync += [self.unload_part.eq(0), base.eq(self.unload_row + 1)]

    def _gather(self, m):
        """Read the same operand word of every gathered sample."""
        fields, parts = self.table.fields, self.config.subwords
        row = Signal.like(fields.input_row)
        place = Cat(self.blocks.column_part, row)
        m.d.comb += [
            self.slots.first.eq(self._turning),
            self.slots.next.eq(self._gathering),
            self.blocks.column_shift.eq(delay(m, self._gathering, self.config.read_latency)),
        ]
        first_row = fields.signal_row if self.config.dual_port else fields.input_row
        with m.If(self._starting):
            m.d.sync += [row.eq(first_row), self.blocks.column_part.eq(0)]
        if self.config.dual_port:
            m.d.comb += self.slots.first.eq(self._turning | self._starting | self._word_through)
            following = place + 1 - Mux(self.blocks.column_part == parts - 1, 0, parts)
            with m.If(self._word_through):
                m.d.sync += place.eq(Mux(self._masks, following, place + parts))
                with m.If(self._masks & self._last_group):
                    m.d.sync += [row.eq(fields.input_row), self.blocks.column_part.eq(0)]
        m.d.comb += self.rows.addr.eq(row)
        with m.If(self._next):
            m.d.sync += place.eq(place + 1)

    def _accumulators(self, m):
        """Read the row for a vote when its sums are about to come, write it when they have flipped.

        That takes three cycles, four with ``dual_port``.
        """
        ahead = 1 if self.config.dual_port else 0
        read_row, write_row = (Signal.like(self.rows.addr) for _ in range(2))
        soon = delay(m, self._vote, self.config.latency - 2 - ahead)
        reading = delay(m, soon, 1)
        writing = delay(m, reading, 3 + ahead)
        m.d.comb += self.flip.eq(delay(m, reading, self.config.read_latency))
        m.d.comb += self.flipped.eq(delay(m, self.flip, 1))
        m.d.comb += self.blocks.shift.eq(self.flipped | self.blocks.column_shift)
        if self.config.dual_port:
            arriving = delay(m, self._gathering, self.config.read_latency - 1)
            moving = arriving | self.flip
            m.d.comb += self.blocks.shift.eq(moving | self.unload)
        with m.If(self.run.start):
            first = TABLE_ROWS * self.config.max_layers
            m.d.sync += [read_row.eq(first), write_row.eq(first)]
        with m.If(reading):
            m.d.comb += self.rows.addr.eq(read_row)
            m.d.sync += read_row.eq(read_row + 1)
        # Two ports have an address of their own for writes.
        outside = soon if self.config.dual_port else soon | delay(m, reading, 2)
        m.d.comb += self.rows.in_slot.eq(~outside)
        with m.If(writing):
            m.d.comb += [write_address(self.rows).eq(write_row), self.store_accumulators.eq(1)]
            m.d.comb += self.rows.write.eq(1)
            m.d.sync += write_row.eq(write_row + 1)

    def _blocks(self, m):
        """Issue votes, and move blocks between weight memory and transposer in their shadow."""
        config, fields, issue = self.config, self.table.fields, self.issue
        p = config.elements
        latency = config.latency
        signal_row = Signal.like(issue.signal_row)
        base, row, store_row, turned_row = (Signal.like(issue.weight_row) for _ in range(4))
        turned_part = Signal.like(self.blocks.store_part)

        # The array needs the column row in every other cycle; the row for the transposer is read in
        # the cycles between, late enough for the block before to be stored.
        if config.dual_port:
            read_block = self._voting & (self._lane == self._read_step)
        else:
            first_vote = self._vote & (self._lane == 0)
            read_block = delay(m, first_vote, (latency - 1 | 1) - 2)
        last_vote = self._vote & (self._lane == self._last_lane)
        ahead = 1 if config.dual_port else 0
        store_block = delay(m, last_vote, latency + 2 - ahead)
        store_turned = delay(m, store_block, 1)
        load_block = delay(m, read_block, ROW_TO_BLOCK - 1 if config.dual_port else 2)
        m.d.comb += self.blocks.load.eq(load_block)
        with m.If(self._vote):
            m.d.comb += [
                issue.signal_row.eq(signal_row),
                issue.weight_row.eq(config.weight_rows - 1),
                issue.source.eq(Source.COLUMNS),
                Cat(issue.valid, issue.last).eq(0b11),
            ]
            m.d.sync += signal_row.eq(signal_row + 1)
        # In DSP blocks a sum begins in the cycle before its word.
        between = (self._voting | self._turned) & ~self._vote
        m.d.comb += issue.first.eq(between if config.dsp_sums else self._vote)
        with m.If(read_block):
            m.d.comb += issue.weight_row.eq(row)
        with m.If(load_block):
            m.d.sync += [store_row.eq(row), row.eq(row + fields.words)]
        full = self._gathering & (self._lane == p - 1)
        store_columns, column_block = delay(m, full, 2), delay(m, self._block, 2)
        m.d.comb += [
            self.blocks.transposed.eq(store_turned | store_columns),
            self.blocks.store.eq(store_block | (store_turned & (self.layer != 0)) | store_columns),
            self.blocks.store_row.eq(Mux(store_turned, turned_row, store_row)),
            self.blocks.store_part.eq(Mux(store_turned, turned_part, self.blocks.column_part)),
        ]
        with m.If(store_columns):
            m.d.comb += self.blocks.store_row.eq(config.weight_rows - 1)
            m.d.comb += self.blocks.store_part.eq(Mux(self._on_signals, 0, column_block))
        if config.dual_port:
            read_columns = delay(m, store_columns & delay(m, self._on_signals, 2), STORED - 1)
            soon = delay(m, read_columns, ROW_TO_BLOCK - 2)
            turned = delay(m, soon, 1)
            with m.If(read_columns):
                m.d.comb += issue.weight_row.eq(config.weight_rows - 1)
            m.d.comb += [
                self.blocks.load.eq(load_block | turned),
                self.blocks.load_part.eq(Mux(soon, 0, self.blocks.column_part)),
            ]
            self._unload(m, turned)
        with m.If(store_turned):
            m.d.sync += Cat(turned_part, turned_row).eq(Cat(turned_part, turned_row) + 1)

        with m.If(self._starting):
            m.d.sync += [base.eq(fields.weight_row), turned_row.eq(fields.transposed_row)]
        with m.If(self._turning):
            m.d.sync += [
                row.eq(base),
                signal_row.eq(fields.column_row),
            ]
        last_stored = delay(m, last_vote & self._last_group, latency + 3 - ahead)
        with m.If(last_stored if config.dual_port else self._next):
            # The last block is being stored; the next inputs begin a row of the transposed plane.
            m.d.sync += [turned_part.eq(0), turned_row.eq(turned_row + 1)]
        with m.If(self._next):
            m.d.sync += base.eq(base + (self.blocks.column_part == config.subwords - 1))
        # With two ports flips and their count take a cycle more each.
        return delay(m, last_stored, 2) if config.dual_port else last_stored
