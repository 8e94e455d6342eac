import re

from support import netlist, simulate
from support.unit_config import CONFIG

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.units.magnitude import Magnitude


def test_magnitude(sim):
    unit = Magnitude(CONFIG)
    unit.far.name = "beyond"  # Verilator warns of a top-level port "far"
    parameters = {"sum_width": sum_shape(CONFIG).width}
    simulate.run(unit, "bench_magnitude", sim, tests=3, parameters=parameters)


def test_no_net_leads_to_both_inputs_of_a_carry():
    """From there nextpnr's router1 never comes back on an iCE40."""
    unit = Magnitude(CONFIG)
    cells = netlist.netlist(unit, simulate.signals(unit), "ice40")
    inputs = re.findall(r"SB_CARRY \S+ \([^;]*\.I0\((.*?)\),\s*\.I1\((.*?)\)", cells)
    assert len(inputs) >= CONFIG.elements
    assert all(first != second for first, second in inputs)
