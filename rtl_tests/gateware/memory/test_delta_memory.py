from support import simulate
from support.unit_config import CONFIG, PORTS

from boldhw.gateware.memory.delta_memory import DeltaMemory, TransposedDeltaMemory


def test_delta_memory(sim):
    simulate.run(DeltaMemory(CONFIG), "bench_delta_memory", sim, tests=4)


def test_transposed_delta_memory(sim):
    simulate.run(
        TransposedDeltaMemory(PORTS["dual_port"]), "bench_transposed_delta_memory", sim, tests=2
    )
