"""Five thousand random graphs on the gateware of op lists, in lock-step with the interpreter.

``make soak`` runs it, which takes hours; ``make test`` does not.
"""

from dataclasses import asdict

import pytest
from support import simulate
from support.op_engines import SHAPES

from boldhw.gateware.ops.engine import OpEngine

BENCH = "gateware.ops.bench_op_engine"
NETWORKS = 50  # of a simulation, of each of its two tests that train
SEEDS = range(2, 2 + 5_000 // (2 * NETWORKS * len(SHAPES)) + 1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_random_graphs_on_the_gateware(shape, seed):
    parameters = {"size": asdict(SHAPES[shape]), "networks": NETWORKS, "cycles": 4_000}
    simulate.run(
        OpEngine(SHAPES[shape]), BENCH, "verilator", tests=5, parameters=parameters, seed=seed
    )
