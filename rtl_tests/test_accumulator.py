import simulate
from unit_config import CONFIG

from boldhw.gateware.accumulator import Accumulator


def test_accumulator(sim):
    simulate.run(Accumulator(CONFIG), "bench_accumulator", sim, tests=2)
