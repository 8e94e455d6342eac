import struct
from dataclasses import replace

import pytest
from support.unit_config import CONFIG

from boldhw.spec.counters import IDENTITY_WORDS, WORD_BITS, address_bits, counter_words
from boldhw.spec.protocol import COUNTERS, identity_bytes

CLOCK_HZ = 24_000_000


def test_a_counter_takes_two_words():
    assert WORD_BITS == 16
    assert counter_words(CONFIG) == 2 * (len(COUNTERS) + CONFIG.max_layers)
    size = struct.calcsize(f"<{len(COUNTERS) + CONFIG.max_layers}I")
    assert counter_words(CONFIG) * WORD_BITS // 8 == size  # of the reply to STAT


def test_the_identity_is_whole_words():
    assert IDENTITY_WORDS * WORD_BITS // 8 == len(identity_bytes(CONFIG, CLOCK_HZ))


@pytest.mark.parametrize("max_layers", range(1, 17))
def test_each_half_of_the_addresses_holds_its_words(max_layers):
    """And no smaller half would."""
    config = replace(CONFIG, max_layers=max_layers, data_rows=1024)
    half = 1 << address_bits(config) - 1
    longest = max(counter_words(config), IDENTITY_WORDS)
    assert half // 2 < longest <= half
