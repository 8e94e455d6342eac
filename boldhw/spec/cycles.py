"""The cycle model: how many clock cycles each pass takes, derived from the schedule of the passes.

The counters of the hardware agree with it exactly, whatever the data. Delays of the gateware are
derived here once more on purpose, without a look at its constants: tests that compare the counters
find any slip in either. With sums in DSP blocks a cycle in front of every group of outputs lets its
sums begin, and one behind the first group of a layer closes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from boldhw.spec.engine import EngineConfig
from boldhw.spec.layout import LayerLayout, Layout
from boldhw.spec.network import Network
from boldhw.spec.numbers import ceil_div

FIELD_ROWS = 3  # of a pass
STORE = 2  # cycles to write a pair of words
TURN_OVER = 6  # cycles in which a block of signals goes to the column row and back


@dataclass(frozen=True)
class Cycles:
    """Clock cycles of one forward pass, one backward pass and one update of a network."""

    forward: int
    backward: int
    update: int

    def training_sample(self, active_fraction: float, batch: int) -> float:
        """Return the mean cycles per training sample when a fraction of the samples is active."""
        return self.forward + active_fraction * (self.backward + self.update / batch)


def predict(config: EngineConfig, network: Network) -> Cycles:
    """Return the Cycles of a network on ``config``; raises ConfigError if it is too large.

    An engine without training units has 0 cycles for the backward pass and the update.
    """
    layers = Layout(config, network).layers
    if not config.training:
        return Cycles(forward(config, layers), 0, 0)
    if config.dual_port:
        return Cycles(
            forward(config, layers),
            streaming_backward(config, layers),
            streaming_update(config, layers),
        )
    return Cycles(forward(config, layers), backward(config, layers), update(config, layers))


def forward(config: EngineConfig, layers: Sequence[LayerLayout]) -> int:
    """Hidden layers stream; the last one waits for each group and scans its sums.

    A cycle more judges the sample, to train on it.
    """
    hidden = sum(hidden_layer(config, layer) for layer in layers[:-1])
    last = layers[-1]
    groups = last.groups * (last.words + config.latency + 1)
    return hidden + load(config) + groups + config.dsp_sums + last.outputs + 1 + config.training


def load(config: EngineConfig) -> int:
    """Return the cycles in which a pass reads the table of a layer.

    With two ports it goes on while the last row arrives.
    """
    return FIELD_ROWS + config.read_latency - config.dual_port


def hidden_layer(config: EngineConfig, layer: LayerLayout) -> int:
    """Read the table, read the operands, and store the last pair of words.

    With two ports the pair is stored while the next layer's table is read.
    """
    return load(config) + reads(config, layer) + config.latency + (0 if config.dual_port else STORE)


def reads(config: EngineConfig, layer: LayerLayout) -> int:
    """Return the cycles in which a hidden layer reads its operand words.

    One word per cycle, except while a full pair of output words takes the only port of the data
    memory, and except for a pause between groups: with sums in DSP blocks, and between one-word
    neurons.
    """
    pause = config.dsp_sums or layer.words == 1
    cycle = 0
    taken: set[int] = set()
    for group in range(1, layer.groups + 1):
        for _ in range(layer.words):
            while cycle in taken:
                cycle += 1
            cycle += 1
        if group == 1:
            cycle += config.dsp_sums
        if group % config.subwords == 0 and not config.dual_port:
            first_store = cycle + config.latency
            taken |= {first_store, first_store + 1}
        if group < layer.groups:
            cycle += pause
    return cycle


def backward(config: EngineConfig, layers: Sequence[LayerLayout]) -> int:
    """Signals of the last layer come from the loss, those below from the array, group by group."""
    p, total = config.elements, 1
    for index, layer in enumerate(layers):
        is_last = index + 1 == len(layers)
        fetch = p if is_last else 2 * layers[index + 1].signal_words + config.latency
        total += load(config) + layer.groups * (1 + fetch + p) + STORE * layer.signal_words
        total += 0 if is_last else config.dsp_sums
    return total


def update(config: EngineConfig, layers: Sequence[LayerLayout]) -> int:
    """Gather the inputs of K samples; then every output takes two cycles, so does a block's end."""
    total, p = 1, config.elements
    gather = 1 + ceil_div(config.batch, p) * p + 1
    drain = config.latency
    for layer in layers:
        votes = layer.groups * 2 * (p + 1)
        total += load(config) + 1 + layer.input_groups * (gather + votes + drain)
    return total


def streaming_backward(config: EngineConfig, layers: Sequence[LayerLayout]) -> int:
    """Collect an output per cycle; below, three cycles per group and word of signals above."""
    p, total = config.elements, 1
    for layer, above in zip(layers[:-1], layers[1:], strict=True):
        total += load(config) + 3 * above.signal_words * layer.groups + gate_delay(config) + 2
    last = layers[-1]
    # The last group ends one cycle late, when the loss has run out of classes.
    total += load(config) + last.outputs + (last.outputs % p > 0) + last.groups
    return total + STORE - 1


def gate_delay(config: EngineConfig) -> int:
    """Return the cycles from a group's last mask word to its gate word.

    It is the first cycle not before ``latency - 2`` that leaves the memory to gate words: one
    behind every third. Derived apart from ``gate_delay`` of the gateware, to check it.
    """
    return ceil_div(config.latency - 3, 3) * 3 + 1


def streaming_update(config: EngineConfig, layers: Sequence[LayerLayout]) -> int:
    """Turn the signals, gather the inputs of K samples; then every output takes a cycle.

    A block takes two more cycles, three where there is a transposed plane.
    """
    p, total = config.elements, 1
    columns = ceil_div(config.batch, p)
    # Reads the next block, at the cost of an output; apart from the gateware's ROW_TO_BLOCK.
    read_step = config.latency - 4
    last_output = p if read_step < p else p - 1
    gather = 1 + columns * p + 3
    for index, layer in enumerate(layers):
        turn = layer.groups * 2 * columns * (p + TURN_OVER)
        block = max(p + 2 + (index > 0), read_step + 1)
        drain = last_output + config.latency + 5 - block
        total += load(config) + 1 + turn
        total += layer.input_groups * (gather + layer.groups * block + drain)
    return total
