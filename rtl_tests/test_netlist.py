"""What synthesis made of a small engine, simulated with the cells' models, against golden."""

import netlist
import pytest
import simulate
from core_cases import CASES

from boldhw.gateware.core import Core

UPDATES = 5
CASE = {"ice40": "dsp_sums", "ecp5": "three_layers"}  # what boards of the family are built with


@pytest.fixture(scope="module", params=CASE)
def built(request):
    """Netlist of the core of a family's case, compiled for Verilator, and the case."""
    case = CASE[request.param]
    return netlist.build(Core(CASES[case].engine), "verilator", request.param), case


def test_training_is_that_of_golden(built):
    """Results of each sample, weights and accumulators after each of five updates, counters."""
    directory, case = built
    parameters = {"case": case, "updates": UPDATES}
    simulate.run_built(directory, "bench_core", "verilator", 1, parameters, cycles=UPDATES * 500)


def test_inference_is_that_of_golden(built):
    directory, case = built
    simulate.run_built(directory, "bench_core_infer", "verilator", 3, {"case": case}, cycles=3000)
