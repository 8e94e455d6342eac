"""What HELLO says of a design is the design."""

from dataclasses import replace

import pytest

from boldhw.config import ICEBREAKER, WIDE
from boldhw.protocol import MAX_PAYLOAD, WINDOW, Identity, identity_bytes, parse_identity

ENGINES = (
    ICEBREAKER,
    WIDE,
    replace(WIDE, training=False),
    replace(WIDE, stochastic=True, popcount_registers=3),
    replace(WIDE, decay=True, data_rows=1 << 16),
    replace(WIDE, dsp_sums=True, max_layers=16),
)


@pytest.mark.parametrize("engine", ENGINES)
def test_identity_names_every_parameter(engine):
    payload = identity_bytes(engine, 24_000_000)
    expected = Identity(engine.digest(), engine, 24_000_000, WINDOW, MAX_PAYLOAD)
    assert parse_identity(payload) == expected


def test_identity_of_another_protocol_is_refused():
    payload = bytearray(identity_bytes(WIDE, 24_000_000))
    payload[4] += 1
    assert parse_identity(bytes(payload)) is None
