"""Placement: nothing overlaps, everything lies inside, and what does not fit is refused."""

from dataclasses import replace

import pytest
from support.engines import WIDE

from boldhw.errors import ConfigError
from boldhw.golden.network import REFERENCE
from boldhw.spec.engine import TABLE_ROWS
from boldhw.spec.layout import Layout

NETWORKS = [(784, 120, 10), (64, 10), (41, 39, 12, 3), (1, 1, 1, 1, 2)]


def ceil(a, b):
    return -(-a // b)


def is_partition(areas, start, stop):
    """The (start, rows) areas follow each other without gap or overlap from start to stop."""
    for area_start, rows in sorted(areas):
        if area_start != start:
            return False
        start += rows
    return start == stop


@pytest.mark.parametrize("config", [WIDE, REFERENCE, replace(WIDE, training=False)])
@pytest.mark.parametrize("widths", NETWORKS)
def test_memories_are_divided_without_overlap(config, widths):
    layout, p, s = Layout(config, widths), config.elements, config.lanes
    layers = layout.layers
    weights = [(y.weight_row, ceil(y.fan_in, s) * ceil(y.outputs, p)) for y in layers]
    accumulators = [(y.accumulator_row, ceil(y.fan_in, p) * ceil(y.outputs, p) * p) for y in layers]
    slot = [(y.input_row, ceil(y.fan_in, s)) for y in layers]
    slot += [(y.gate_row, ceil(y.outputs, s)) for y in layers[:-1]]
    slot += [(y.signal_row, 2 * ceil(y.outputs, s)) for y in layers]
    columns = [(y.column_row, ceil(y.outputs, p) * p) for y in layers]
    assert is_partition(slot, 0, layout.slot_rows)
    assert is_partition(columns, 0, layout.column_end)
    assert layout.accumulator_row == TABLE_ROWS * config.max_layers
    if config.training:
        weights += [(y.transposed_row, ceil(y.fan_in, p) * ceil(y.outputs, s)) for y in layers[1:]]
        assert is_partition(accumulators, layout.accumulator_row, layout.accumulator_end)
    assert is_partition(weights, 0, layout.transposed_end)
    slots = config.batch if config.training else 1
    assert layout.data_end == layout.slot_row + slots * layout.slot_stride
    assert layout.transposed_end < config.weight_rows
    assert layout.weight_blocks == layout.transposed_end * s // p


@pytest.mark.parametrize("widths", NETWORKS)
def test_outputs_are_the_inputs_of_the_next_layer(widths):
    layers = Layout(WIDE, widths).layers
    for layer, following in zip(layers, layers[1:], strict=False):
        assert layer.output_row == following.input_row
        assert layer.outputs == following.fan_in
    assert layers[0].transposed_row == 0


def test_loop_counts():
    """41 inputs are two words with 39 lanes too many, and 5 groups with one lane in the last."""
    layer = Layout(WIDE, (41, 39, 12))
    first = layer.layers[0]
    assert (first.words, first.pad) == (2, 39)
    assert (first.input_groups, first.input_lanes) == (5, 1)
    assert (first.groups, first.output_lanes, first.signal_words) == (4, 9, 1)
    assert layer.sample_bytes == 10
    full = Layout(WIDE, (40, 10)).layers[0]
    assert (full.words, full.pad, full.input_lanes, full.output_lanes) == (1, 0, 10, 10)


def test_weights_fill_the_wide_engine():
    """The weight memory has room for one more row, the column row."""
    layout = Layout(WIDE, (784, 120, 10))
    assert layout.transposed_end == WIDE.weight_rows - 1
    assert layout.sample_bytes == 100


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ((8, 8, 8, 8, 8, 8), "5 layers, the engine's table holds 4; .*max_layers=5"),
        ((1020, 8, 2), "layer 1 has 1020 inputs, .* at most 1000; .*max_fan_in=1040"),
        ((8, 1001, 2), "layer 2 has 1001 inputs"),
        ((8, 1001), "last layer has 1001 outputs, .*max_fan_in=1040"),
        ((784, 130, 10), "network 784-130-10 needs weight_rows=278, .*weight_rows=256"),
    ],
)
def test_what_does_not_fit(widths, message):
    with pytest.raises(ConfigError, match=message):
        Layout(WIDE, widths)


@pytest.mark.parametrize("name", ["weight_rows", "data_rows", "signal_rows"])
def test_each_memory_is_checked_to_the_row(name):
    """The size that the message asks for is enough, one row less is not."""
    layout = Layout(WIDE, (784, 120, 10))
    needed = {
        "weight_rows": layout.transposed_end + 1,
        "data_rows": layout.data_end,
        "signal_rows": layout.column_end,
    }[name]
    Layout(replace(WIDE, **{name: needed}), layout.network.widths)
    with pytest.raises(ConfigError, match=f"needs {name}={needed}, .*{name}={needed - 1}"):
        Layout(replace(WIDE, **{name: needed - 1}), layout.network.widths)
