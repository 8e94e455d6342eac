from dataclasses import replace

import pytest
from amaranth.hdl import Shape
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.passes.table import (
    BACKWARD,
    FORWARD,
    UPDATE,
    TableReader,
    field_shape,
    pass_rows,
)

PASSES = {"forward": FORWARD, "backward": BACKWARD, "update": UPDATE}


@pytest.mark.parametrize("dual_port", [False, True])
def test_table(sim, dual_port):
    config = replace(CONFIG, dual_port=dual_port)
    fields = {
        name: [
            (row, column, Shape.cast(field_shape(CONFIG, field.key)).width)
            for row, of_row in enumerate(pass_rows(which))
            for column, field in enumerate(of_row)
        ]
        for name, which in PASSES.items()
    }
    parameters = {"fields": fields, "latency": config.read_latency, "ahead": int(dual_port)}
    simulate.run(TableReader(config), "bench_table", sim, tests=2, parameters=parameters)
