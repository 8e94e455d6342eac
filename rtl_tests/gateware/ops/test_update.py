from dataclasses import asdict

import pytest
from support import simulate
from support.op_wrappers import WithArray

from boldhw.gateware.ops.update import UpdateUnit
from boldhw.spec.ops.array import ArraySize

ROWS = {"data_rows": 8192, "delta_rows": 128, "weight_rows": 1024, "unit_rows": 512,
        "counter_rows": 32, "batch": 19, "segments": 1, "serial": True}  # fmt: skip
SMALL = ArraySize(elements=3, lanes=6, accumulator_bits=16, **ROWS)
LARGE = {
    "one_port": ArraySize(elements=4, lanes=16, accumulator_bits=4, **ROWS),
    "two_ports": ArraySize(
        elements=2, lanes=16, dual_port=True, popcount_registers=1, **ROWS
    ),
    "of_a_small_device": ArraySize(elements=7, lanes=28, **ROWS),
    "plain": ArraySize(elements=3, lanes=12, plain=True, **ROWS),
}  # fmt: skip


def run(size, sim):
    """Run the bench on a unit of this size."""
    unit, parameters = WithArray(UpdateUnit(size), window=True), asdict(size)
    simulate.run(unit, "bench_update", sim, tests=5, parameters=parameters, cycles=3000)


@pytest.mark.parametrize("size", LARGE.values(), ids=LARGE)
def test_update_of_larger_arrays(size):
    run(size, "verilator")


def test_update():
    run(SMALL, "verilator")
