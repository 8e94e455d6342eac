import os
from dataclasses import asdict

import pytest
from support import simulate
from support.op_wrappers import WithTurner

from boldhw.gateware.ops.turn import TurnUnit
from boldhw.spec.ops.array import ArraySize

ROWS = {"data_rows": 1024, "delta_rows": 256, "batch": 19}
SIM = os.environ.get("MAPS_SIM", "verilator")
SMALL = ArraySize(elements=3, lanes=6, accumulator_bits=16, dual_port=True, **ROWS)
LARGE = {
    "one_port": ArraySize(elements=4, lanes=16, accumulator_bits=4, **ROWS),
    "two_ports": ArraySize(elements=2, lanes=16, dual_port=True, **ROWS),
    "two_planes": ArraySize(elements=6, lanes=12, planes=2, dual_port=True, **ROWS),
    "four_planes": ArraySize(elements=4, lanes=16, planes=4, dual_port=True, **ROWS),
    "four_planes_of_one_port": ArraySize(elements=8, lanes=32, planes=4, **ROWS),
    "eight_planes": ArraySize(elements=8, lanes=16, planes=8, dual_port=True, **ROWS),
}


def run(size, sim):
    """Run the bench on a unit of this size."""
    unit, parameters = WithTurner(TurnUnit(size)), asdict(size)
    simulate.run(unit, "bench_turn", sim, tests=2, parameters=parameters, cycles=3500)


def test_turn(sim):
    run(SMALL, sim)


@pytest.mark.parametrize("size", LARGE.values(), ids=LARGE)
def test_turn_of_larger_arrays(size):
    run(size, SIM)
