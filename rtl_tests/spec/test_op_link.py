"""HELLO of an array of op lists says what it is; contents of memories go to bytes and back."""

from dataclasses import fields, replace

import numpy as np
import pytest

from boldhw.errors import ConfigError
from boldhw.spec.engine import MAX_PAYLOAD
from boldhw.spec.network import Network
from boldhw.spec.ops import packing
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import (
    OP_FLAGS,
    OP_IDENTITY,
    OP_IDENTITY_VALUES,
    ROWS,
    OpIdentity,
    op_identity_bytes,
    parse_op_identity,
    runs_op_lists,
)
from boldhw.spec.protocol import FRAME_WINDOW, identity_bytes, parse_identity

SMALL = ArraySize(elements=3, lanes=12, weight_rows=64)
WIDE = ArraySize(
    elements=16, lanes=64, planes=4, batch=12, accumulator_bits=7, transposers=4, dual_port=True,
    weight_rows=1 << 14, score_rows=10, segments=3, popcount_registers=2,
)  # fmt: skip
SIZES = (SMALL, WIDE, replace(SMALL, dsp_sums=True, data_rows=1))


STORES = (
    {},
    {"store": "sdram", "store_bytes": 1 << 25},
    {"store": "flash", "store_bytes": 1 << 23},
)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("size", SIZES)
def test_identity_names_every_parameter(size, store):
    config = LinkedArray(size, **store)
    payload = op_identity_bytes(config, 50_000_000)
    assert parse_op_identity(payload) == OpIdentity(
        config.digest(), config, 50_000_000, FRAME_WINDOW, MAX_PAYLOAD
    )
    assert len(payload) == OP_IDENTITY.size
    assert len(payload) % 2 == 0  # words of 16 bits


def test_a_value_that_an_array_needs_is_never_left_out():
    named = {name for name, _ in OP_IDENTITY_VALUES} | set(OP_FLAGS)
    parameters = {field.name for field in fields(ArraySize)}
    # A driver that opens an array which is made for one program has ``fixed``; the digest tells
    # whether the device has the same.
    assert parameters - named == {f"{name}_rows" for name in ROWS} | {"fixed"}
    assert LinkedArray(replace(SMALL, fixed="{}")).digest() != LinkedArray(SMALL).digest()


def test_the_kinds_of_identities_are_told_apart(monkeypatch):
    from boldboards.icebreaker import ENGINE

    ops, chain = op_identity_bytes(LinkedArray(SMALL), 1), identity_bytes(ENGINE, 1)
    assert (runs_op_lists(ops), runs_op_lists(chain)) == (True, False)
    assert parse_identity(ops) is None
    assert parse_op_identity(chain) is None
    assert parse_op_identity(ops[:4] + b"\x63" + ops[5:]) is None


def test_digests_of_arrays_differ():
    designs = [LinkedArray(size, **store) for size in SIZES for store in STORES]
    assert len({design.digest() for design in designs}) == len(designs)
    assert [LinkedArray.of_parameters(each.parameters()) for each in designs] == designs


@pytest.mark.parametrize(
    ("size", "store", "part"),
    [
        (SMALL, ("ram", 1 << 18), "store='ram' is not known; choose none, sdram, flash"),
        (SMALL, ("sdram", 3 << 17), "the nearest smaller choice is store_bytes=262144"),
        (SMALL, ("none", 4), "store_bytes=4 must be an integer from 0 to 0"),
        (replace(SMALL, inference=True), ("sdram", 1 << 18), "or with store='none'"),
    ],
)
def test_stores_that_no_engine_has_are_refused(size, store, part):
    with pytest.raises(ConfigError, match=part):
        LinkedArray(size, *store)


def test_more_blocks_than_a_frame_addresses_are_refused():
    with pytest.raises(ConfigError, match="the most that work are weight_rows=16384"):
        LinkedArray(replace(WIDE, weight_rows=16385))


@pytest.mark.parametrize("size", SIZES)
def test_rows_go_to_bytes_and_back(size):
    generator = np.random.default_rng(1)
    config, p = LinkedArray(size), size.elements
    rows = generator.random((5, size.data_width)) < 0.5
    data = packing.pack_rows(size, rows)
    assert len(data) == 5 * config.data_bytes
    assert np.array_equal(packing.unpack_rows(size, data), rows)
    weights = generator.random((3, p, size.lanes)) < 0.5
    data = packing.pack_blocks(size, weights)
    assert len(data) == 3 * size.granules * config.block_bytes
    assert np.array_equal(packing.unpack_blocks(size, data), weights)
    units = np.stack(
        [generator.integers(-32768, 32768, (2, p)), generator.integers(0, 65536, (2, p))], axis=2
    )
    data = packing.pack_units(units)
    assert len(data) == 2 * config.unit_bytes
    assert np.array_equal(packing.unpack_units(size, data), units)


def test_a_block_holds_the_same_bits_of_all_elements():
    """Block ``row * S / P + t`` has bits t P to t P + P - 1 of each element."""
    weights = np.zeros((2, 3, 12), np.bool_)
    weights[1, 2, 7] = True  # granule 2, bit 1
    data = packing.pack_blocks(SMALL, weights)
    block = 4 + 2
    assert [number for number, byte in enumerate(data) if byte] == [3 * block + 2]
    assert data[3 * block + 2] == 1 << 1


def test_scores_beyond_16_bits_are_refused():
    packing.check_scores(Network.parse("100-8-4"), 2)
    with pytest.raises(ConfigError, match="adds up 40000 inputs"):
        packing.check_scores(Network.parse("100-20000-4"), 2)
