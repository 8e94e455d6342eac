"""An array that runs op lists, as a sequencer does: decode, check, run; sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from boldhw.errors import ConfigError, DataError
from boldhw.golden.ops import count, expand, flip, gather, loss, mac, turn, vote
from boldhw.golden.ops.memories import Memories
from boldhw.spec.arrays import Accumulators, Bits, Labels, Sums
from boldhw.spec.network import Network
from boldhw.spec.ops import heads, images
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.check import check
from boldhw.spec.ops.fields import Op
from boldhw.spec.ops.kinds import (
    Count,
    Expand,
    Flip,
    Gather,
    Loss,
    Mac,
    Segment,
    Turn,
    Vote,
    Window,
)
from boldhw.spec.ops.program import (
    BACKWARD,
    FORWARD,
    LISTS,
    UPDATE,
    Program,
    compiled,
    decoded,
    from_bits,
    to_bits,
)
from boldhw.spec.ops.settings import NetworkValues
from boldhw.spec.packing import check_labels

MOST_OPS = 1024  # of a list
ALONE: dict[type[Op], Callable[[Memories, Any], None]] = {
    Expand: expand.run,
    Gather: gather.run,
    Turn: turn.run,
    Count: count.run,
    Loss: loss.run,
}


class Machine:
    """An array with a program in its memory.

    Parameters
    ----------
    network : Network
    size : ArraySize
    settings : GraphSettings
        Become op lists in the data memory, thresholds and windows in the unit memory; margin and
        batch are registers.
    weights : sequence of ndarray
        bool, of each layer, shape (outputs, fan-in).

    Accumulators and counters are 0 at first. Raises ConfigError when the array does not hold the
    network, with what would.
    """

    def __init__(
        self, network: Network, size: ArraySize, settings: NetworkValues, weights: Sequence[Bits]
    ) -> None:
        self.program = compiled(network, size, settings)
        self.memory = self.program.memory
        self.memories = Memories(size)
        rows = images.weight_rows(self.memory, weights)
        self.memories.weights[: len(rows)] = rows
        self._write(self.program, settings)

    def configure(self, settings: NetworkValues) -> None:
        """Take new settings; all other state stays. Raises ConfigError, and changes nothing."""
        program = compiled(self.memory.network, self.memory.size, settings)
        if program.memory.balanced != self.memory.balanced:
            raise ConfigError(
                "layers with means take rows of the memories; make a new machine to change which "
                "layers have them"
            )
        self._write(program, settings)

    @property
    def classes(self) -> int:
        """Classes that the scores tell apart."""
        return self.memory.network.output.outputs // self._per_class

    def load(self, name: str) -> list[Op]:
        """Return the ops of a list, as they are in the data memory. Raises DataError."""
        start = self.program.starts[name]
        return decoded(from_bits(self.memories.data[start:]), MOST_OPS)

    def reload(self) -> None:
        """Decode and check the lists that are in the data memory. Raises DataError for a bad one.

        ``watchdog`` is then the cycles of the longest list.
        """
        lists = {name: self.load(name) for name in LISTS}
        end = self.program.row + sum(len(op.encode()) for ops in lists.values() for op in ops)
        self.watchdog = check(self.memory.size, lists, (self.program.row, end))
        self.lists = lists

    def run(self, name: str) -> None:
        """Run a list to its end."""
        execute(self.memories, self.lists[name])

    def infer(self, bits: Bits) -> Sums:
        """Return the sums of the last layer, int32, place by place. bits: bool, (inputs,)."""
        self._check_bits(bits[None])
        row, words = images.sample_rows(self.memory, bits)
        self.memories.write_pairs(row, words, np.zeros_like(words))
        self.run(FORWARD)
        return self.memories.scores

    def train(self, bits: Bits, labels: Labels) -> tuple[int, int]:
        """Train on samples in order; return the active ones and the updates.

        bits: bool, shape (samples, inputs).  labels: integers, shape (samples,), 0..classes-1.
        Raises DataError for other samples and labels, and ConfigError for a network that there is
        no loss for, before it trains.
        """
        heads.check_trained(self.memory.network, self.memory.size)
        self._check_bits(bits)
        check_labels(labels, len(bits), self.classes)
        active = updates = 0
        for sample, label in zip(bits, labels, strict=True):
            self.memories.label = int(label)
            self.infer(sample)
            if self.memories.active:
                active += 1
                self.run(BACKWARD)
                self.memories.count += 1
                if self.memories.count == self.batch:
                    updates += self.flush()
        return active, updates

    def flush(self) -> int:
        """Update with the votes given so far; return the updates: 0 or 1."""
        if not self.memories.count:
            return 0
        self.run(UPDATE)
        self.memories.count = 0
        return 1

    def weights(self, turned: bool = False) -> list[Bits]:
        """Return the weights of each layer: bool, shape (outputs, fan-in)."""
        return images.read_weights(self.memory, self.memories.weights, turned)

    def accumulators(self) -> list[Accumulators]:
        """Return the accumulators of each layer: int16, shape (outputs, fan-in)."""
        found = []
        for layer in self.memory.network.layers:
            matrix = np.zeros(layer.shape, np.int16)
            for edge in self.memory.edges[layer.name] if layer in self.memory.learning else ():
                rows = len(edge.words(self.memory.size).used) * layer.outputs
                values = self.memories.accumulators(self.memory.accumulators[edge], rows)
                images.read_accumulators(self.memory, edge, values, matrix)
            found.append(matrix)
        return found

    def _write(self, program: Program, settings: NetworkValues) -> None:
        """Write descriptors, thresholds and registers."""
        self.program = program
        self.memories.margin = heads.margin_of(self.memory.network, settings)
        self.batch, self._per_class = settings.batch, settings.outputs_per_class
        units = images.unit_rows(self.memory, settings)
        self.memories.units[: len(units)] = units
        bits = to_bits(program.rows())
        self.memories.data[program.row : program.row + len(bits), : bits.shape[1]] = bits
        self.reload()

    def _check_bits(self, bits: Bits) -> None:
        inputs = self.memory.network.inputs
        if bits.dtype != np.bool_ or bits.shape[1:] != (inputs,):
            raise DataError(
                f"samples have shape {bits.shape} and type {bits.dtype}; the network takes bool of "
                f"shape (samples, {inputs})"
            )


def execute(memories: Memories, ops: Sequence[Op]) -> None:
    """Run the ops of a list that :func:`boldhw.spec.ops.check.check` has accepted."""
    parts: list[Segment | Window] = []
    for op in ops:
        if isinstance(op, Segment | Window):
            parts.append(op)
            continue
        if isinstance(op, Mac):
            mac.run(memories, op, parts)
        elif isinstance(op, Vote):
            vote.run(memories, op, parts[0])
        elif isinstance(op, Flip):
            flip.run(memories, op, parts[0])
        elif type(op) in ALONE:
            ALONE[type(op)](memories, op)
        if not (isinstance(op, Vote) and op.fused):
            parts = []
