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
PLANES = {
    "two_planes": ArraySize(
        elements=4, lanes=16, planes=2, batch=19, accumulator_bits=6, segments=1, **ROWS
    ),
    "four_planes": ArraySize(
        elements=4, lanes=8, planes=4, batch=19, segments=1, dual_port=True, **ROWS
    ),
    "four_planes_one_port": ArraySize(elements=8, lanes=32, planes=4, batch=19, segments=1, **ROWS),
    "eight_planes": ArraySize(
        elements=8, lanes=16, planes=8, batch=19, segments=1, dual_port=True, **ROWS
    ),
    "transposers": ArraySize(
        elements=3, lanes=12, transposers=4, batch=19, segments=1, dual_port=True, **ROWS
    ),
    "planes_and_transposers": ArraySize(
        elements=4, lanes=16, planes=4, transposers=4, batch=19, segments=1, **ROWS
    ),
    "eight_planes_and_transposers": ArraySize(
        elements=8, lanes=32, planes=8, transposers=4, batch=19, segments=1, dual_port=True, **ROWS
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


@pytest.mark.parametrize("size", PLANES.values(), ids=PLANES)
def test_vote_of_planes(size):
    run(size, "bench_vote", "verilator", 3)


@pytest.mark.parametrize("shape", ["four_planes", "planes_and_transposers"])
def test_vote_of_windows_of_planes(shape):
    run(PLANES[shape], "bench_vote_windows", "verilator", 1, window=True)
