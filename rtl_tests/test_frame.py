import simulate

from boldhw.gateware.frame import Link


def test_link(sim):
    simulate.run(Link(), "bench_frame", sim, tests=8)
