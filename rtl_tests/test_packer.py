import simulate
from unit_config import CONFIG

from boldhw.gateware.packer import Packer


def test_packer(sim):
    simulate.run(Packer(CONFIG), "bench_packer", sim, tests=6)
