"""Logic of engines as the tools counted it, which the estimate is fitted to.

``measured.json`` holds one object a line; ``boldhw dev calibrate FAMILY --accept`` writes those of
a family.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from boldhw.data.files import replace_file

FILE = Path(__file__).with_name("measured.json")


class Sample(NamedTuple):
    """Logic of one engine as the tools counted it; the parameters are those of EngineConfig."""

    family: str
    elements: int
    lanes: int
    batch: int
    accumulator_bits: int
    popcount_registers: int
    training: bool
    stochastic: bool
    decay: bool
    lut4: int
    ff: int
    logic_cells: int
    ram_blocks: int
    dual_port: bool = False
    dsp_sums: bool = False
    has_store: bool = False


def read(path: Path) -> tuple[Sample, ...]:
    """Return the samples of a file."""
    return tuple(Sample(**row) for row in json.loads(path.read_text())["samples"])


def accept(samples: Iterable[Sample], tools: str, path: Path) -> None:
    """Put samples of one family into a file, in the place of those that it has of the family.

    tools: names and versions of the programs that counted, for the reader.
    """
    new = list(samples)
    kept = [sample for sample in read(path) if sample.family != new[0].family]
    rows = ",\n".join(f"    {json.dumps(sample._asdict())}" for sample in [*kept, *new])
    text = f'{{\n  "tools": {json.dumps(tools)},\n  "samples": [\n{rows}\n  ]\n}}\n'
    replace_file(path, text)


MEASURED = read(FILE)
