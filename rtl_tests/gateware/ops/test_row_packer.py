from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.packer import RowPacker
from boldhw.spec.ops.array import ArraySize


@pytest.mark.parametrize("granules", [2, 8])
def test_row_packer(sim, granules):
    size = ArraySize(elements=3, lanes=3 * granules)
    parameters = asdict(size)
    simulate.run(RowPacker(size), "bench_row_packer", sim, tests=3, parameters=parameters,
                 cycles=300)  # fmt: skip
