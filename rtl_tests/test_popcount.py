import pytest
import simulate
from large_blocks import GOWIN, with_large_blocks

from boldhw.gateware.popcount import Popcount


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
