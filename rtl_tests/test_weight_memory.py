import simulate
from unit_config import CONFIG

from boldhw.gateware.weight_memory import WeightMemory


def test_weight_memory(sim):
    simulate.run(WeightMemory(CONFIG), "bench_weight_memory", sim, tests=2)
