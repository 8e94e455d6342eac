from support import simulate

from boldhw.gateware.ops.map_walk import MapWalk


def test_map_walk(sim):
    simulate.run(MapWalk(), "bench_map_walk", sim, tests=3, cycles=2000)
