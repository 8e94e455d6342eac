"""What synthesis made of a small engine, simulated with the cells' models, against golden."""

import pytest
from support import netlist, simulate
from support.core_cases import CASES

from boldhw.gateware.core.core import Core

UPDATES = 5
# What boards of the family are built with.
BUILT = [("ice40", "dsp_sums"), ("ecp5", "three_layers"), ("ecp5", "dual_port_three_layers")]


@pytest.fixture(scope="module", params=BUILT, ids="-".join)
def built(request):
    """Netlist of the core of a case for a family, compiled for Verilator, and the case."""
    family, case = request.param
    return netlist.build(Core(CASES[case].config), "verilator", family), case


def test_training_is_that_of_golden(built):
    """Results of each sample, weights and accumulators after each of five updates, counters."""
    directory, case = built
    parameters = {"cases": {case: UPDATES}}
    simulate.run_built(directory, "bench_core", "verilator", 1, parameters, cycles=UPDATES * 500)


def test_inference_is_that_of_golden(built):
    directory, case = built
    parameters = {"cases": [case]}
    simulate.run_built(directory, "bench_core_infer", "verilator", 3, parameters, cycles=3000)
