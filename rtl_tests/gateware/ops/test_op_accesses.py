"""Accesses of op lists as they are derived, against the gateware: list by list, unit by unit."""

from dataclasses import asdict

import pytest
from support import simulate
from support.counted_engine import CountedEngine
from support.op_engines import SHAPES

# Eight planes take minutes to compile, and do nothing that other shapes do not do.
COUNTED = [name for name in SHAPES if name != "eight_planes"]


@pytest.mark.parametrize("shape", COUNTED)
def test_model_agrees_with_the_gateware(shape):
    size = SHAPES[shape]
    simulate.run(
        CountedEngine(size), "bench_op_accesses", "verilator", tests=3,
        parameters={"size": asdict(size), "networks": 12, "cycles": 2_500}, cycles=5_000,
    )  # fmt: skip
