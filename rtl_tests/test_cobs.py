import simulate

from boldhw.gateware.cobs import CobsDecoder


def test_decoder(sim):
    simulate.run(CobsDecoder(), "bench_cobs_decoder", sim, tests=6)
