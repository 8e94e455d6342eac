import pytest
from support import simulate
from support.core_cases import CASES, INFERENCE

from boldhw.gateware.core.core import Core


@pytest.mark.parametrize("case", CASES)
def test_core(sim, case):
    run(CASES, case, "bench_core", sim, tests=1, cycles=500 * CASES[case].updates)


@pytest.mark.parametrize("case", INFERENCE)
def test_core_infer(sim, case):
    run(INFERENCE, case, "bench_core_infer", sim, tests=3, cycles=3000)


def test_core_gather(sim):
    run(CASES, "three_layers", "bench_core_gather", sim, tests=4, cycles=20_000)


def run(cases, case, bench, sim, **limits):
    simulate.run(Core(cases[case].config), bench, sim, parameters={"case": case}, **limits)
