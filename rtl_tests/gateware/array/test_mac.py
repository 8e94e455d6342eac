import pytest
from support import simulate

from boldhw.gateware.array.mac import MultiplyAccumulate


@pytest.mark.parametrize("device", [None, "iCE40UP5K"])
def test_mac(sim, device):
    simulate.run(MultiplyAccumulate(), "bench_mac", sim, tests=2, device=device)
