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
from boldhw.gateware.memory.signal_memory import SignalMemory, TurnedSignalMemory
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

    Golden model: :class:`boldhw.golden.network.Network`. Cycle model: :mod:`boldhw.spec.cycles`.
    The ports are described in :mod:`boldhw.gateware.ports`.

    Parameters
    ----------
    config : EngineConfig
    identity : bytes
        What HELLO says; see ``Counters``.
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
        if config.training:
            dual = config.dual_port
            signal_memory = TurnedSignalMemory if dual else SignalMemory
            backward_pass = StreamingBackwardPass if dual else BackwardPass
            m.submodules.signals = self._signals = signal_memory(config)
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
        issue = self._connect_passes(m)
        self._connect_control(m)
        self._connect_data(m)
        self._connect_array(m, issue)
        self._connect_forward(m)
        self._connect_blocks(m, issue)
        if config.training:
            self._connect_backward(m, issue)
            self._connect_flip(m)
        return m

    def _connect_passes(self, m):
        """Connect what all passes have; return what they ask of memories and array."""
        m.submodules.issue = issue = MergedIssue(self.config)
        for name, each in self._passes.items():
            connect(m, getattr(self._sequencer, name), each.run)
            connect(m, each.table, getattr(self._table, name))
            connect(m, each.issue, getattr(issue, name))
        if self.config.training:
            connect(m, self._update.slots, self._sequencer.slots)
        return issue.merged

    def _connect_control(self, m):
        control, sequencer, loss = self.control, self._sequencer, self._loss
        counters = self._counters
        registers = control.registers
        if not self.config.training:
            connect(m, sequencer.add, counters.add)
        m.d.comb += [
            sequencer.start.eq(control.start),
            sequencer.operation.eq(control.operation),
            sequencer.clear.eq(control.clear),
            sequencer.registers.eq(registers),
            control.busy.eq(sequencer.busy | counters.add.busy | sequencer.starting),
            control.passing.eq(sequencer.busy),
            control.slot.eq(sequencer.slot),
            control.counter.eq(counters.word),
            counters.addr.eq(control.counter_addr),
            counters.clear.eq(control.clear),
            loss.restart.eq(sequencer.forward.start),
            loss.label.eq(control.label),
            loss.classes.eq(registers.classes),
            loss.outputs_per_class.eq(registers.outputs_per_class),
            control.score.eq(loss.score),
            control.score_valid.eq(loss.score_valid & sequencer.inferring),
        ]
        if self.config.training:
            m.d.comb += [
                loss.margin.eq(registers.margin),
                sequencer.hit.eq(loss.hit),
                sequencer.active.eq(loss.active),
                control.hit.eq(loss.hit),
                control.active.eq(loss.active),
                control.updated.eq(sequencer.updated),
                control.flushed.eq(sequencer.flushed),
            ]

    def _connect_data(self, m):
        rows, passes, sequencer = self._rows, self._passes.values(), self._sequencer
        for name, each in self._passes.items():
            connect(m, each.rows, getattr(rows, name))
        connect(m, flipped(self.data), rows.host)
        connect(m, rows.memory, self._data)
        connect(m, self._packer.words, rows.words)
        m.d.comb += [
            rows.start.eq(Cat(each.run.start for each in passes)),
            rows.done.eq(Cat(each.run.done for each in passes)),
            rows.open.eq(Cat(each.table.open for each in passes)),
            rows.loaded.eq(self._forward.table.done),
            rows.table_row.eq(self._table.addr),
            rows.slot.eq(sequencer.slot),
            rows.taken.eq(sequencer.taken),
            rows.taking.eq(sequencer.taking),
            self._table.read_data.eq(self._data.read_data),
        ]
        if self.config.training:
            m.d.comb += [
                rows.accumulators.eq(self._flip.new_accumulators),
                rows.flipped.eq(self._update.flipped),
                rows.store_accumulators.eq(self._update.store_accumulators),
            ]

    def _connect_array(self, m, issue):
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
        forward, packer, threshold, scan = self._forward, self._packer, self._threshold, self._scan
        connect(m, forward.packer, packer.forward)
        connect(m, forward.scan, scan.request)
        connect(m, scan.outputs, self._loss.outputs)
        m.d.comb += [
            forward.array_done.eq(self._array.done),
            threshold.sums.eq(self._array.sums),
            threshold.lanes.eq(forward.lanes),
            packer.fired.first.eq(threshold.fire),
            scan.sums.eq(self._array.sums),
            scan.stall.eq(self.control.score_valid & ~self.control.score_ready),
        ]
        if self.config.training:
            m.d.comb += [
                threshold.far.eq(self._magnitude.far),
                packer.fired.second.eq(threshold.gate),
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
        if self.config.training:
            connect(m, self._update.blocks, blocks.move)
            m.d.comb += blocks.flips.eq(self._flip.flips)

    def _connect_backward(self, m, issue):
        backward, ternarise, signals = self._backward, self._ternarise, self._signals
        packer, limits, magnitude = self._packer, self._limits, self._magnitude
        connect(m, backward.recount, self._loss.recount)
        connect(m, backward.ternarise, ternarise.request)
        connect(m, backward.packer, packer.backward)
        connect(m, backward.deltas, packer.deltas)
        m.d.comb += [
            limits.push.eq(self._forward.packer.push),
            limits.forward.eq(self._sequencer.forward.start),
            limits.backward.eq(self._sequencer.backward.start),
            limits.window.eq(self._forward.window),
            limits.dead.eq(ternarise.limits),
            magnitude.limits.eq(limits.limits),
            backward.array_done.eq(self._array.done),
            ternarise.sums.eq(self._array.sums),
            ternarise.far.eq(magnitude.far),
            magnitude.sums.eq(self._array.sums),
            signals.row.eq(delay(m, issue.signal_row, self.config.read_latency - 1)),
        ]
        if self.config.dual_port:
            update = self._update
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
        for operand in self._operands:
            m.d.comb += [operand.signs.eq(signals.signs), operand.masks.eq(signals.masks)]

    def _connect_flip(self, m):
        update, flip, array, sequencer = self._update, self._flip, self._array, self._sequencer
        votes, count, group = self._votes, self._flip_count, self._group
        connect(m, update.blocks, group.move)
        connect(m, sequencer.add, count.passes)
        connect(m, count.counters, self._counters.add)
        m.d.comb += [
            group.word.eq(self._data.read_data),
            group.gate_word.eq(self._backward.gate_word),
            group.filled.eq(sequencer.filled),
            self._block_moves.columns.eq(group.columns),
            array.zero_true_vote.eq(update.zero_true),
            self._ternarise.gate.eq(group.gate),
            flip.accumulators.eq(self._data.read_data),
            flip.weights.eq(self._transposer.word),
            flip.theta.eq(update.theta),
            votes.sums.eq(array.sums),
            votes.lanes.eq(update.lanes),
            votes.zero_true.eq(update.zero_true),
            flip.votes.eq(votes.votes),
            count.flips.eq(flip.flips),
            count.flipped.eq(update.flipped),
            count.layer_done.eq(update.layer_done),
            count.layer.eq(update.layer),
        ]
        if self.config.decay:
            m.d.comb += flip.decay.eq(update.decay)
        if self.config.stochastic:
            self._connect_noise(m)

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
