import simulate
from unit_config import CONFIG

from boldhw.gateware.array import sum_shape
from boldhw.gateware.magnitude import Magnitude


def test_magnitude(sim):
    unit = Magnitude(CONFIG)
    unit.far.name = "beyond"  # Verilator warns of a top-level port "far"
    parameters = {"sum_width": sum_shape(CONFIG).width}
    simulate.run(unit, "bench_magnitude", sim, tests=3, parameters=parameters)
