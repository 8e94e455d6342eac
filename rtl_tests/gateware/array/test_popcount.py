import pytest
from boldboards import find_board
from support import simulate
from support.large_blocks import GOWIN, with_large_blocks
from support.side_by_side import SideBySide

from boldhw.flow.lanes import measure
from boldhw.gateware.array.popcount import Popcount, cheapest

pytestmark = pytest.mark.usefixtures("keep_tools")


SHAPES = [(1, 0), (13, 1), (16, 2), (24, 3), (1, 1), (4, 2), (8, 3), (48, 1)]


def popcounts(unit):
    """Return popcounts of all SHAPES in one component: a simulation starts longer than it runs."""
    return SideBySide({f"of_{width}_{stages}": unit(width, stages) for width, stages in SHAPES})


@pytest.mark.parametrize(
    "unit", [Popcount, with_large_blocks(Popcount), with_large_blocks(Popcount, GOWIN)]
)
def test_popcount(sim, unit):
    count = len(SHAPES)
    simulate.run(
        popcounts(unit),
        "bench_popcount",
        sim,
        tests=3 * count,
        parameters={"shapes": SHAPES},
        cycles=count * 20_000,
    )


@pytest.mark.parametrize("width", [3, 4, 13, 48])
def test_synthesis_finds_the_lut4_that_chains_were_chosen_by(width):
    assert measure(Popcount(width), find_board("tang_nano_20k")).lut4 == cheapest(width)[0]
