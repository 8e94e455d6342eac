from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.outcome import Outcome
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "one_plane": {"elements": 3, "lanes": 12},
    "short_sums": {"elements": 2, "lanes": 4, "sum_bits": 10},
    "two_planes": {"elements": 3, "lanes": 12, "planes": 2},
    "four_planes": {"elements": 2, "lanes": 4, "planes": 4, "sum_bits": 12},
}


def run(shape, sim):
    """Run the bench on a unit of this shape."""
    size = ArraySize(**SHAPES[shape])
    simulate.run(Outcome(size), "bench_outcome", sim, tests=7, parameters=asdict(size),
                 cycles=2000)  # fmt: skip


def test_outcome(sim):
    run("one_plane", sim)


@pytest.mark.parametrize("shape", [*SHAPES][1:])
def test_outcome_of_other_shapes(shape):
    run(shape, "verilator")
