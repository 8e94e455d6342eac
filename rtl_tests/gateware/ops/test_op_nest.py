from dataclasses import asdict

from support import simulate

from boldhw.gateware.ops.nest import Nest
from boldhw.spec.ops.array import ArraySize


def test_op_nest(sim):
    size = ArraySize(elements=2, lanes=8, batch=4, segments=3)
    simulate.run(Nest(size), "bench_op_nest", sim, tests=1, parameters=asdict(size), cycles=1500)
