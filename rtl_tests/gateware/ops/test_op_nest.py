from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.nest import Nest
from boldhw.spec.ops.array import ArraySize

ROWS = {"data_rows": 2048, "weight_rows": 512}


def run(size, sim):
    """Run the bench on a nest of this size."""
    simulate.run(Nest(size), "bench_op_nest", sim, tests=1, parameters=asdict(size), cycles=1500)


def test_op_nest(sim):
    run(ArraySize(elements=2, lanes=8, batch=4, segments=3, **ROWS), sim)


@pytest.mark.parametrize("planes", [2, 4, 8])
def test_op_nest_of_planes(planes):
    run(ArraySize(elements=2, lanes=8, batch=4, segments=2, planes=planes, **ROWS), "verilator")


@pytest.mark.parametrize("planes", [1, 4])
def test_op_nest_of_two_ports(planes):
    size = ArraySize(
        elements=4, lanes=8, batch=4, segments=3, planes=planes, dual_port=True, **ROWS
    )
    run(size, "verilator")
