from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.core.counters import Counters
from boldhw.spec.protocol import identity_bytes

CLOCK_HZ = 24_000_000


def test_counters(sim):
    counters = Counters(CONFIG, identity_bytes(CONFIG, CLOCK_HZ))
    simulate.run(counters, "bench_counters", sim, tests=5, parameters={"clock_hz": CLOCK_HZ})
