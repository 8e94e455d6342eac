"""The core against the golden model: one simulation for each engine, in which all its cases run."""

import pytest
from support import simulate
from support.core_cases import CASES, INFERENCE

from boldhw.gateware.core.core import Core

# Both simulators run the same Verilog with the same bench: long runs are Verilator's, and Icarus
# runs each case for as long as it takes to see every pass on accumulators that are not 0.
MOST_UPDATES = {"verilator": 50, "icarus": 3}


def by_engine(cases):
    """Return {name of the first case: names of all cases} of each engine."""
    found = {}
    for name, case in cases.items():
        found.setdefault(case.config, []).append(name)
    return {names[0]: names for names in found.values()}


TRAINING, INFERRING = by_engine(CASES), by_engine(INFERENCE)


@pytest.mark.parametrize("engine", TRAINING)
def test_core(sim, engine):
    cases = {name: min(CASES[name].updates, MOST_UPDATES[sim]) for name in TRAINING[engine]}
    cycles = 500 * sum(cases.values())
    run(CASES, engine, "bench_core", sim, tests=len(cases), cases=cases, cycles=cycles)


@pytest.mark.parametrize("engine", INFERRING)
def test_core_infer(sim, engine):
    cases = INFERRING[engine]
    run(INFERENCE, engine, "bench_core_infer", sim, tests=3 * len(cases), cases=cases, cycles=3000)


def test_core_gather(sim):
    run(CASES, "three_layers", "bench_core_gather", sim, tests=4, case="three_layers",
        cycles=20_000)  # fmt: skip


def run(known, name, bench, sim, *, tests, cycles, **parameters):
    core = Core(known[name].config)
    simulate.run(core, bench, sim, tests=tests, parameters=parameters, cycles=cycles)
