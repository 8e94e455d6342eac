"""What an engine of op lists costs on a board, without building it.

Block RAMs are exact. LUT4 and flip-flops come from :mod:`boldhw.flow.op_model`, fitted to the
engines in ``op_measured.json``: expect them to be off by some percent.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from boldhw.data.files import replace_file
from boldhw.flow import op_model
from boldhw.flow.op_memories import memories_of
from boldhw.spec.memories import records
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.ram import MEMORIES

FILE = Path(__file__).with_name("op_measured.json")
FEWEST = 3  # engines of a family without which nothing is said of it


class OpSample(NamedTuple):
    """Logic of an engine with a serial line, as the tools counted it."""

    family: str
    size: ArraySize
    lut4: int
    ff: int
    ram_blocks: int


def read(path: Path) -> tuple[OpSample, ...]:
    """Return the samples of a file."""
    rows = json.loads(path.read_text())["samples"]
    return tuple(OpSample(**row | {"size": ArraySize(**row["size"])}) for row in rows)


def accept(samples: Iterable[OpSample], tools: str, path: Path) -> None:
    """Put samples of one family into a file, in the place of those that it has of the family.

    tools: names and versions of the programs that counted, for the reader.
    """
    new = list(samples)
    kept = [sample for sample in read(path) if sample.family != new[0].family]
    rows = [each._asdict() | {"size": asdict(each.size)} for each in [*kept, *new]]
    lines = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    replace_file(path, f'{{\n  "tools": {json.dumps(tools)},\n  "samples": [\n{lines}\n  ]\n}}\n')


def predict_logic(size: ArraySize, family: str) -> tuple[int, int] | None:
    """Return (LUT4, flip-flops) of an engine with a serial line on a device of a family.

    None for an array that is made for one program, and if too few engines of the family were
    measured: ``boldhw dev calibrate FAMILY --ops --accept`` measures them.
    """
    model = _model()
    if family not in model or size.fixed:
        return None
    return op_model.predict(model[family], size, family)


@cache
def _model() -> dict[str, op_model.Model]:
    """Return the model of each family of which enough engines were measured."""
    known = read(FILE)
    count = Counter(each.family for each in known)
    families = [family for family in count if count[family] >= FEWEST]
    if not families:
        return {}
    return dict.fromkeys(families, op_model.fit(known))


def cost(size: ArraySize, rows: dict[str, int], board: Any) -> dict[str, Any]:
    """Return what an engine takes of a board, and a network of the engine, JSON-able.

    rows: that the network needs of the memories.  board: has a store if its engine of op lists has
    one.  Logic is None where there is no model of it, as of a store, and ``fits`` then says nothing
    of it.
    """
    queues = records(board.config) if board.config.runs_ops else []
    lut4, ff = (None if queues else predict_logic(size, board.family)) or (None, None)
    memories = memories_of(size, board.family, queues)
    use = {} if lut4 is None else {"lut4": round(lut4 / board.logic_cells, 3)}
    use["ram_blocks"] = round(memories["ram_blocks"] / board.ram_blocks, 3)
    if board.spram:
        use["spram"] = round(memories["spram"] / board.spram, 3)
    use |= {
        f"{name}_rows": round(rows[name] / getattr(size, f"{name}_rows"), 3) for name in MEMORIES
    }
    limit = max(use, key=lambda name: use[name])
    return {
        "lut4": lut4,
        "ff": ff,
        **memories,
        "use": use,
        "limit": limit,
        "fits": use[limit] <= 1,
    }
