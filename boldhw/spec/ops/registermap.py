"""Register map of a design that runs op lists: Markdown and JSON.

Everything comes from :mod:`boldhw.spec.ops.protocol` and :mod:`boldhw.spec.protocol`.
"""

from typing import Any

from boldhw.spec.engine import LICENSE, PROTOCOL_VERSION
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import (
    ALL_REASONS,
    OP_IDENTITY_VALUES,
    OP_READABLE,
    ListStatus,
    op_items,
    op_registers_of,
    register_bits,
)
from boldhw.spec.protocol import COUNTERS, FRAME, MAX_PAYLOAD, Command, Status
from boldhw.spec.registermap import identity_rows, link_sections, section


def op_register_map(config: LinkedArray) -> dict[str, Any]:
    """Return the register map of a design as a JSON-able dict."""
    bits = register_bits(config)
    return {
        "license": LICENSE,
        "protocol_version": PROTOCOL_VERSION,
        "design_digest": config.digest().hex(),
        "engine": config.parameters(),
        "frame": FRAME,
        "max_payload": MAX_PAYLOAD,
        "registers": [
            {
                "address": register.value,
                "name": register.name,
                "bits": bits[register],
                "reset": 0,
                "access": "read-write" if register in OP_READABLE else "write",
                "description": register.doc,
            }
            for register in op_registers_of(config)
        ],
        "commands": [
            {"code": command.value, "name": command.name, "description": command.doc}
            for command in Command
            if config.has_store or command != Command.TRAIN_STORE
        ],
        "status": [
            {"code": each.value, "name": each.name, "description": ALL_REASONS.get(each, "done")}
            for each in (*Status, *ListStatus)
        ],
        "banks": [
            {"number": bank.value, "name": bank.name, "item_bytes": size}
            for bank, (_, size) in op_items(config).items()
        ],
        "identity": identity_rows(OP_IDENTITY_VALUES),
        "counters": list(COUNTERS),
    }


def op_markdown(config: LinkedArray) -> str:
    """Return the register map of a design as Markdown text."""
    found = op_register_map(config)
    parts = [
        *link_sections(found, ", which runs op lists"),
        section("Array", [{"parameter": k, "value": v} for k, v in found["engine"].items()]),
    ]
    return "\n\n".join(parts) + "\n"
