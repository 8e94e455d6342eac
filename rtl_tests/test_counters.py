import simulate
from unit_config import CONFIG

from boldhw.gateware.counters import Counters


def test_counters(sim):
    simulate.run(Counters(CONFIG), "bench_counters", sim, tests=4)
