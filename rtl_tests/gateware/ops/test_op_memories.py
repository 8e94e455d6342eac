import pytest
from support import simulate
from support.large_blocks import with_large_blocks

from boldhw.gateware.ops import memories
from boldhw.gateware.ops.memories import RowBank, RowMemory

SHAPES = [(5, 1, 1, 1), (5, 2, 4, 1), (19, 2, 1, 4), (12, 1, 4, 2), (33, 2, 2, 8)]


@pytest.mark.parametrize(("rows", "latency", "parts", "planes"), SHAPES)
def test_row_memory(sim, rows, latency, parts, planes):
    shape = {"width": 12, "rows": rows, "latency": latency, "parts": parts, "planes": planes}
    simulate.run(RowMemory(**shape), "bench_op_memories", sim, tests=1, parameters=shape,
                 cycles=3000)  # fmt: skip


def test_memory_of_aligned_rows(sim):
    shape = {"width": 12, "rows": 19, "latency": 2, "parts": 2, "planes": 4, "aligned": True}
    simulate.run(RowMemory(**shape), "bench_op_memories", sim, tests=1, parameters=shape,
                 cycles=3000)  # fmt: skip


@pytest.mark.parametrize("planes", [1, 4])
def test_memory_of_one_port(sim, planes):
    shape = {"width": 12, "rows": 19, "planes": planes, "ports": 1}
    parameters = {"latency": 1, "parts": 1} | shape
    simulate.run(RowMemory(**shape), "bench_op_memories", sim, tests=1, parameters=parameters,
                 cycles=3000)  # fmt: skip


def test_memory_of_single_port_rams():
    """Two banks of three primitives each, as an iCE40UP5K has them."""
    shape = {"width": 40, "rows": 20_000, "latency": 1, "parts": 1, "planes": 1, "ports": 1}
    simulate.run(RowMemory(**shape), "bench_op_memories", "verilator", tests=1, parameters=shape,
                 cycles=3000, device="iCE40UP5K")  # fmt: skip


def test_memory_of_large_blocks(sim):
    """A stack of two memories in each bank."""
    shape = {"width": 12, "rows": 5000, "latency": 2, "parts": 2, "planes": 2}
    unit = with_large_blocks(RowBank)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memories, "RowBank", unit)
        simulate.run(RowMemory(**shape), "bench_op_memories", sim, tests=1, parameters=shape,
                     cycles=3000)  # fmt: skip
