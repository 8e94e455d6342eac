import pytest
import simulate
from amaranth.hdl import Shape
from unit_config import CONFIG

from boldhw.gateware.table import TableReader, field_shape
from boldhw.layout import TABLE

OWN = [name for row in TABLE for name in row]
BELOW = ["gate_row", "dead", "tau", "output_lanes"]


@pytest.mark.parametrize("below", [[], BELOW])
def test_table(sim, below):
    """All fields of a layer, and with them some of the layer below it."""
    reader = TableReader(CONFIG, OWN, below)
    fields = [(name, 0) for name in OWN] + [(name, 1) for name in below]
    widths = [(name, down, Shape.cast(field_shape(CONFIG, name)).width) for name, down in fields]
    parameters = {"fields": widths, "cycles": reader.cycles}
    simulate.run(reader, "bench_table", sim, tests=1, parameters=parameters)
