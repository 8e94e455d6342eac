"""What HELLO says of a design is the design."""

from dataclasses import fields, replace

import pytest
from boldboards.icebreaker import ENGINE as ICEBREAKER
from support.engines import WIDE

from boldhw.golden.network import REFERENCE
from boldhw.spec.engine import EngineConfig
from boldhw.spec.protocol import (
    FLAGS,
    FRAME_WINDOW,
    IDENTITY_VALUES,
    MAX_PAYLOAD,
    Identity,
    identity_bytes,
    parse_identity,
)

ENGINES = (
    ICEBREAKER,
    WIDE,
    replace(WIDE, training=False),
    replace(WIDE, stochastic=True, popcount_registers=3),
    replace(WIDE, decay=True, data_rows=1 << 16),
    replace(WIDE, dsp_sums=True, max_layers=16),
    replace(WIDE, dual_port=True, store="sdram", store_bytes=1 << 18),
    replace(WIDE, store="flash", store_bytes=1 << 24),
)
# Engines and the bytes before and behind the digest, as boards in the field send them.
SENT = (
    (ICEBREAKER, "08002000180008000402f6ff030001ff3f000180f0fa0200", "424f4c440411"),
    (
        replace(
            REFERENCE, dual_port=True, store="sdram", store_bytes=1 << 25, elements=20, lanes=80,
            popcount_registers=3,
        ),
        "14005000400010031002f600400040ffff004080f0fa021a",
        "424f4c440427",
    ),
    (
        replace(WIDE, store="flash", store_bytes=1 << 24, data_rows=1 << 16),
        "0a002800200006000402f6ff030001ffff000180f0fa0219",
        "424f4c440409",
    ),
)  # fmt: skip


@pytest.mark.parametrize("config", ENGINES)
def test_identity_names_every_parameter(config):
    payload = identity_bytes(config, 24_000_000)
    expected = Identity(config.digest(), config, 24_000_000, FRAME_WINDOW, MAX_PAYLOAD)
    assert parse_identity(payload) == expected


def test_identity_of_another_protocol_is_refused():
    payload = bytearray(identity_bytes(WIDE, 24_000_000))
    payload[4] += 1
    assert parse_identity(bytes(payload)) is None


@pytest.mark.parametrize(("config", "behind", "before"), SENT)
def test_the_bytes_of_an_identity_stay_as_they_are(config, behind, before):
    expected = bytes.fromhex(before) + config.digest() + bytes.fromhex(behind)
    assert identity_bytes(config, 50_000_000) == expected


def test_a_value_that_an_engine_needs_is_never_left_out():
    """Every parameter is a value of the record, a flag, or follows from a value."""
    named = {name for name, _ in IDENTITY_VALUES} | set(FLAGS)
    parameters = {field.name for field in fields(EngineConfig)}
    assert parameters - named == {"data_rows", "store", "store_bytes"}
