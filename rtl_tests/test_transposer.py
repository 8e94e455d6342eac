import simulate
from unit_config import CONFIG

from boldhw.gateware.transposer import Transposer


def test_transposer(sim):
    simulate.run(Transposer(CONFIG), "bench_transposer", sim, tests=5)
