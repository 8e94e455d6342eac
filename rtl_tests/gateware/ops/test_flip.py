from dataclasses import asdict

import pytest
from support import simulate
from support.op_wrappers import WithArray

from boldhw.gateware.ops.vote import VoteUnit
from boldhw.spec.ops.array import ArraySize

ROWS = {"data_rows": 8192, "weight_rows": 1024, "delta_rows": 128, "unit_rows": 512,
        "counter_rows": 64, "segments": 1}  # fmt: skip
SMALL = ArraySize(elements=3, lanes=6, accumulator_bits=16, dual_port=True, **ROWS)
LARGE = {
    "one_port": ArraySize(elements=4, lanes=16, accumulator_bits=4, **ROWS),
    "two_ports": ArraySize(elements=2, lanes=16, dual_port=True, **ROWS),
}


def run(size, sim):
    """Run the bench on a unit of this size."""
    unit, parameters = WithArray(VoteUnit(size)), asdict(size)
    simulate.run(unit, "bench_flip", sim, tests=2, parameters=parameters, cycles=3000)


def test_flip(sim):
    run(SMALL, sim)


@pytest.mark.parametrize("size", LARGE.values(), ids=LARGE)
def test_flip_of_larger_arrays(size):
    run(size, "verilator")


def test_flip_of_planes():
    run(ArraySize(elements=4, lanes=16, planes=4, dual_port=True, **ROWS), "verilator")
