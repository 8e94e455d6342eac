import simulate
from unit_config import CONFIG

from boldhw.gateware.signal_memory import SignalMemory


def test_signal_memory(sim):
    simulate.run(SignalMemory(CONFIG), "bench_signal_memory", sim, tests=4)
