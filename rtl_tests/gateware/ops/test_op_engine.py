"""The engine of op lists runs them as the interpreter does, bit for bit and cycle for cycle.

It has the counters of test_op_accesses.py, which therefore needs no other simulation.
"""

from dataclasses import asdict

import pytest
from support import simulate
from support.counted_engine import CountedEngine
from support.op_engines import SHAPES

from boldhw.errors import ConfigError
from boldhw.gateware.ops.engine import check_planes, check_size
from boldhw.spec.ops.array import ArraySize

NETWORKS = 17  # of a shape, of each of its two tests that train: 200 in all


@pytest.mark.parametrize("shape", SHAPES)
def test_op_engine(shape):
    size = SHAPES[shape]
    simulate.run(
        CountedEngine(size), "bench_op_engine", "verilator", tests=6, made_from=size,
        parameters={"size": asdict(size), "networks": NETWORKS, "cycles": 2_500},
    )  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [{"dsp_sums": True}, {"serial": True, "transposers": 4}, {"plain": True}, {"segments": 9}],
)
def test_a_size_without_units_is_refused(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        check_size(ArraySize(elements=3, lanes=12, **values))


def test_planes_divide_the_elements():
    with pytest.raises(ConfigError, match="planes=4 do not divide elements=6; use elements=8"):
        check_planes(ArraySize(elements=6, lanes=12, planes=4))
