import pytest
from support import simulate

from boldhw.gateware.ops.memories import RowMemory


@pytest.mark.parametrize(("latency", "parts"), [(1, 1), (2, 4)])
def test_row_memory(sim, latency, parts):
    shape = {"width": 12, "rows": 5, "latency": latency, "parts": parts}
    simulate.run(RowMemory(**shape), "bench_op_memories", sim, tests=1, parameters=shape,
                 cycles=3000)  # fmt: skip
