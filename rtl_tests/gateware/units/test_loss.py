from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.units.loss import Loss


def test_loss(sim):
    simulate.run(Loss(CONFIG), "bench_loss", sim, tests=4)
