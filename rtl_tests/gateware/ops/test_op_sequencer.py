from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.sequencer import OpSequencer
from boldhw.spec.ops.array import ArraySize


@pytest.mark.parametrize("dual_port", [False, True])
def test_op_sequencer(sim, dual_port):
    size = ArraySize(elements=2, lanes=8, segments=3, dual_port=dual_port)
    simulate.run(OpSequencer(size), "bench_op_sequencer", sim, tests=3, parameters=asdict(size),
                 cycles=1500)  # fmt: skip
