from support import simulate

from boldhw.gateware.link.cobs import CobsDecoder, CobsEncoder


def test_decoder(sim):
    simulate.run(CobsDecoder(), "bench_cobs_decoder", sim, tests=5)


def test_encoder(sim):
    simulate.run(CobsEncoder(), "bench_cobs_encoder", sim, tests=2)
