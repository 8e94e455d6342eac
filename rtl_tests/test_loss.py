import simulate
from unit_config import CONFIG

from boldhw.gateware.loss import Loss


def test_loss(sim):
    simulate.run(Loss(CONFIG), "bench_loss", sim, tests=4)
