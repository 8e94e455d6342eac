from dataclasses import replace

import pytest
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.array.operand import Operand


@pytest.mark.parametrize("training", [True, False])
def test_operand(sim, training):
    operand = Operand(replace(CONFIG, training=training))
    simulate.run(operand, "bench_operand", sim, tests=2, parameters={"training": training})
