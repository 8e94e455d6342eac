"""The engine of op lists runs them as the interpreter does, bit for bit and cycle for cycle."""

from dataclasses import asdict

import pytest
from support import simulate

from boldhw.errors import ConfigError
from boldhw.gateware.ops.engine import OpEngine, check_planes, check_size
from boldhw.spec.ops.array import ArraySize

ROWS = {"data_rows": 1024, "weight_rows": 256, "delta_rows": 128, "unit_rows": 32,
        "counter_rows": 64, "score_rows": 256}  # fmt: skip
SHAPES = {
    "one_port": ArraySize(elements=3, lanes=12, batch=4, segments=2, **ROWS),
    "serial": ArraySize(elements=3, lanes=12, batch=4, segments=2, serial=True, **ROWS),
    "two_ports": ArraySize(
        elements=2, lanes=16, batch=4, segments=3, dual_port=True, popcount_registers=1, **ROWS
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_op_engine(shape):
    size = SHAPES[shape]
    parameters = {"size": asdict(size), "networks": 4}
    simulate.run(
        OpEngine(size), "bench_op_engine", "verilator", tests=5, parameters=parameters,
    )  # fmt: skip


PLANES = {
    "two_planes": ArraySize(
        elements=4, lanes=8, planes=2, batch=4, segments=2, dual_port=True, **ROWS
    ),
    "four_planes": ArraySize(elements=4, lanes=16, planes=4, batch=4, segments=2, **ROWS),
    "eight_planes": ArraySize(
        elements=8, lanes=16, planes=8, batch=4, segments=2, dual_port=True, **ROWS
    ),
    "transposers": ArraySize(elements=3, lanes=12, transposers=4, batch=4, segments=2, **ROWS),
    "planes_and_transposers": ArraySize(
        elements=4, lanes=16, planes=4, transposers=4, batch=4, segments=2, dual_port=True, **ROWS
    ),
}


@pytest.mark.parametrize("shape", PLANES)
def test_op_engine_of_planes(shape):
    size = PLANES[shape]
    parameters = {"size": asdict(size), "networks": 4}
    simulate.run(
        OpEngine(size), "bench_op_engine", "verilator", tests=5, parameters=parameters,
    )  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [
        {"planes": 2, "serial": True},
        {"transposers": 4, "serial": True},
        {"dsp_sums": True},
        {"segments": 9},
    ],
)
def test_a_size_without_units_is_refused(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        check_size(ArraySize(elements=3, lanes=12, **values))


def test_planes_divide_the_elements():
    with pytest.raises(ConfigError, match="planes=4 do not divide elements=6; use elements=8"):
        check_planes(ArraySize(elements=6, lanes=12, planes=4))
