import pytest
from boldboards import find_board
from support import simulate
from support.large_blocks import GOWIN, with_large_blocks

from boldhw.flow.lanes import measure
from boldhw.gateware.array.popcount import Popcount, cheapest


@pytest.mark.parametrize(
    "unit", [Popcount, with_large_blocks(Popcount), with_large_blocks(Popcount, GOWIN)]
)
@pytest.mark.parametrize(
    ("width", "registers"), [(1, 0), (13, 1), (16, 2), (24, 3), (1, 1), (4, 2), (8, 3), (48, 1)]
)
def test_popcount(sim, unit, width, registers):
    simulate.run(
        unit(width, registers),
        "bench_popcount",
        sim,
        tests=3,
        parameters={"width": width, "registers": registers},
    )


@pytest.mark.parametrize("width", [3, 4, 13, 48])
def test_synthesis_finds_the_lut4_that_chains_were_chosen_by(width):
    assert measure(Popcount(width), find_board("tang_nano_20k")).lut4 == cheapest(width)[0]
