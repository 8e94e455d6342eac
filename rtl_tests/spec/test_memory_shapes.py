"""The memories of the contract are those that the gateware builds."""

import re
from collections import Counter
from dataclasses import replace

import pytest
from amaranth.back import rtlil
from support.unit_config import CONFIG, PORTS, STORED

from boldhw.gateware.platforms import PLATFORMS
from boldhw.gateware.top import Engine
from boldhw.spec.memories import DEEPEST, WEIGHT_BITS, data, deltas, memories, stack, weights

CLOCK_HZ = 24_000_000
DEEP = replace(CONFIG, data_rows=5600)
ENGINES = {
    "one_port": CONFIG,
    "inference": replace(CONFIG, training=False),
    "dual_port": PORTS["dual_port"],
    "regions": PORTS["regions"],
    "deep": DEEP,
    "most_layers": replace(DEEP, max_layers=16),
    "flash": STORED["flash"],
    "sdram": replace(STORED["wide"], max_fan_in=120),
}
MEMORY = re.compile(r"memory width (\d+) size (\d+) \\(\S+)")
PORT = re.compile(
    r'cell \$mem(rd|wr)_v2 .*?parameter \\MEMID "\\\\(\S+)".*?connect \\ADDR ([^\n]*)', re.DOTALL
)


def built(config, family):
    """Return (name, width, rows, ports) of the memories in the RTLIL of an engine, counted."""
    design = Engine(config, CLOCK_HZ)
    text = rtlil.convert(design, name="top", platform=PLATFORMS[family], emit_src=False)
    found = Counter()
    for module in text.split("\nmodule ")[1:]:
        addresses = {(name, kind): addr for kind, name, addr in PORT.findall(module)}
        for width, rows, name in MEMORY.findall(module):
            ports = len({addresses[name, "rd"], addresses[name, "wr"]})
            found[name, int(width), int(rows), ports] += 1
    return found


def counted(found):
    return Counter((each.name, each.width, each.rows, each.ports) for each in found)


@pytest.mark.parametrize("family", ["generic", "ecp5"])
@pytest.mark.parametrize("engine", ENGINES)
def test_memories_are_those_of_the_gateware(engine, family):
    config = ENGINES[engine]
    wanted = counted(memories(config, large_blocks=family == "ecp5"))
    assert built(config, family) == wanted


def test_single_port_rams_take_the_place_of_the_data_memory():
    assert built(DEEP, "ice40") == counted(memories(DEEP)) - counted(data(DEEP))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("large_blocks", [False, True])
def test_parts_make_up_the_memory(engine, large_blocks):
    """Each bit of the weights, the data and the deltas is in one part, at its place."""
    config = ENGINES[engine]
    rows, width = config.data_rows, config.data_width
    places = Counter(
        (row, bit) for each in data(config, large_blocks)
        for row in range(each.first_row, each.first_row + each.rows, 512)
        for bit in range(each.first_bit, each.first_bit + each.width)
    )  # fmt: skip
    assert set(places.values()) == {1}
    assert {row for row, _ in places} == set(range(0, rows, 512))
    assert {bit for _, bit in places} == set(range(width))
    parts = weights(config, large_blocks)
    assert sum(each.width for each in parts) == config.elements * config.lanes
    assert all(each.rows == config.weight_rows for each in parts)
    assert max(each.width for each in parts) <= WEIGHT_BITS or not large_blocks
    columns = sum(each.width for each in deltas(config))
    assert columns == 2 * config.batch * config.training


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        (1, [(0, 512)]),
        (513, [(0, 1024)]),
        (1025, [(0, 1024), (1024, 512)]),
        (1537, [(0, 2048)]),
        (5600, [(0, 2048), (2048, 2048), (4096, 1024), (5120, 512)]),
    ],
)
def test_stack_is_as_shallow_as_its_rows_allow(rows, parts):
    assert stack(rows) == parts


def test_a_planted_shape_is_found(monkeypatch):
    """An estimate that counts another memory than the gateware builds differs from the RTLIL."""
    right = built(DEEP, "ecp5")
    monkeypatch.setattr("boldhw.spec.memories.DEEPEST", 2 * DEEPEST)
    assert counted(memories(DEEP, large_blocks=True)) != right
