"""Where a network lies in the memories of an engine. Shared by golden model and driver.

A layer with m inputs and n outputs is cut into ``words = ceil(m / S)`` operand words and
``groups = ceil(n / P)`` groups of outputs. Weight row ``weight_row + g * words + v`` holds, in
bank p, weights of output ``g * P + p`` for inputs ``v * S .. v * S + S - 1``. The transposed plane
of layers 2 and up is the same with inputs and outputs exchanged.
"""

from dataclasses import dataclass
from functools import cached_property

from boldhw.errors import ConfigError
from boldhw.spec import store
from boldhw.spec.engine import (
    MAX_PAYLOAD,
    MOST_ITEMS,
    SLOT_ROWS,
    TABLE_ROWS,
    EngineConfig,
)
from boldhw.spec.layer import Place
from boldhw.spec.network import Network, check_terms
from boldhw.spec.numbers import ceil_div


@dataclass(frozen=True)
class LayerLayout:
    """Addresses and loop counts of one layer; rows named ``*_row`` of a slot are offsets in it.

    fan_in, outputs      m and n
    words, groups        ceil(m / S), ceil(n / P)
    input_groups         ceil(m / P)
    signal_words         ceil(n / S)
    pad                  words * S - m, the lanes of the last word that hold no input
    input_lanes          lanes in use in the last group of inputs, 1..P
    output_lanes         lanes in use in the last group of outputs, 1..P
    weight_row           first row in the weight memory
    transposed_row       first row of the transposed plane (0 for the first layer, which has none)
    accumulator_row      first data-memory row of the accumulators, input group by input group
    column_row           first row in the delta memory
    input_row            slot offset of the input words
    output_row           slot offset of the output words: the next layer's input_row
    gate_row             slot offset of the gate words (the last layer has none)
    signal_row           slot offset of the signal words, sign and mask in turn
    """

    fan_in: int
    outputs: int
    words: int
    groups: int
    input_groups: int
    signal_words: int
    pad: int
    input_lanes: int
    output_lanes: int
    weight_row: int
    transposed_row: int
    accumulator_row: int
    column_row: int
    input_row: int
    output_row: int
    gate_row: int
    signal_row: int


@dataclass(frozen=True)
class Layout:
    """Place of every layer of a network in an engine's memories.

    Raises ConfigError, naming what is too small and what would fit, when it does not fit.
    """

    config: EngineConfig
    network: Network

    def __post_init__(self) -> None:
        config, network = self.config, Network.of(self.network)
        object.__setattr__(self, "network", network)
        network.check_chain()
        count = len(network.layers)
        if count > config.max_layers:
            raise ConfigError(
                f"network has {count} layers, the engine's table holds {config.max_layers}; use "
                f"fewer layers or generate with max_layers={count}"
            )
        self._check_fan_in()
        if self.slot_rows > SLOT_ROWS:
            raise ConfigError(
                f"one sample of network {network.label} takes {self.slot_rows} rows "
                f"of the data memory, at most {SLOT_ROWS} are addressed; use narrower layers or an "
                f"engine with more lanes"
            )
        self._check_rows("weight_rows", self.transposed_end + 1, config.weight_rows)
        self._check_rows("data_rows", self.data_end, config.data_rows)
        if config.training:
            self._check_rows("signal_rows", self.column_end, config.signal_rows)
        self._check_items()
        self.check_frame(MAX_PAYLOAD)

    def _check_fan_in(self) -> None:
        check_terms(self.network)  # no engine adds up more
        lanes, limit = self.config.lanes, self.config.max_fan_in
        for number, layer in enumerate(self.network.layers, 1):
            if ceil_div(layer.inputs, lanes) * lanes > limit:
                raise ConfigError(
                    f"layer {number} has {layer.inputs} inputs, the engine sums at most "
                    f"{limit // lanes * lanes}; use a narrower layer or generate with "
                    f"max_fan_in={ceil_div(layer.inputs, lanes) * lanes}"
                )
        outputs = self.network.output.outputs
        last = ceil_div(outputs, lanes) * lanes
        if last > limit:
            raise ConfigError(
                f"the last layer has {outputs} outputs, the engine sums at most "
                f"{limit // lanes * lanes} of them backward; generate with max_fan_in={last}"
            )

    def _check_rows(self, name: str, needed: int, available: int) -> None:
        if needed > available:
            raise ConfigError(
                f"network {self.network.label} needs {name}={needed}, the engine has "
                f"{name}={available}; use narrower layers or generate with {name}={needed}"
            )

    def check_frame(self, max_payload: int) -> None:
        """Raise ConfigError unless a sample, and its label to train on, fit a frame's payload."""
        config = self.config
        words = (max_payload - config.training) // config.word_bytes
        if ceil_div(self.network.inputs, config.lanes) > words:
            raise ConfigError(
                f"a sample of {self.network.inputs} inputs does not fit a frame of the link; the "
                f"most inputs that work with lanes={config.lanes} are {words * config.lanes}"
            )

    def _check_items(self) -> None:
        for name, items in (("weights", self.weight_blocks), ("data rows", self.data_end)):
            if items > MOST_ITEMS:
                raise ConfigError(
                    f"the network takes {items} items of {name}, the link reaches {MOST_ITEMS}; "
                    f"use narrower layers"
                )

    @cached_property
    def layers(self) -> list[LayerLayout]:
        """One LayerLayout per layer, first layer first."""
        p, s = self.config.elements, self.config.lanes
        weight_row, transposed_row = 0, self.transposed_row
        accumulator_row, column_row, input_row = self.accumulator_row, 0, 0
        gate_row = sum(ceil_div(m, s) for m, _ in self.shapes)
        signal_row = gate_row + sum(ceil_div(n, s) for _, n in self.shapes[:-1])
        layers = []
        for place, (m, n) in zip(self._places, self.shapes, strict=True):
            layer = LayerLayout(
                fan_in=m,
                outputs=n,
                words=ceil_div(m, s),
                groups=ceil_div(n, p),
                input_groups=ceil_div(m, p),
                signal_words=ceil_div(n, s),
                pad=ceil_div(m, s) * s - m,
                input_lanes=m - (ceil_div(m, p) - 1) * p,
                output_lanes=n - (ceil_div(n, p) - 1) * p,
                weight_row=weight_row,
                transposed_row=0 if place.reads_input else transposed_row,
                accumulator_row=accumulator_row,
                column_row=column_row,
                input_row=input_row,
                output_row=input_row + ceil_div(m, s),
                gate_row=gate_row,
                signal_row=signal_row,
            )
            weight_row += layer.words * layer.groups
            if not place.reads_input:
                transposed_row += layer.input_groups * layer.signal_words
            accumulator_row += layer.input_groups * layer.groups * p
            column_row += layer.groups * p
            input_row += layer.words
            gate_row += layer.signal_words
            signal_row += 2 * layer.signal_words
            layers.append(layer)
        return layers

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(fan_in, outputs) of every layer."""
        return self.network.shapes

    @property
    def _places(self) -> list[Place]:
        return [layer.place for layer in self.network.layers]

    @property
    def transposed_row(self) -> int:
        """First row of the transposed planes, just behind the weight planes."""
        p, s = self.config.elements, self.config.lanes
        return sum(ceil_div(m, s) * ceil_div(n, p) for m, n in self.shapes)

    @property
    def transposed_end(self) -> int:
        """Weight rows in use: weight planes, and transposed planes in an engine that trains."""
        p, s = self.config.elements, self.config.lanes
        if not self.config.training:
            return self.transposed_row
        return self.transposed_row + sum(
            ceil_div(m, p) * ceil_div(n, s)
            for place, (m, n) in zip(self._places, self.shapes, strict=True)
            if not place.reads_input
        )

    @property
    def weight_blocks(self) -> int:
        """Weight blocks in use, what STATE_CRC of the weights covers."""
        return self.transposed_end * self.config.subwords

    @property
    def accumulator_row(self) -> int:
        """First data-memory row behind the layer table."""
        return TABLE_ROWS * self.config.max_layers

    @property
    def accumulator_end(self) -> int:
        """One behind the last accumulator row: P accumulators a row, none without training."""
        p = self.config.elements
        rows = sum(ceil_div(m, p) * ceil_div(n, p) * p for m, n in self.shapes)
        return self.accumulator_row + (rows if self.config.training else 0)

    @property
    def slot_rows(self) -> int:
        """Rows that one gathered sample fills: operand, gate and signal words of all layers."""
        s = self.config.lanes
        operands = sum(ceil_div(m, s) for m, _ in self.shapes)
        signals = [ceil_div(n, s) for _, n in self.shapes]
        return operands + sum(signals[:-1]) + 2 * sum(signals)

    @property
    def slot_stride(self) -> int:
        """Rows from one slot to the next: a power of two, so that no address needs an adder."""
        return 1 << (self.slot_rows - 1).bit_length()

    @property
    def slot_row(self) -> int:
        """Data-memory row of the first gathered sample, a multiple of ``slot_stride``."""
        return ceil_div(self.accumulator_end, self.slot_stride) * self.slot_stride

    @property
    def data_end(self) -> int:
        """Data-memory rows in use."""
        slots = self.config.batch if self.config.training else 1
        return self.slot_row + slots * self.slot_stride

    @property
    def column_end(self) -> int:
        """Signal-memory rows in use."""
        p = self.config.elements
        return sum(ceil_div(n, p) * p for _, n in self.shapes)

    @property
    def record_words(self) -> int:
        """Words of the store that one stored sample takes: a word for its label, its operands."""
        return store.record_words(self.config, self.layers[0].words)

    @property
    def record_stride(self) -> int:
        """Words from one stored sample to the next, a power of two."""
        return store.record_stride(self.config, self.layers[0].words)

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample on the link: the first layer's words, each padded to bytes."""
        return ceil_div(self.network.inputs, self.config.lanes) * self.config.word_bytes
