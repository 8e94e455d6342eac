"""What a host writes into an engine for a network, as files: for a host that has no Python.

``data.hex`` and ``weights.hex`` are read by ``$readmemh``: an item of the bank a line, most
significant digit first, ``@`` and the number of the item in front of a run of items.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

from boldhw.errors import ConfigError
from boldhw.golden.network import Network
from boldhw.spec import packing
from boldhw.spec.engine import LICENSE, EngineConfig
from boldhw.spec.layout import Layout
from boldhw.spec.protocol import Bank, Register
from boldhw.spec.registers import register_values


class Piece(NamedTuple):
    """Items that lie next to each other in a bank.

    first   number of the first one
    size    bytes of an item
    data    all of them, in the order of the link
    """

    name: str
    bank: Bank
    first: int
    size: int
    data: bytes

    @property
    def items(self) -> Iterator[bytes]:
        """Each item."""
        return (self.data[at : at + self.size] for at in range(0, len(self.data), self.size))


def write_image(network: Network, config: EngineConfig, name: str) -> dict[str, str]:
    """Return the text of each file by its name.

    Parameters
    ----------
    network : Network
        A chain of dense layers with settings.
    config : EngineConfig
        The engine that the image is for.
    name : str
        What the header and all names in it begin with.

    Raises ConfigError when the network does not fit the engine, or its accumulators do not.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ConfigError(
            f"name {name!r} is no identifier of C; take a letter, then letters, digits and _"
        )
    layout = Layout(config, network.graph)
    pieces = _pieces(network, layout)
    registers = {**register_values(layout, network.settings), Register.LAYERS: len(layout.layers)}
    described = {
        "network": str(network.graph),
        "design_digest": config.digest().hex(),
        "engine": asdict(config),
        "registers": {register.name: value for register, value in registers.items()},
        "pieces": [
            {"name": piece.name, "bank": piece.bank.name, "first": piece.first,
             "items": len(piece.data) // piece.size}
            for piece in pieces
        ],
    }  # fmt: skip
    return {
        "data.hex": _memory(Bank.DATA, pieces),
        "weights.hex": _memory(Bank.WEIGHTS, pieces),
        "registers.hex": "".join(f"@{r.value:x} {v:04x}\n" for r, v in registers.items()),
        f"{name}.h": _header(name, described, pieces, registers),
        "image.json": json.dumps(described, indent=2) + "\n",
    }


def _pieces(network: Network, layout: Layout) -> list[Piece]:
    """Return what is written into memories. Raises ConfigError."""
    config = layout.config
    if config.training and network.config.accumulator_bits != config.accumulator_bits:
        raise ConfigError(
            f"the network has accumulator_bits={network.config.accumulator_bits}, the engine "
            f"{config.accumulator_bits}; train with that engine (boldhw train --board or --config)"
        )
    table = packing.pack_table(layout, network.settings)
    weights = packing.pack_weights(layout, network.weights)
    pieces = [
        Piece("table", Bank.DATA, 0, config.data_bytes, table),
        Piece("weights", Bank.WEIGHTS, 0, config.block_bytes, weights),
    ]
    if config.training:
        data = packing.pack_accumulators(layout, network.accumulators)
        first = layout.accumulator_row
        pieces.append(Piece("accumulators", Bank.DATA, first, config.data_bytes, data))
    return pieces


def _memory(bank: Bank, pieces: list[Piece]) -> str:
    """Return the items of a bank for $readmemh."""
    lines = []
    for piece in pieces:
        if piece.bank == bank:
            lines += [f"@{piece.first:x}", *(item[::-1].hex() for item in piece.items)]
    return "\n".join(lines) + "\n"


def _header(
    name: str, described: dict[str, Any], pieces: list[Piece], registers: dict[Register, int]
) -> str:
    """Return the header of C: addresses as macros, contents as bytes in the order of the link."""
    upper = name.upper()
    rows = "\n".join(
        f"    {{{register.value}, {value}}}, /* {register.name} */"
        for register, value in registers.items()
    )
    parts = "\n".join(_part(name, piece) for piece in pieces)
    return f"""\
/* SPDX-License-Identifier: {LICENSE}
 *
 * Network {described["network"]} in the engine of design {described["design_digest"]}.
 * RESET, write the pieces by MEM_WRITE, then the registers by REG_WRITE in this order: LAYERS is
 * the last one.
 */
#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>

#define {upper}_DESIGN "{described["design_digest"]}"

{parts}
#define {upper}_REGISTERS {len(registers)}
static const uint16_t {name}_registers[{upper}_REGISTERS][2] = {{
{rows}
}};

#endif
"""


def _part(name: str, piece: Piece) -> str:
    """Return the macros and the contents of a piece."""
    stem = f"{name.upper()}_{piece.name.upper()}"
    lines = (piece.data[at : at + 16] for at in range(0, len(piece.data), 16))
    data = ",\n".join("    " + ", ".join(f"0x{byte:02x}" for byte in line) for line in lines)
    return (
        f"#define {stem}_BANK {piece.bank.value} /* {piece.bank.name} */\n"
        f"#define {stem}_FIRST {piece.first}\n"
        f"#define {stem}_ITEMS {len(piece.data) // piece.size}\n"
        f"#define {stem}_ITEM_BYTES {piece.size}\n"
        f"static const uint8_t {name}_{piece.name}[] = {{\n{data}\n}};\n"
    )
