"""Cells of the engine of op lists, unit by unit."""

from itertools import islice

import pytest
from boldboards import find_board

from boldhw.cli.main import main
from boldhw.errors import ConfigError
from boldhw.flow import op_area
from boldhw.gateware.ops.engine import UNITS
from boldhw.gateware.ops.gather import GatherUnit
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Gather

pytestmark = pytest.mark.usefixtures("keep_tools")

SMALL = ArraySize(elements=2, lanes=8, segments=1, **op_area.ROWS)


def test_a_unit_has_the_cells_that_synthesis_finds(monkeypatch):
    """GATHER alone: more than the flip-flops of its slot's product, and no block RAM."""
    monkeypatch.setattr(op_area, "units_of", lambda size: {Gather: GatherUnit})
    (row,) = islice(op_area.cells(find_board("icebreaker"), SMALL), 1)
    assert row["unit"] == "GATHER"
    assert 100 < row["lut4"] < 1000
    assert row["ff"] > 16
    assert row["ram_blocks"] == 0


@pytest.mark.parametrize("words", [[], ["--serial"]])
def test_every_unit_has_a_row(monkeypatch, capsys, words):
    made, engine = [], type("OpEngine", (), {"__init__": lambda self, size: None})

    def measured(component, board):
        component._MustUse__used = True  # nothing is elaborated
        made.append(type(component).__name__)
        return type("Resources", (), {name: len(made) for name in op_area.COLUMNS})

    monkeypatch.setattr(op_area, "measure", measured)
    monkeypatch.setattr(op_area, "OpEngine", engine)  # a real one has memories, to be elaborated
    assert main(["dev", "ops", "ulx3s", "--elements", "2", "--whole", *words]) == 0
    out = capsys.readouterr().out
    assert made[-1] == "OpEngine"
    assert len(made) == len(set(UNITS.values())) + 5  # VOTE and FLIP are one
    assert all(name in out for name in ("VOTE", "sequencer", "window unit", "array", "engine"))


def test_a_size_without_components_is_refused():
    size = ArraySize(elements=2, lanes=8, dsp_sums=True, **op_area.ROWS)
    with pytest.raises(ConfigError, match="not made with dsp_sums=True; use dsp_sums=False"):
        next(op_area.cells(find_board("icebreaker"), size))
