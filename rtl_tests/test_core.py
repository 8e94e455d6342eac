import pytest
import simulate
from core_cases import CASES

from boldhw.gateware.core import Core


@pytest.mark.parametrize("case", CASES)
def test_core(sim, case):
    simulate.run(Core(CASES[case].engine), "bench_core", sim, tests=1, parameters={"case": case})
