"""Register map of a design for people who talk to it without our driver: Markdown and JSON.

Everything comes from :mod:`boldhw.protocol` and :mod:`boldhw.layout`; the descriptions are the
comments that stand behind the members there.
"""

import inspect
import re
from dataclasses import asdict

from boldhw.config import FIELD_BITS, PROTOCOL_VERSION
from boldhw.layout import TABLE
from boldhw.protocol import (
    COUNTERS,
    MAX_PAYLOAD,
    READABLE,
    REASONS,
    Command,
    Register,
    Status,
    banks_of,
    registers_of,
)

FRAME = "COBS(type:1 | seq:1 | addr:2 | payload:0..246 | CRC-32/ISO-HDLC:4) 0x00, little-endian"


def register_map(engine):
    """Return the register map of a design as a JSON-able dict."""
    registers, commands = _comments(Register), _comments(Command)
    sizes = (engine.data_bytes, engine.block_bytes, engine.store_width // 8)
    return {
        "protocol_version": PROTOCOL_VERSION,
        "design_digest": engine.digest().hex(),
        "engine": asdict(engine),
        "frame": FRAME,
        "max_payload": MAX_PAYLOAD,
        "registers": [
            {
                "address": register.value,
                "name": register.name,
                "bits": FIELD_BITS,
                "reset": 0,
                "access": "read-write" if register in READABLE else "write",
                "description": registers.get(register.name, ""),
            }
            for register in registers_of(engine)
        ],
        "commands": [
            {"code": command.value, "name": command.name, "description": commands[command.name]}
            for command in Command
        ],
        "status": [
            {"code": status.value, "name": status.name, "description": REASONS.get(status, "done")}
            for status in Status
        ],
        "banks": [
            {"number": bank.value, "name": bank.name, "item_bytes": sizes[bank]}
            for bank in banks_of(engine)
        ],
        "counters": [*COUNTERS, *(f"flips_{n + 1}" for n in range(engine.max_layers))],
        "layer_table": [list(fields) for fields in TABLE],
    }


def markdown(engine):
    """Return the register map of a design as Markdown text."""
    found = register_map(engine)
    table = [{"row": row, "fields": ", ".join(names)} for row, names in enumerate(TABLE)]
    counters = [{"word": word, "counter": name} for word, name in enumerate(found["counters"])]
    about = (
        f"Protocol version {PROTOCOL_VERSION}. Frame: `{FRAME}`. A reply repeats the type with "
        f"bit 7 set and carries the status in the place of the address."
    )
    parts = [
        f"# Register map of design {found['design_digest']}",
        about,
        _section("Registers", found["registers"]),
        _section("Commands", found["commands"]),
        _section("Status of a reply", found["status"]),
        _section("Memory banks", found["banks"]),
        _section("Counters, 32 bits each, in the order of STAT", counters),
        _section("Layer table, four 16-bit fields a data-memory row, first field lowest", table),
        _section("Engine", [{"parameter": k, "value": v} for k, v in found["engine"].items()]),
    ]
    return "\n\n".join(parts) + "\n"


def _comments(enum):
    """Return the comment behind each member in the source text of an enum."""
    return dict(re.findall(r"^\s+([A-Z_]+) = \w+  # (.+)$", inspect.getsource(enum), re.MULTILINE))


def _section(title, rows):
    heads = list(rows[0])
    lines = [f"## {title}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(str(value) for value in row.values())} |" for row in rows]
    return "\n".join(lines)
