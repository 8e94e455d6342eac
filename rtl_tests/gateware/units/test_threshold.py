from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.units.threshold import Threshold


def test_threshold(sim):
    unit = Threshold(CONFIG)
    unit.far.name = "beyond"  # Verilator warns of a top-level port "far"
    parameters = {"sum_width": sum_shape(CONFIG).width}
    simulate.run(unit, "bench_threshold", sim, tests=2, parameters=parameters)
