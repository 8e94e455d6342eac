import os
from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.expand import ExpandUnit
from boldhw.spec.ops.array import ArraySize

SIM = os.environ.get("MAPS_SIM", "verilator")
ROWS = {"data_rows": 4096}
SMALL = ArraySize(elements=3, lanes=6, accumulator_bits=16, dual_port=True, **ROWS)
LARGE = {
    "one_port": ArraySize(elements=4, lanes=16, accumulator_bits=4, **ROWS),
    "two_ports": ArraySize(elements=2, lanes=16, dual_port=True, **ROWS),
    "two_planes": ArraySize(elements=4, lanes=8, planes=2, dual_port=True, **ROWS),
    "eight_planes": ArraySize(elements=4, lanes=16, planes=8, dual_port=True, **ROWS),
    "four_planes_of_one_port": ArraySize(elements=2, lanes=16, planes=4, **ROWS),
}


def run(size, sim):
    """Run the bench on a unit of this size."""
    unit, parameters = ExpandUnit(size), asdict(size)
    simulate.run(unit, "bench_expand", sim, tests=2, parameters=parameters, cycles=4000)


def test_expand(sim):
    run(SMALL, sim)


@pytest.mark.parametrize("size", LARGE.values(), ids=LARGE)
def test_expand_of_larger_arrays(size):
    run(size, SIM)
