"""Register map of a design for people who talk to it without our driver: Markdown and JSON.

Everything comes from :mod:`boldhw.spec.protocol` and :mod:`boldhw.spec.table`.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate
from typing import Any

from boldhw.spec.engine import LICENSE, PROTOCOL_VERSION, EngineConfig
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.protocol import (
    COUNTERS,
    FRAME,
    IDENTITY_VALUES,
    MAX_PAYLOAD,
    READABLE,
    REASONS,
    Command,
    Status,
    banks_of,
    registers_of,
)
from boldhw.spec.table import FIELDS, TABLE


def register_map(config: EngineConfig) -> dict[str, Any]:
    """Return the register map of a design as a JSON-able dict."""
    sizes = (config.data_bytes, config.block_bytes, config.store_width // 8)
    return {
        "license": LICENSE,
        "protocol_version": PROTOCOL_VERSION,
        "design_digest": config.digest().hex(),
        "engine": asdict(config),
        "frame": FRAME,
        "max_payload": MAX_PAYLOAD,
        "registers": [
            {
                "address": register.value,
                "name": register.name,
                "bits": FIELD_BITS,
                "reset": 0,
                "access": "read-write" if register in READABLE else "write",
                "description": register.doc,
            }
            for register in registers_of(config)
        ],
        "commands": [
            {"code": command.value, "name": command.name, "description": command.doc}
            for command in Command
        ],
        "status": [
            {"code": status.value, "name": status.name, "description": REASONS.get(status, "done")}
            for status in Status
        ],
        "banks": [
            {"number": bank.value, "name": bank.name, "item_bytes": sizes[bank]}
            for bank in banks_of(config)
        ],
        "identity": identity_rows(),
        "counters": [*COUNTERS, *(f"flips_{n + 1}" for n in range(config.max_layers))],
        "layer_table": [[field.key for field in row] for row in TABLE],
        "layer_fields": [
            {
                "name": field.key,
                "bits": field.width(config),
                "signed": field.signed,
                "description": field.doc,
            }
            for field in FIELDS.values()
        ],
    }


def markdown(config: EngineConfig) -> str:
    """Return the register map of a design as Markdown text."""
    found = register_map(config)
    rows = enumerate(found["layer_table"])
    table = [{"row": row, "fields": ", ".join(names)} for row, names in rows]
    parts = [
        *link_sections(found),
        section("Layer table, four 16-bit fields a data-memory row, first field lowest", table),
        section("Fields of the layer table; bits that the engine keeps", found["layer_fields"]),
        section("Engine", [{"parameter": k, "value": v} for k, v in found["engine"].items()]),
    ]
    return "\n\n".join(parts) + "\n"


def link_sections(found: Mapping[str, Any], kind: str = "") -> list[str]:
    """Return the title of a register map, and the sections that every kind of design has.

    found: the register map, JSON-able.  kind: what the title says of the design, after its digest.
    """
    counters = [{"word": word, "counter": name} for word, name in enumerate(found["counters"])]
    about = (
        f"Protocol version {PROTOCOL_VERSION}. Frame: `{FRAME}`. A reply repeats the type with "
        f"bit 7 set and carries the status in the place of the address."
    )
    return [
        f"# Register map of design {found['design_digest']}{kind}",
        f"{about} License of this file: {LICENSE}.",
        section("Registers", found["registers"]),
        section("Commands", found["commands"]),
        section("Status of a reply", found["status"]),
        section("Memory banks", found["banks"]),
        section("IDENTITY, in the format codes of Python's struct", found["identity"]),
        section("Counters, 32 bits each, in the order of STAT", counters),
    ]


def identity_rows(
    values: Sequence[tuple[str, str]] = IDENTITY_VALUES,
) -> list[dict[str, Any]]:
    """Return the values of a payload of HELLO, each with its offset in bytes."""
    sizes = [struct.calcsize(f"<{code}") for _, code in values]
    offsets = accumulate(sizes[:-1], initial=0)
    return [
        {"offset": offset, "name": name, "format": code}
        for offset, (name, code) in zip(offsets, values, strict=True)
    ]


def section(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a heading and a table of Markdown. rows: a dict each, of the same keys."""
    heads = list(rows[0])
    lines = [f"## {title}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(str(value) for value in row.values())} |" for row in rows]
    return "\n".join(lines)
