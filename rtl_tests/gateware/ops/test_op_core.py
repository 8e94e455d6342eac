"""OpCore trains as the golden machine does, at the ports that a command unit drives."""

from dataclasses import asdict

from support import simulate

from boldhw.gateware.ops.core import OpCore
from boldhw.spec.ops.array import ArraySize

SIZE = ArraySize(
    elements=3, lanes=12, batch=4, segments=2, data_rows=512, weight_rows=128, delta_rows=64,
    unit_rows=8, counter_rows=16, score_rows=8,
)  # fmt: skip


def test_op_core():
    parameters = {"size": asdict(SIZE)}
    simulate.run(OpCore(SIZE), "bench_op_core", "verilator", tests=2, parameters=parameters)
