import simulate
from unit_config import CONFIG

from boldhw.gateware.data_memory import DataMemory


def test_data_memory(sim):
    simulate.run(DataMemory(CONFIG), "bench_data_memory", sim, tests=1)
