from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.memory.delta_memory import DeltaMemory, TransposedDeltaMemory


def test_delta_memory(sim):
    simulate.run(DeltaMemory(CONFIG), "bench_delta_memory", sim, tests=4)


def test_transposed_delta_memory(sim):
    simulate.run(TransposedDeltaMemory(CONFIG), "bench_transposed_delta_memory", sim, tests=2)
