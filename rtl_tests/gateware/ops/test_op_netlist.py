"""What synthesis made of a small engine of op lists, simulated with the cells' models."""

from dataclasses import asdict, replace

import pytest
from support import netlist, simulate
from support.graph_driver import made_for

from boldhw.gateware.ops.core import OpCore
from boldhw.spec.ops.array import ArraySize

# As narrow as the network lets it be: synthesis takes minutes and grows with each bit.
SMALL = ArraySize(
    elements=2, lanes=8, batch=2, segments=1, data_rows=256, weight_rows=128, delta_rows=32,
    unit_rows=4, counter_rows=16, score_rows=4, sum_bits=9, side_bits=5, window_kernels="3x1/1",
)  # fmt: skip
BUILT = {"ice40": SMALL, "ecp5": replace(SMALL, dual_port=True)}
NETWORK = "4x4-2k3-2"
PLAIN = replace(BUILT["ice40"], serial=True, plain=True, uncounted=True)


@pytest.mark.timeout(1800)  # of synthesis and compiler, where other programs run too
@pytest.mark.parametrize("family", BUILT)
def test_netlist_trains_as_the_machine(family):
    """Inference and five updates: all rows that a host can read, scores, counters and cycles."""
    trains(BUILT[family], family)


@pytest.mark.timeout(1800)
def test_netlist_that_is_made_for_a_network_trains_it():
    """The same of an engine for an iCE40 whose ops have constants, and no COUNT."""
    trains(made_for(NETWORK, PLAIN), "ice40")


def trains(size, family):
    """Synthesise a core and run its bench."""
    directory = netlist.build(OpCore(size), "verilator", family)
    parameters = {"size": asdict(size), "network": NETWORK}
    simulate.run_built(directory, "bench_op_core", "verilator", 2, parameters, cycles=5_000)
