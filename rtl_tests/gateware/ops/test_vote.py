from dataclasses import asdict

import pytest
from support import simulate
from support.op_wrappers import WithArray

from boldhw.gateware.ops.vote import VoteUnit
from boldhw.spec.ops.array import ArraySize

ROWS = {"data_rows": 2048, "delta_rows": 128, "weight_rows": 512, "unit_rows": 64,
        "counter_rows": 32}  # fmt: skip
SMALL = ArraySize(elements=3, lanes=6, batch=19, accumulator_bits=16, segments=1, **ROWS)
LARGE = {
    "one_port": ArraySize(elements=4, lanes=16, batch=19, accumulator_bits=4, segments=1, **ROWS),
    "two_ports": ArraySize(
        elements=2, lanes=16, batch=19, segments=1, dual_port=True, popcount_registers=1, **ROWS
    ),
}


def run(size, bench, sim, tests, window=False):
    """Run a bench on a unit of this size."""
    unit, cycles = WithArray(VoteUnit(size), window), 800 if window else 3000
    simulate.run(unit, bench, sim, tests=tests, parameters=asdict(size), cycles=cycles)


def test_vote(sim):
    run(SMALL, "bench_vote", sim, 3)


@pytest.mark.parametrize("size", LARGE.values(), ids=LARGE)
def test_vote_of_larger_arrays(size):
    run(size, "bench_vote", "verilator", 3)


def test_vote_of_windows():
    run(SMALL, "bench_vote_windows", "verilator", 1, window=True)
