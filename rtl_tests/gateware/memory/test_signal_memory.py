from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.memory.signal_memory import SignalMemory, TurnedSignalMemory


def test_signal_memory(sim):
    simulate.run(SignalMemory(CONFIG), "bench_signal_memory", sim, tests=4)


def test_turned_signal_memory(sim):
    simulate.run(TurnedSignalMemory(CONFIG), "bench_turned_signal_memory", sim, tests=2)
