"""The update pass: votes of all gathered samples, block by block, through the flip unit."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.config import FIELD_BITS, TABLE_ROWS
from boldhw.gateware.delay import delay
from boldhw.gateware.issue import IssuePort
from boldhw.gateware.operand import Source
from boldhw.gateware.table import UPDATE, TablePort, field_shape


class UpdatePass(wiring.Component):
    """Read, vote, flip and write back every weight of the network once.

    For each group of P inputs the K gathered samples' bits go through the transposer into the last
    row of the weight memory, the column row: bank p then holds input p of all samples. Then the
    outputs follow, one every two cycles (the single-port data memory reads one row of P
    accumulators and writes one back), in blocks of P. Two more cycles per block store its weights
    in the weight plane and, transposed, in the transposed plane, and load the next block.

    Cycle model: :func:`boldhw.cycles.update`.

    Members
    -------
    start, done : one cycle each.
    layers, layer : layers of the network, layer in work. layer_done : all its weights are done.
    first_slot, next_slot : let the slot be that of the first, of the next gathered sample.
    issue : what the pass asks of memories and array.
    table : fields of the layer in work.
    store_accumulators : this cycle's data write is a row of new accumulators.
    column_shift, column_part : shift part ``column_part`` of the word read into the transposer.
    zero_true, lanes, theta, decay : of the layer and group of inputs.
    flip : votes, accumulators and weights are at the flip unit.
    load, store, store_row, store_part, transposed : blocks between transposer and weight memory.
    """

    def __init__(self, config):
        self.config = config
        members = {
            "start": In(1),
            "done": Out(1),
            "layers": In(range(config.max_layers + 1)),
            "layer": Out(range(config.max_layers + 1)),
            "first_slot": Out(1),
            "next_slot": Out(1),
            "issue": Out(IssuePort(config)),
            "table": Out(TablePort(config, UPDATE)),
            "store_accumulators": Out(1),
            "column_shift": Out(1),
            "column_part": Out(range(config.subwords)),
            "zero_true": Out(1),
            "lanes": Out(field_shape(config, "input_lanes")),
            "theta": Out(field_shape(config, "theta")),
            "layer_done": Out(1),
            "flip": Out(1),
            "load": Out(1),
            "store": Out(1),
            "store_row": Out(range(config.weight_rows)),
            "store_part": Out(range(config.subwords)),
            "transposed": Out(1),
        }
        if config.decay:
            members |= {"decay": Out(FIELD_BITS)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        fields = self.table.fields
        self._starting, self._gathering, self._voting = Signal(), Signal(), Signal()
        self._turning, self._vote, self._next = Signal(), Signal(), Signal()
        self._turned = Signal()
        self._last_group = Signal()
        self._input_group, self._group = (
            Signal.like(fields.input_groups),
            Signal.like(fields.groups),
        )
        self._columns = -(-self.config.batch // self.config.elements)
        self._block, self._lane = Signal(range(self._columns)), Signal.like(self.lanes)
        m.d.comb += [
            self.table.layer.eq(self.layer),
            self.theta.eq(fields.theta),
        ]
        if self.config.decay:
            m.d.comb += self.decay.eq(fields.decay)
        block_stored = self._blocks(m)
        self._gather(m)
        self._accumulators(m)
        self._walk(m, block_stored)
        return m

    def _walk(self, m, block_stored):
        """Go through layers, groups of inputs, blocks of outputs and outputs."""
        p, fields = self.config.elements, self.table.fields
        last_inputs, last_layer, phase = Signal(), Signal(), Signal()
        m.d.comb += self._vote.eq(self._voting & ~phase & (self._lane != p))
        # Registered: what they compare is known long before they are needed.
        m.d.sync += [
            last_inputs.eq(self._input_group + 1 == fields.input_groups),
            self._last_group.eq(self._group + 1 == fields.groups),
            last_layer.eq(self.layer + 1 == self.layers),
        ]
        m.d.sync += self.lanes.eq(Mux(last_inputs, fields.input_lanes, p))
        with m.FSM() as fsm:
            # Registered: it holds for a whole layer, and long before the first vote.
            m.d.sync += self.zero_true.eq(fields.zero_true & ~fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += self.layer.eq(0)
                m.next = "LOAD"
            with m.State("LOAD"):
                m.d.comb += self.table.run.eq(1)
                m.d.sync += self._input_group.eq(0)
                with m.If(self.table.done):
                    m.next = "LAYER"
            with m.State("LAYER"):
                m.d.comb += self._starting.eq(1)
                m.next = "INPUTS"
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
            # Behind the last output of a block, one more step turns the transposer over.
            with m.State("VOTE"):
                m.d.comb += self._voting.eq(1)
                m.d.sync += phase.eq(~phase)
                with m.If(phase):
                    m.d.sync += self._lane.eq(self._lane + 1)
                    with m.If(self._lane == p):
                        m.d.sync += [self._lane.eq(0), self._group.eq(self._group + 1)]
                        with m.If(self._last_group):
                            m.next = "DRAIN"
            with m.State("DRAIN"), m.If(block_stored):
                m.d.comb += self._next.eq(1)
                m.d.sync += self._input_group.eq(self._input_group + 1)
                m.next = "INPUTS"
                with m.If(last_inputs):
                    m.d.comb += self.layer_done.eq(1)
                    m.d.sync += self.layer.eq(self.layer + 1)
                    m.next = "LOAD"
                    with m.If(last_layer):
                        m.next = "FINISH"
            with m.State("FINISH"):
                m.d.comb += self.done.eq(1)
                m.next = "IDLE"

    def _gather(self, m):
        """Read the same operand word of every gathered sample."""
        row = Signal.like(self.table.fields.input_row)
        place = Cat(self.column_part, row)
        m.d.comb += [
            self.first_slot.eq(self._turning),
            self.next_slot.eq(self._gathering),
            self.column_shift.eq(delay(m, self._gathering, 1)),
        ]
        with m.If(self._starting):
            m.d.sync += [row.eq(self.table.fields.input_row), self.column_part.eq(0)]
        with m.If(self._gathering):
            m.d.comb += [self.issue.data_addr.eq(row), self.issue.in_slot.eq(1)]
        with m.If(self._next):
            m.d.sync += place.eq(place + 1)

    def _accumulators(self, m):
        """Read the row for a vote when its sums are about to come, write it three cycles later."""
        read_row, write_row = (Signal.like(self.issue.data_addr) for _ in range(2))
        reading = delay(m, self._vote, self.config.latency - 1)
        writing = delay(m, reading, 3)
        m.d.comb += self.flip.eq(delay(m, reading, 1))
        with m.If(self.start):
            first = TABLE_ROWS * self.config.max_layers
            m.d.sync += [read_row.eq(first), write_row.eq(first)]
        with m.If(reading):
            m.d.comb += self.issue.data_addr.eq(read_row)
            m.d.sync += read_row.eq(read_row + 1)
        with m.If(writing):
            m.d.comb += [self.issue.data_addr.eq(write_row), self.store_accumulators.eq(1)]
            m.d.comb += self.issue.data_write.eq(1)
            m.d.sync += write_row.eq(write_row + 1)

    def _blocks(self, m):
        """Issue votes, and move blocks between weight memory and transposer in their shadow."""
        config, fields, issue = self.config, self.table.fields, self.issue
        p = config.elements
        latency = config.latency
        signal_row = Signal.like(issue.signal_row)
        base, row, store_row, turned_row = (Signal.like(issue.weight_row) for _ in range(4))
        turned_part = Signal.like(self.store_part)

        # The array needs the column row in every other cycle; the row for the transposer is read in
        # the cycles between, late enough for the block before to be stored.
        read_block = delay(m, self._vote & (self._lane == 0), latency - 4 + (latency + 1) % 2)
        last_vote = self._vote & (self._lane == p - 1)
        store_block = delay(m, last_vote, latency + 1)
        store_turned = delay(m, store_block, 1)
        m.d.comb += self.load.eq(delay(m, read_block, 2))
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
        with m.If(self.load):
            m.d.sync += [store_row.eq(row), row.eq(row + fields.words)]
        full = self._gathering & (self._lane == p - 1)
        store_columns, column_block = delay(m, full, 2), delay(m, self._block, 2)
        m.d.comb += [
            self.transposed.eq(store_turned | store_columns),
            self.store.eq(store_block | (store_turned & (self.layer != 0)) | store_columns),
            self.store_row.eq(Mux(store_turned, turned_row, store_row)),
            self.store_part.eq(Mux(store_turned, turned_part, self.column_part)),
        ]
        with m.If(store_columns):
            m.d.comb += self.store_row.eq(config.weight_rows - 1)
            m.d.comb += self.store_part.eq(column_block)
        with m.If(store_turned):
            m.d.sync += Cat(turned_part, turned_row).eq(Cat(turned_part, turned_row) + 1)

        with m.If(self._starting):
            m.d.sync += [base.eq(fields.weight_row), turned_row.eq(fields.transposed_row)]
        with m.If(self._turning):
            m.d.sync += [
                row.eq(base),
                signal_row.eq(fields.column_row),
            ]
        with m.If(self._next):
            # The last block is being stored; the next inputs begin a row of the transposed plane.
            m.d.sync += [turned_part.eq(0), turned_row.eq(turned_row + 1)]
            m.d.sync += base.eq(base + (self.column_part == config.subwords - 1))
        return delay(m, last_vote & self._last_group, latency + 2)
