from dataclasses import asdict

from support import simulate

from boldhw.gateware.ops.outcome import Outcome
from boldhw.spec.ops.array import ArraySize


def test_outcome(sim):
    size = ArraySize(elements=3, lanes=12)
    simulate.run(Outcome(size), "bench_outcome", sim, tests=7, parameters=asdict(size),
                 cycles=2000)  # fmt: skip
