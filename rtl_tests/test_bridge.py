import pytest
import simulate
from core_cases import CASES
from half_rate import HalfRateEngine


@pytest.mark.parametrize("case", ["three_layers", "dual_port_three_layers"])
def test_engine_behind_a_bridge(sim, case):
    parameters = {"case": case, "samples": 60}
    component = HalfRateEngine(CASES[case].engine, 24_000_000)
    simulate.run(component, "bench_bridge", sim, tests=1, parameters=parameters)
