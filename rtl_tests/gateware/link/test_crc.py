from support import simulate

from boldhw.gateware.link.crc import Crc32


def test_crc(sim):
    simulate.run(Crc32(), "bench_crc", sim, tests=2)
