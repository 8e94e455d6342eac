"""The register map of an array of op lists says what its protocol says, nothing else."""

import json
import struct
from dataclasses import replace

from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import ListStatus, OpBank, OpRegister, op_identity_bytes
from boldhw.spec.ops.registermap import op_markdown, op_register_map
from boldhw.spec.protocol import COUNTERS, Command, Status

DESIGN = LinkedArray(ArraySize(elements=7, lanes=28, weight_rows=256))
STORED = replace(DESIGN, store="sdram", store_bytes=1 << 18)


def test_everything_is_listed_at_its_number():
    found = op_register_map(STORED)
    assert {r["name"]: r["address"] for r in found["registers"]} == dict(OpRegister.__members__)
    assert {r["name"]: r["code"] for r in found["status"]} == {
        each.name: each.value for each in (*Status, *ListStatus)
    }
    assert {b["name"]: b["number"] for b in found["banks"]} == dict(OpBank.__members__)
    assert [b["item_bytes"] for b in found["banks"]] == [8, 7, 2, 28, 28, 28]
    assert found["counters"] == list(COUNTERS)
    assert found["design_digest"] == STORED.digest().hex()
    assert {c["name"]: c["code"] for c in found["commands"]} == dict(Command.__members__)
    assert json.loads(json.dumps(found)) == found


def test_without_a_store_nothing_of_it_is_listed():
    found = op_register_map(DESIGN)
    stored = {"STORE_PAGE", "RECORD", "ORDER_SAMPLES", "ORDER_TAPS", "ORDER_STATE"}
    assert set(OpRegister.__members__) - {r["name"] for r in found["registers"]} == stored
    assert set(OpBank.__members__) - {b["name"] for b in found["banks"]} == {"STORE"}
    assert set(Command.__members__) - {c["name"] for c in found["commands"]} == {"TRAIN_STORE"}


def test_the_identity_is_listed_as_it_is_sent():
    payload = op_identity_bytes(DESIGN, 24_000_000)
    values = {
        entry["name"]: struct.unpack_from(f"<{entry['format']}", payload, entry["offset"])[0]
        for entry in op_register_map(DESIGN)["identity"]
    }
    assert (values["magic"], values["lanes"], values["clock_hz"]) == (b"BOLD", 28, 24_000_000)
    assert values["last_weight_row"] == 255


def test_markdown_has_a_row_per_entry():
    text = op_markdown(DESIGN)
    assert "| 9 | LIMIT | 16 | 0 | read-write |" in text
    assert "| 9 | TOO_LONG |" in text
    assert "TRAIN_STORE" not in text
