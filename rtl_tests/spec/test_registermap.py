"""The register map says what the protocol says, nothing else."""

import json
import struct
from dataclasses import replace

from boldboards.icebreaker import ENGINE as ICEBREAKER

from boldhw.spec.protocol import COUNTERS, STORE_REGISTERS, Bank, Command, Register, identity_bytes
from boldhw.spec.registermap import markdown, register_map

STORED = replace(ICEBREAKER, store="flash", store_bytes=1 << 23)


def test_every_register_and_command_is_listed_at_its_number():
    found = register_map(ICEBREAKER)
    listed = {r["name"]: r["address"] for r in found["registers"]}
    assert listed == {r.name: r.value for r in Register if r not in STORE_REGISTERS}
    assert {c["name"]: c["code"] for c in found["commands"]} == dict(Command.__members__.items())


def test_a_store_adds_registers_and_a_bank():
    found = register_map(STORED)
    assert {r["name"]: r["address"] for r in found["registers"]} == dict(Register.__members__)
    assert found["banks"][-1] == {"number": Bank.STORE, "name": "STORE", "item_bytes": 1}
    assert [r["access"] for r in found["registers"][9:]] == ["write"] * 6


def test_everything_has_a_description():
    found = register_map(STORED)
    descriptions = {r["name"]: r["description"] for r in found["registers"]}
    assert descriptions["BATCH"] == "active samples per update, 1..K"
    for group in ("registers", "commands", "status", "layer_fields"):
        assert found[group]
        assert all(entry["description"].strip() for entry in found[group]), group


def test_design_is_named_and_sized():
    found = register_map(ICEBREAKER)
    assert found["design_digest"] == ICEBREAKER.digest().hex()
    assert [bank["item_bytes"] for bank in found["banks"]] == [
        ICEBREAKER.data_bytes,
        ICEBREAKER.block_bytes,
    ]
    assert found["counters"] == [*COUNTERS, "flips_1", "flips_2", "flips_3", "flips_4"]
    assert json.loads(json.dumps(found)) == found


def test_every_field_of_the_layer_table_is_described():
    found = register_map(ICEBREAKER)
    listed = {name for row in found["layer_table"] for name in row}
    assert listed == {field["name"] for field in found["layer_fields"]}
    origin = next(field for field in found["layer_fields"] if field["name"] == "origin")
    assert (origin["bits"], origin["signed"]) == (ICEBREAKER.sum_bits, True)


def test_the_identity_is_listed_as_it_is_sent():
    """Each value is found at its offset in the payload of HELLO."""
    payload = identity_bytes(ICEBREAKER, 24_000_000)
    values = {
        entry["name"]: struct.unpack_from(f"<{entry['format']}", payload, entry["offset"])[0]
        for entry in register_map(ICEBREAKER)["identity"]
    }
    assert values["magic"] == b"BOLD"
    assert values["digest"] == ICEBREAKER.digest()
    assert values["signal_rows"] == ICEBREAKER.signal_rows
    assert values["clock_hz"] == 24_000_000


def test_markdown_has_a_row_per_entry():
    lines = markdown(ICEBREAKER).splitlines()
    assert "| 9 | NOISE | 16 | 0 | write |" in "\n".join(lines)
    rows = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in rows if "cycles_forward" in line}) == 1
    assert sum(line.startswith("| ") for line in rows) > len(Register) + len(Command)
