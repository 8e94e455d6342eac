"""Tables of documentation pages that are made from the code, and put where the pages have marks.

A mark is a pair of lines, ``<!-- table: NAME -->`` and ``<!-- end -->``. What is between them is
replaced; everything else of the page is written by hand.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path

from boldhw.errors import ConfigError, DataError
from boldhw.golden.hyper import FEATURES, Hyper
from boldhw.report.hyper_pictures import pictures
from boldhw.report.op_pages import OP_TABLES, Table
from boldhw.spec.engine import MAX_PAYLOAD, PROTOCOL_VERSION
from boldhw.spec.protocol import (
    COUNTERS,
    FLAGS,
    IDENTITY,
    READABLE,
    REASONS,
    STORE_REGISTERS,
    Bank,
    Command,
    Register,
    Status,
    encode,
)
from boldhw.spec.registermap import identity_rows
from boldhw.spec.table import PASS_ROWS, TABLE

PROTOCOL, HYPER = "reference/protocol.md", "figures/hyper"  # below docs/
MARK = re.compile(r"<!-- table: (.+?) -->\n(.*?)<!-- end -->", re.DOTALL)
ITEMS = {Bank.DATA: "data_bytes", Bank.WEIGHTS: "block_bytes", Bank.STORE: "store_width / 8"}
PASSES = ("forward", "backward", "update")
MEANINGS = {
    "magic": "BOLD",
    "version": "of the protocol",
    "flags": "see below",
    "digest": "names the design",
    "elements": "P",
    "lanes": "S",
    "batch": "K",
    "accumulator_bits": "A",
    "popcount_registers": "registers in a popcount tree; of no use to a client",
    "max_layers": "entries of the layer table",
    "window": "commands that may wait for their replies",
    "max_payload": f"longest payload, at most {MAX_PAYLOAD}",
    "max_fan_in": "largest padded fan-in",
    "weight_rows": "rows of the weight memory",
    "last_data_row": "last row of the data memory",
    "signal_rows": "rows of the delta memory",
    "clock_hz": "clock of the engine",
    "store_bits": "bit length of the store's bytes",
}


def filled(page: str) -> str:
    """Return a page whose marked tables are those of the code.

    Raises DataError for a mark that names no table.
    """

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name not in TABLES:
            raise DataError(f"there is no table {name!r}; the tables are {', '.join(TABLES)}")
        return f"<!-- table: {name} -->\n\n{TABLES[name]()}\n\n<!-- end -->"

    return MARK.sub(replaced, page)


def stale(folder: Path) -> dict[Path, str]:
    """Return {file: its text as it must be} of what is not as the code is, below ``docs``.

    These are tables of pages, and a picture for each hyper-parameter. Raises ConfigError for a
    folder without the page of the protocol.
    """
    if not (folder / PROTOCOL).exists():
        raise ConfigError(f"{folder} has no {PROTOCOL}; name the folder docs of boldhw's sources")
    wanted = {path: filled(path.read_text()) for path in sorted(folder.rglob("*.md"))}
    wanted |= {folder / HYPER / f"{name}.svg": text for name, text in pictures().items()}
    return {
        path: text for path, text in wanted.items() if not path.exists() or path.read_text() != text
    }


def markdown(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _filled(table: Callable[[], Table]) -> str:
    return markdown(*table())


def _status() -> str:
    rows = [(each.value, each.name, REASONS.get(each, "done")) for each in Status]
    return markdown(("status", "name", "meaning"), rows)


def _commands() -> str:
    rows = [(f"0x{each.value:02x}", each.name, each.doc) for each in Command]
    return markdown(("type", "name", "request -> reply"), rows)


def _identity() -> str:
    rows = [(r["offset"], r["name"], r["format"], MEANINGS[r["name"]]) for r in identity_rows()]
    rows.append((IDENTITY.size, "", "", "the end: the payload has so many bytes"))
    return markdown(("offset", "name", "format", "meaning"), rows)


def _flags() -> str:
    meanings = {
        "training": "it trains; without, it only infers",
        "stochastic": "it has the noise generator",
        "decay": "it has the multipliers of decay",
        "flash": "the store is a flash; without, SDRAM",
        "dsp_sums": "sums are in multipliers; of no use to a client",
        "dual_port": "its data memory has two ports; of no use to a client",
    }
    rows = [(bit, name, meanings[name]) for bit, name in enumerate(FLAGS)]
    return markdown(("bit", "name", "if it is set"), rows)


def _registers() -> str:
    rows = [
        (each.value, each.name, "yes" if each in READABLE else "no",
         "engines with a store" if each in STORE_REGISTERS else "all", each.doc)
        for each in Register
    ]  # fmt: skip
    return markdown(("addr", "name", "readable", "in", "meaning"), rows)


def _banks() -> str:
    rows = [(each.value, each.name, ITEMS[each]) for each in Bank]
    return markdown(("bank", "name", "bytes of an item"), rows)


def _layer_table() -> str:
    rows = []
    for row, given in enumerate(TABLE):
        keys = [field.key for field in given] + [""] * (4 - len(given))
        rows.append((row, PASSES[row // PASS_ROWS], *keys))
    heads = ("row", "pass", "bits 0-15", "bits 16-31", "bits 32-47", "bits 48-63")
    return markdown(heads, rows)


def _counters() -> str:
    rows: list[tuple[int, str]] = [(4 * n, name) for n, name in enumerate(COUNTERS)]
    rows.append((4 * len(COUNTERS), "flips_1, and so on: one for each of max_layers entries"))
    return markdown(("offset", "counter"), rows)


def _version() -> str:
    return markdown(("version",), [(PROTOCOL_VERSION,)])


def _hyper() -> str:
    given = fields(Hyper)
    rows = [
        (f"[{field.name}](#{field.name})", f"`--{field.name.replace('_', '-')}`",
         field.default, getattr(FEATURES, field.name))
        for field in given
    ]  # fmt: skip
    return markdown(("name", "option", "default", "for features"), rows)


def _examples() -> str:
    examples = [
        ("HELLO, seq 7", (Command.HELLO, 7, 0, b"")),
        ("REG_WRITE of 257 to register MARGIN, seq 8",
         (Command.REG_WRITE, 8, Register.MARGIN, b"\1\1")),
    ]  # fmt: skip
    rows = [(what, f"`{encode(*words).hex(' ')}`") for what, words in examples]
    return markdown(("frame", "bytes on the line"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "status": _status,
    "commands": _commands,
    "identity": _identity,
    "flags": _flags,
    "registers": _registers,
    "banks": _banks,
    "layer table": _layer_table,
    "counters": _counters,
    "version": _version,
    "examples": _examples,
    "hyper-parameters": _hyper,
    **{name: partial(_filled, table) for name, table in OP_TABLES.items()},
}
