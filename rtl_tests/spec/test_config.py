"""Engine parameters: every limit is held, with the nearest value that works."""

from dataclasses import FrozenInstanceError, replace

import pytest
from boldboards.icebreaker import ENGINE as ICEBREAKER
from support.engines import WIDE

from boldhw.errors import ConfigError
from boldhw.golden.network import REFERENCE
from boldhw.spec.engine import EngineConfig
from boldhw.spec.network import Network


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"elements": 1, "lanes": 8}, "elements=1 .* 2 to 40; .*elements=2"),
        ({"elements": 41, "lanes": 82}, "elements=41 .*elements=40"),
        ({"elements": 2.0}, "elements=2.0 must be an integer"),
        ({"lanes": 10}, "lanes=10 .* 20 to 512; .*lanes=20"),
        ({"lanes": 520}, "lanes=520"),
        ({"lanes": 44}, "lanes=44 is not elements=10 times a power of two; .*lanes=40"),
        ({"lanes": 70}, "lanes=70 is not elements=10 times a power of two; .*lanes=40"),
        ({"batch": 0}, "batch=0"),
        ({"batch": 41}, "batch=41 .*batch=40"),
        ({"accumulator_bits": 1}, "accumulator_bits=1 .* 2 to 16"),
        ({"accumulator_bits": 17}, "accumulator_bits=17"),
        ({"weight_rows": 1}, "weight_rows=1 "),
        ({"weight_rows": 16385}, "weight_rows=16385"),
        ({"data_rows": 64}, "data_rows=64 .* 65 to 65536"),
        ({"signal_rows": 9}, "signal_rows=9 "),
        ({"max_layers": 0}, "max_layers=0"),
        ({"max_layers": 17}, "max_layers=17"),
        ({"max_fan_in": 39}, "max_fan_in=39 .* 40 to 16384"),
        ({"max_fan_in": 2048, "dsp_sums": True}, "max_fan_in=2048 .* 40 to 2047"),
        ({"popcount_registers": 4}, "popcount_registers=4 .* 0 to 3"),
        ({"popcount_registers": True}, "popcount_registers=True"),
    ],
)
def test_out_of_range(changes, message):
    with pytest.raises(ConfigError, match=message):
        replace(WIDE, **changes)


@pytest.mark.parametrize(
    ("changes", "data_bytes"),
    [
        ({}, 8),  # four fields of 16 bits, 10 accumulators of 6 bits
        ({"accumulator_bits": 7}, 9),
        ({"accumulator_bits": 7, "training": False}, 8),
        ({"elements": 9, "lanes": 72}, 9),
        ({"lanes": 80}, 10),
    ],
)
def test_a_row_holds_the_widest_of_its_contents(changes, data_bytes):
    config = replace(WIDE, **changes)
    assert config.data_bytes == data_bytes
    assert config.data_width == 8 * data_bytes


@pytest.mark.parametrize(
    ("changes", "high_lanes"),
    [
        ({}, 15),  # 12 bits of a sum leave 4 of 16 for the count above it
        ({"lanes": 20, "batch": 20}, 11),  # half of the lanes and one
        ({"max_fan_in": 2047}, 7),
    ],
)
def test_counts_of_a_dsp_block_fit_its_operand(changes, high_lanes):
    config = replace(WIDE, dsp_sums=True, **changes)
    assert config.high_lanes == high_lanes
    assert config.high_lanes < 1 << 16 - config.sum_bits


def test_derived_sizes():
    """Ten words of ten bits take two bytes each; forty bits take five."""
    assert WIDE.subwords == 4
    assert WIDE.block_bytes == 20
    assert WIDE.word_bytes == 5
    assert WIDE.weight_blocks == 1024


def test_digest_names_every_parameter():
    """Equal engines have equal digests; one changed field gives another one."""
    stored = replace(WIDE, store="sdram", store_bytes=1 << 17)
    engines = [WIDE, REFERENCE, stored, replace(stored, store_bytes=1 << 18)]
    engines.append(replace(stored, store="flash"))
    for name in EngineConfig.__dataclass_fields__:
        if name.startswith("store"):
            continue
        value = getattr(WIDE, name)
        other = not value if isinstance(value, bool) else {"elements": 5, "lanes": 80}.get(name)
        engines.append(replace(WIDE, **{name: value + 1 if other is None else other}))
    digests = {config.digest() for config in engines}
    assert len(digests) == len(engines)
    assert {len(digest) for digest in digests} == {8}
    assert replace(WIDE).digest() == WIDE.digest()


def test_frozen():
    with pytest.raises(FrozenInstanceError):
        WIDE.elements = 8


def test_parse_network():
    assert Network.parse("784-120-10").widths == (784, 120, 10)
    assert Network.parse("2-2").widths == (2, 2)


@pytest.mark.parametrize("text", ["", "784", "784-", "-10", "784-0-10", "784x10", "7 8-1", "a-b"])
def test_parse_network_refuses(text):
    with pytest.raises(ConfigError, match="such as 784-120-10"):
        Network.parse(text)


def test_sizes_of_a_store():
    """Addresses count words of 16 bits in an SDRAM, of 8 bits in flash."""
    stored = replace(WIDE, store="sdram", store_bytes=1 << 17)
    assert (stored.store_width, stored.store_address_bits, stored.store_parts) == (16, 16, 3)
    flash = replace(WIDE, store="flash", store_bytes=1 << 24)
    assert (flash.store_width, flash.store_address_bits, flash.store_parts) == (8, 24, 5)
    assert stored.has_store
    assert not WIDE.has_store


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"store": "disk"}, "store='disk' is not known; choose none, sdram, flash"),
        ({"store_bytes": 1 << 17}, "store_bytes=131072 must be an integer from 0 to 0"),
        ({"store": "sdram"}, "nearest value that works is store_bytes=131072"),
        ({"store": "sdram", "store_bytes": 3 << 20}, "no power of two; .* store_bytes=2097152"),
        (
            {"store": "flash", "store_bytes": 1 << 20, "training": False},
            "generate with training=True, or with store='none'",
        ),
    ],
)
def test_a_store_that_cannot_work(fields, message):
    with pytest.raises(ConfigError, match=message):
        replace(WIDE, **fields)


def test_sums_in_dsp_blocks_and_a_data_memory_of_two_ports_exclude_each_other():
    with pytest.raises(ConfigError, match="dual_port=True is not for .*dsp_sums=True"):
        replace(ICEBREAKER, dual_port=True)
