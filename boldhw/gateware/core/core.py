"""The core: memories, array, units of training and the passes that drive them."""

from amaranth.hdl import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped

from boldhw.gateware.array.array import PEArray
from boldhw.gateware.array.dsp_array import DspArray
from boldhw.gateware.array.operand import Operand
from boldhw.gateware.core.blocks import Blocks
from boldhw.gateware.core.counters import Counters
from boldhw.gateware.core.group import Group
from boldhw.gateware.core.rows import Rows
from boldhw.gateware.core.scan import Scan
from boldhw.gateware.core.sequencer import Sequencer
from boldhw.gateware.delay import copies, delay
from boldhw.gateware.memory.data_memory import DataMemory
from boldhw.gateware.memory.delta_memory import DeltaMemory, TransposedDeltaMemory
from boldhw.gateware.memory.transposer import Transposer
from boldhw.gateware.memory.weight_memory import WeightMemory
from boldhw.gateware.passes.backward import BackwardPass
from boldhw.gateware.passes.forward import ForwardPass
from boldhw.gateware.passes.issue import MergedIssue
from boldhw.gateware.passes.streaming_backward import StreamingBackwardPass
from boldhw.gateware.passes.table import TableReader
from boldhw.gateware.passes.update import UpdatePass
from boldhw.gateware.ports import BlockPort, ControlPort, DataPort
from boldhw.gateware.units.flip_count import FlipCount
from boldhw.gateware.units.flip_unit import FlipUnit
from boldhw.gateware.units.limits import Limits
from boldhw.gateware.units.loss import Loss
from boldhw.gateware.units.magnitude import Magnitude
from boldhw.gateware.units.noise import Noise
from boldhw.gateware.units.packer import Packer
from boldhw.gateware.units.ternarise import Ternarise
from boldhw.gateware.units.threshold import Threshold
from boldhw.gateware.units.votes import Votes


def array_of(config):
    """Return the array of an engine."""
    return DspArray(config) if config.dsp_sums else PEArray(config)


class Core(wiring.Component):
    """Train and infer one sample at a time, from a network in its memories.

    A netlist: signatures connect the units, and the units decide and count.
    ``docs/architecture.md`` has the block diagram.

    Golden model: :class:`boldhw.golden.network.Network`. Cycle model: :mod:`boldhw.spec.cycles`.

    Parameters
    ----------
    config : EngineConfig
        All of it.
    identity : bytes
        Contents of the reply to HELLO; see :class:`boldhw.gateware.core.counters.Counters`.

    Members
    -------
    data : In(DataPort(config))
        Rows of the data memory, while no operation runs; ``read_data`` is registered.
    blocks : In(BlockPort(config))
        Blocks of weights, while no operation runs; ``word`` is registered.
    control : In(ControlPort(config))
        Start of an operation, its outcome and the counters.

    Latency
    -------
    A pass starts one cycle after ``control.start``. The passes of an operation take the cycles that
    :func:`boldhw.spec.cycles.predict` gives, longer where a score waits to be taken; one operation
    at a time.
    """

    def __init__(self, config, identity=b""):
        self.config = config
        self.identity = identity
        super().__init__(
            {
                "data": In(DataPort(config)),
                "blocks": In(BlockPort(config)),
                "control": In(ControlPort(config)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        self._add_units(m)
        if self.config.training:
            self._add_units_of_training(m)
        issue = self._connect_passes(m)
        self._connect_control(m)
        self._connect_loss(m)
        self._connect_rows(m)
        self._connect_blocks(m, issue)
        self._connect_array(m, issue)
        self._connect_forward(m)
        if self.config.training:
            self._connect_backward(m)
            self._connect_signals(m, issue)
            self._connect_update(m)
            self._connect_flip(m)
            if self.config.stochastic:
                self._connect_noise(m)
        return m

    def _add_units(self, m):
        """Add memories, array and units that every engine has."""
        config = self.config
        m.submodules.weights = self._weights = WeightMemory(config)
        m.submodules.data = self._data = DataMemory(config)
        m.submodules.rows = self._rows = Rows(config)
        self._operands = [Operand(config) for _ in range(config.regions)]
        for region, operand in enumerate(self._operands):
            m.submodules[f"operand{region or ''}"] = operand
        m.submodules.array = self._array = array_of(config)
        m.submodules.threshold = self._threshold = Threshold(config)
        m.submodules.packer = self._packer = Packer(config)
        m.submodules.transposer = self._transposer = Transposer(config)
        m.submodules.blocks = self._block_moves = Blocks(config)
        m.submodules.scan = self._scan = Scan(config)
        m.submodules.loss = self._loss = Loss(config)
        m.submodules.counters = self._counters = Counters(config, self.identity)
        m.submodules.sequencer = self._sequencer = Sequencer(config)
        m.submodules.table = self._table = TableReader(config)
        m.submodules.forward_pass = self._forward = ForwardPass(config)
        self._passes = {"forward": self._forward}

    def _add_units_of_training(self, m):
        """Add what only an engine that trains has."""
        config = self.config
        delta_memory = TransposedDeltaMemory if config.dual_port else DeltaMemory
        backward_pass = StreamingBackwardPass if config.dual_port else BackwardPass
        m.submodules.signals = self._signals = delta_memory(config)
        m.submodules.magnitude = self._magnitude = Magnitude(config)
        m.submodules.ternarise = self._ternarise = Ternarise(config)
        m.submodules.limits = self._limits = Limits(config)
        m.submodules.group = self._group = Group(config)
        m.submodules.votes = self._votes = Votes(config)
        m.submodules.flip_unit = self._flip = FlipUnit(config)
        m.submodules.flip_count = self._flip_count = FlipCount(config)
        m.submodules.backward_pass = self._backward = backward_pass(config)
        m.submodules.update_pass = self._update = UpdatePass(config)
        self._passes |= {"backward": self._backward, "update": self._update}

    def _connect_passes(self, m):
        """Connect what all passes have; return their merged requests."""
        m.submodules.issue = issue = MergedIssue(self.config)
        for name, each in self._passes.items():
            connect(m, getattr(self._sequencer, name), each.run)
            connect(m, each.table, getattr(self._table, name))
            connect(m, each.rows, getattr(self._rows, name))
            connect(m, each.issue, getattr(issue, name))
        return issue.merged

    def _connect_control(self, m):
        control, sequencer, counters = self.control, self._sequencer, self._counters
        if not self.config.training:
            connect(m, sequencer.add, counters.add)
        m.d.comb += [
            sequencer.start.eq(control.start),
            sequencer.operation.eq(control.operation),
            sequencer.clear.eq(control.clear),
            sequencer.registers.eq(control.registers),
            control.busy.eq(sequencer.busy | counters.add.busy | sequencer.starting),
            control.passing.eq(sequencer.busy),
            control.slot.eq(sequencer.slot),
            control.counter.eq(counters.word),
            counters.addr.eq(control.counter_addr),
            counters.clear.eq(control.clear),
        ]
        if self.config.training:
            m.d.comb += control.updated.eq(sequencer.updated)
            m.d.comb += control.flushed.eq(sequencer.flushed)

    def _connect_loss(self, m):
        control, sequencer, loss = self.control, self._sequencer, self._loss
        connect(m, self._scan.outputs, loss.outputs)
        m.d.comb += [
            self._scan.stall.eq(control.score_valid & ~control.score_ready),
            loss.restart.eq(sequencer.forward.start),
            loss.label.eq(control.label),
            loss.classes.eq(control.registers.classes),
            loss.outputs_per_class.eq(control.registers.outputs_per_class),
            control.score.eq(loss.score),
            control.score_valid.eq(loss.score_valid & sequencer.inferring),
        ]
        if self.config.training:
            connect(m, loss.verdict, sequencer.verdict)
            m.d.comb += [
                loss.margin.eq(control.registers.margin),
                control.hit.eq(loss.verdict.hit),
                control.active.eq(loss.verdict.active),
            ]

    def _connect_rows(self, m):
        rows, table, passes = self._rows, self._table, self._passes.values()
        connect(m, flipped(self.data), rows.host)
        connect(m, rows.memory, self._data)
        connect(m, self._packer.words, rows.words)
        m.d.comb += [
            rows.start.eq(Cat(each.run.start for each in passes)),
            rows.done.eq(Cat(each.run.done for each in passes)),
            rows.open.eq(Cat(each.table.open for each in passes)),
            rows.loaded.eq(self._forward.table.done),
            rows.table_row.eq(table.addr),
            rows.slot.eq(self._sequencer.slot),
            rows.taken.eq(self._sequencer.taken),
            rows.taking.eq(self._sequencer.taking),
            table.read_data.eq(self._data.read_data),
        ]

    def _connect_blocks(self, m, issue):
        blocks = self._block_moves
        connect(m, flipped(self.blocks), blocks.host)
        connect(m, blocks.transposer, self._transposer)
        connect(m, blocks.weights, self._weights)
        m.d.comb += [
            blocks.taken.eq(self._sequencer.taken),
            blocks.weight_row.eq(issue.weight_row),
        ]

    def _connect_array(self, m, issue):
        """Delay the flags of a word by as much as memory and operand delay the word."""
        array, operands, late = self._array, self._operands, self.config.read_latency
        sources = copies(m, delay(m, issue.source, late - 1), len(operands))
        for operand, source in zip(operands, sources, strict=True):
            m.d.comb += [operand.source.eq(source), operand.word.eq(self._data.operand)]
        m.d.comb += [
            array.sign.eq(Cat(operand.sign for operand in operands)),
            array.mask.eq(Cat(operand.mask for operand in operands)),
            array.weights.eq(self._weights.row),
            array.origin.eq(self._forward.origin),
            Cat(array.valid, array.first, array.last).eq(
                delay(m, Cat(issue.valid, issue.first, issue.last), late + 1)
            ),
        ]
        if self.config.dsp_sums:
            m.d.comb += array.restart.eq(self._table.busy)

    def _connect_forward(self, m):
        forward, packer, threshold = self._forward, self._packer, self._threshold
        connect(m, forward.packer, packer.forward)
        connect(m, forward.scan, self._scan.request)
        m.d.comb += [
            forward.array_done.eq(self._array.done),
            threshold.sums.eq(self._array.sums),
            threshold.lanes.eq(forward.lanes),
            packer.fired.first.eq(threshold.fire),
            self._scan.sums.eq(self._array.sums),
        ]
        if self.config.training:
            m.d.comb += packer.fired.second.eq(threshold.gate)

    def _connect_backward(self, m):
        backward, ternarise, packer = self._backward, self._ternarise, self._packer
        limits, magnitude, sequencer = self._limits, self._magnitude, self._sequencer
        connect(m, backward.recount, self._loss.recount)
        connect(m, backward.ternarise, ternarise.request)
        connect(m, backward.packer, packer.backward)
        connect(m, backward.deltas, packer.deltas)
        m.d.comb += [
            backward.array_done.eq(self._array.done),
            limits.push.eq(self._forward.packer.push),
            limits.forward.eq(sequencer.forward.start),
            limits.backward.eq(sequencer.backward.start),
            limits.window.eq(self._forward.window),
            limits.dead.eq(ternarise.limits),
            magnitude.limits.eq(limits.limits),
            magnitude.sums.eq(self._array.sums),
            self._threshold.far.eq(magnitude.far),
            ternarise.far.eq(magnitude.far),
            ternarise.sums.eq(self._array.sums),
            ternarise.gate.eq(self._group.gate),
        ]

    def _connect_signals(self, m, issue):
        """Connect the delta memory: the backward pass writes it, or the update pass."""
        signals, backward, update = self._signals, self._backward, self._update
        m.d.comb += signals.row.eq(delay(m, issue.signal_row, self.config.read_latency - 1))
        for operand in self._operands:
            m.d.comb += [operand.signs.eq(signals.signs), operand.masks.eq(signals.masks)]
        if self.config.dual_port:
            m.d.comb += [
                signals.write.eq(delay(m, update.unload, 1)),
                signals.write_row.eq(delay(m, update.unload_row, 1)),
                signals.write_part.eq(delay(m, update.unload_part, 1)),
                signals.word.eq(self._transposer.word),
            ]
        else:
            m.d.comb += [
                signals.write.eq(backward.write),
                signals.sign.eq(backward.sign),
                signals.mask.eq(backward.mask),
                signals.filled.eq(self._sequencer.filled),
            ]

    def _connect_update(self, m):
        update, blocks, group, rows = self._update, self._block_moves, self._group, self._rows
        connect(m, update.slots, self._sequencer.slots)
        connect(m, update.blocks, blocks.move, group.move)
        m.d.comb += [
            group.word.eq(self._data.read_data),
            group.gate_word.eq(self._backward.gate_word),
            group.filled.eq(self._sequencer.filled),
            blocks.columns.eq(group.columns),
            blocks.flips.eq(self._flip.flips),
            rows.accumulators.eq(self._flip.new_accumulators),
            rows.flipped.eq(update.flipped),
            rows.store_accumulators.eq(update.store_accumulators),
            self._array.zero_true_vote.eq(update.zero_true),
        ]

    def _connect_flip(self, m):
        update, flip, votes, count = self._update, self._flip, self._votes, self._flip_count
        connect(m, self._sequencer.add, count.passes)
        connect(m, count.counters, self._counters.add)
        m.d.comb += [
            votes.sums.eq(self._array.sums),
            votes.lanes.eq(update.lanes),
            votes.zero_true.eq(update.zero_true),
            flip.votes.eq(votes.votes),
            flip.accumulators.eq(self._data.read_data),
            flip.weights.eq(self._transposer.word),
            flip.theta.eq(update.theta),
            count.flips.eq(flip.flips),
            count.flipped.eq(update.flipped),
            count.layer_done.eq(update.layer_done),
            count.layer.eq(update.layer),
        ]
        if self.config.decay:
            m.d.comb += flip.decay.eq(update.decay)

    def _connect_noise(self, m):
        m.submodules.noise = noise = Noise(self.config)
        rounding = self.control.registers.rounding
        m.d.comb += [
            noise.write.eq(self.control.noise_write),
            noise.write_data.eq(self.control.noise_data),
            noise.step.eq(self._backward.draw | (self._update.flip & (rounding != 0))),
            self._ternarise.draws.eq(noise.draws),
            self._flip.rounding.eq(rounding),
            self._flip.draws.eq(noise.draws),
        ]
