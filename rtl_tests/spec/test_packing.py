"""Packed memories, bit by bit, against the addresses that layout.py and protocol.py promise."""

import subprocess
import sys
import zlib
from dataclasses import replace

import numpy as np
import pytest
from support.engines import WIDE

from boldhw.errors import ConfigError, DataError
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE, Network
from boldhw.spec import packing
from boldhw.spec.engine import TABLE_ROWS, EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.table import TABLE

SMALL = EngineConfig(
    elements=3,
    lanes=12,
    batch=4,
    accumulator_bits=5,
    weight_rows=128,
    data_rows=4096,
    signal_rows=64,
)
CASES = [
    Layout(SMALL, (25, 7, 13, 4)),
    Layout(replace(SMALL, elements=10, lanes=20, accumulator_bits=7), (21, 11, 10)),
    Layout(replace(SMALL, elements=2, lanes=8, accumulator_bits=16), (8, 2)),
    Layout(replace(SMALL, training=False), (25, 7, 4)),
]


def random_network(layout, seed=0):
    network = Network(layout.network.widths, layout.config, seed)
    limit = 1 << layout.config.accumulator_bits - 1
    generator = np.random.default_rng(seed)
    network.accumulators = [
        generator.integers(-limit, limit, (n, m)).astype(np.int16) for m, n in layout.shapes
    ]
    return network


def plane_bits(layout, row, matrix):
    """Yield (byte, bit) of every T of a plane, by the text of protocol.Bank.WEIGHTS."""
    config, p = layout.config, layout.config.elements
    words, word_bytes = -(-matrix.shape[1] // config.lanes), -(-p // 8)
    for output, lane in np.argwhere(matrix).tolist():
        weight_row = row + output // p * words + lane // config.lanes
        block = weight_row * config.subwords + lane % config.lanes // p
        start = block * config.block_bytes + output % p * word_bytes
        yield start + lane % p // 8, lane % p % 8


def set_bits(size, positions):
    data = bytearray(size)
    for byte, bit in positions:
        data[byte] |= 1 << bit
    return bytes(data)


@pytest.mark.parametrize("layout", CASES)
def test_every_weight_lies_at_its_address(layout):
    network = random_network(layout)
    positions = []
    for index, (layer, weights) in enumerate(zip(layout.layers, network.weights, strict=True)):
        positions += plane_bits(layout, layer.weight_row, weights)
        if index and layout.config.training:
            positions += plane_bits(layout, layer.transposed_row, weights.T)
    assert len(positions) == len(set(positions))
    expected = set_bits(layout.weight_blocks * layout.config.block_bytes, positions)
    assert packing.pack_weights(layout, network.weights) == expected


@pytest.mark.parametrize("layout", CASES)
def test_every_accumulator_lies_at_its_address(layout):
    network, p, a = random_network(layout), layout.config.elements, layout.config.accumulator_bits
    if not layout.config.training:
        assert packing.pack_accumulators(layout, network.accumulators) == b""
        return
    positions = []
    for layer, array in zip(layout.layers, network.accumulators, strict=True):
        for (j, i), value in np.ndenumerate(array):
            row = layer.accumulator_row - layout.accumulator_row + i // p * (layer.groups * p) + j
            bits = [i % p * a + bit for bit in range(a) if int(value) >> bit & 1]
            positions += [(row * layout.config.data_bytes + bit // 8, bit % 8) for bit in bits]
    rows = layout.accumulator_end - layout.accumulator_row
    expected = set_bits(rows * layout.config.data_bytes, positions)
    assert packing.pack_accumulators(layout, network.accumulators) == expected


@pytest.mark.parametrize("layout", CASES)
def test_every_sample_bit_lies_at_its_address(layout):
    bits = np.random.default_rng(1).random((3, layout.network.widths[0])) < 0.5
    packed = packing.pack_samples(layout, bits)
    assert packed.dtype == np.uint8
    for sample, row in zip(bits, packed, strict=True):
        positions = []
        for i in np.flatnonzero(sample).tolist():
            word, lane = divmod(i, layout.config.lanes)
            positions.append((word * layout.config.word_bytes + lane // 8, lane % 8))
        assert row.tobytes() == set_bits(layout.sample_bytes, positions)


@pytest.mark.parametrize("layout", CASES)
def test_unpacking_is_the_inverse(layout):
    network = random_network(layout, seed=3)
    weights = packing.pack_weights(layout, network.weights)
    accumulators = packing.pack_accumulators(layout, network.accumulators)
    for before, after in zip(network.weights, packing.unpack_weights(layout, weights), strict=True):
        assert after.dtype == np.bool_
        assert (before == after).all()
    unpacked = packing.unpack_accumulators(layout, accumulators)
    for before, after in zip(network.accumulators, unpacked, strict=True):
        assert after.dtype == np.int16
        assert (after == before * layout.config.training).all()


@pytest.mark.parametrize("layout", CASES)
def test_table_fields(layout):
    """Four fields a row, first field lowest, of Layout and Settings; all other bytes are 0."""
    settings = Hyper(batch=4).settings(layout.config, layout.network)
    settings = settings.changed(tau=(3,) * len(layout.layers))
    data = packing.pack_table(layout, settings)
    size = layout.config.data_bytes
    assert len(data) == TABLE_ROWS * len(layout.layers) * size
    for index in range(len(layout.layers)):
        for row in range(TABLE_ROWS):
            content = data[(TABLE_ROWS * index + row) * size :][:size]
            fields = np.frombuffer(content[:8], "<u2").tolist()
            names = [field.key for field in TABLE[row]] if row < len(TABLE) else []
            values = [field_value(name, layout.layers[index:], settings, index) for name in names]
            assert fields == values + [0] * (4 - len(values))
            assert not any(content[8:])


def field_value(name, layers, settings, index):
    if name == "origin":
        tau = 3 if layers[1:] else 0
        return -(tau + (0 if settings.column("zero_true")[index] else layers[0].pad)) & 0xFFFF
    if name.startswith("above_"):
        return vars(layers[1])[name.removeprefix("above_")] if layers[1:] else 0
    if name in vars(layers[0]):
        return vars(layers[0])[name]
    return int(settings.column(name)[index])


def test_limits_beyond_the_engine_become_its_largest():
    layout = CASES[0]
    layers = len(layout.layers)
    settings = Hyper(batch=4).settings(layout.config, layout.network)
    settings = settings.changed(**dict.fromkeys(("window", "dead", "theta"), (65535,) * layers))
    rows = np.frombuffer(packing.pack_table(layout, settings), np.uint8)
    rows = rows.reshape(layers, TABLE_ROWS, -1)[:, :, :8].copy().view("<u2")
    largest = {"window": (1 << layout.config.sum_bits - 1) - 1}
    largest |= {"dead": largest["window"], "theta": (1 << layout.config.accumulator_bits) - 1}
    for row, fields in enumerate(TABLE):
        for column, field in enumerate(fields):
            if field.key in largest:
                assert (rows[:, row, column] == largest[field.key]).all()


def test_table_refuses_registers_of_another_engine():
    settings = Hyper(batch=32).settings(REFERENCE, (25, 7, 13, 4))
    with pytest.raises(ConfigError, match="batch=32 must be an integer from 1 to 4"):
        packing.pack_table(CASES[0], settings)


def test_state_crc_covers_exactly_these_bytes():
    layout = CASES[0]
    network = random_network(layout)
    assert network.state_crc() == {
        "weights": zlib.crc32(packing.pack_weights(layout, network.weights)),
        "accumulators": zlib.crc32(packing.pack_accumulators(layout, network.accumulators)),
    }


LAYOUT = Layout(WIDE, (784, 120, 10))
NETWORK = Network((784, 120, 10), WIDE)


@pytest.mark.parametrize(
    ("function", "argument", "message"),
    [
        (packing.pack_weights, NETWORK.weights[:1], "arrays of shapes"),
        (packing.pack_weights, NETWORK.accumulators, "has bool arrays"),
        (packing.pack_weights, [w.T for w in NETWORK.weights], "has bool arrays"),
        (packing.pack_accumulators, NETWORK.weights, "has int16 arrays"),
        (packing.unpack_weights, b"\0" * 7, "weights are 7 bytes, the layout takes 20400"),
        (packing.unpack_accumulators, b"", "accumulators are 0 bytes"),
        (packing.pack_samples, np.zeros((2, 783), bool), r"\(2, 783\)"),
        (packing.pack_samples, np.zeros(784, bool), r"\(784,\)"),
        (packing.pack_samples, np.zeros((2, 784), np.uint8), "type uint8"),
    ],
)
def test_wrong_arrays_are_refused(function, argument, message):
    with pytest.raises(DataError, match=message):
        function(LAYOUT, argument)


@pytest.mark.parametrize("statement", ["import boldhw.spec.packing", "from boldhw import Trainer"])
def test_golden_imports_numpy_only(statement):
    """The golden model runs without HDL tools, driver, command line and data packages."""
    code = f"{statement}; import boldhw.golden.checkpoint, boldhw.data, sys; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "numpy" in modules
    roots = {module.partition(".")[0] for module in modules}
    assert not roots & {"amaranth", "boldhost", "cobs", "serial", "click", "sklearn", "mlxtend"}


def test_importing_boldhw_alone_imports_nothing():
    """Gateware lives in the same package and must not load NumPy."""
    code = "import boldhw, sys; print('numpy' in sys.modules, hasattr(boldhw, 'nonsense'))"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.split() == ["False", "False"]
