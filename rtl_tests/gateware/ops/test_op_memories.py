import pytest
from support import simulate

from boldhw.gateware.ops.memories import RowMemory

SHAPES = [(5, 1, 1, 1), (5, 2, 4, 1), (19, 2, 1, 4), (12, 1, 4, 2), (33, 2, 2, 8)]


@pytest.mark.parametrize(("rows", "latency", "parts", "planes"), SHAPES)
def test_row_memory(sim, rows, latency, parts, planes):
    shape = {"width": 12, "rows": rows, "latency": latency, "parts": parts, "planes": planes,
             "shared": False}  # fmt: skip
    simulate.run(RowMemory(**shape), "bench_op_memories", sim, tests=1, parameters=shape,
                 cycles=3000)  # fmt: skip


@pytest.mark.parametrize("device", ["iCE40UP5K", "iCE40HX8K"])
def test_row_memory_of_one_port(sim, device):
    """Primitives with room for 16,384 rows of 16 bits; in other devices a memory as any."""
    shape = {"width": 40, "rows": 16_390, "latency": 1, "parts": 1, "planes": 1, "shared": True}
    simulate.run(RowMemory(**shape), "bench_op_memories", sim, tests=1, parameters=shape,
                 cycles=3000, device=device)  # fmt: skip
