import pytest
from support import simulate

from boldhw.gateware.units.flip_unit import FlipUnit
from boldhw.spec.engine import EngineConfig

OPTIONS = {
    "plain": {},
    "stochastic": {"stochastic": True},
    "decay": {"decay": True},
    "both": {"stochastic": True, "decay": True},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_flip_unit(sim, options):
    sizes = {"elements": 4, "lanes": 16, "batch": 6, "accumulator_bits": 5}
    config = EngineConfig(weight_rows=32, data_rows=256, signal_rows=32, **sizes, **options)
    parameters = {"stochastic": False, "decay": False, **sizes, **options}
    simulate.run(FlipUnit(config), "bench_flip_unit", sim, tests=4, parameters=parameters)
