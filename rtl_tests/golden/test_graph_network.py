"""The golden graph: a dense chain is the golden network, and what the graph adds to it."""

import numpy as np
import pytest
from support.graph_cases import NETWORKS, network, same, samples, settings, state

from boldhw.errors import ConfigError, DataError
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.settings import GraphLayerSettings, GraphSettings
from boldhw.golden.graph.widths import check_widths, widths
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE, Network
from boldhw.spec.network import Network as Spec


def as_graph(spec, old):
    """Return GraphSettings like the Settings of a chain."""
    layers = [
        GraphLayerSettings(
            tau=np.full(layer.outputs, own.tau, np.int32),
            window=np.full(layer.outputs, own.window, np.int32),
            dead=own.dead,
            theta=own.theta,
            decay=own.decay,
            zero_true=own.zero_true,
        )
        for layer, own in zip(spec.layers, old.layers, strict=True)
    ]
    return GraphSettings(layers=layers, margin=old.margin, batch=old.batch,
                          outputs_per_class=old.outputs_per_class)  # fmt: skip


def assert_equal(graph, old):
    for layer, weights, accumulators in zip(
        graph.layers, old.weights, old.accumulators, strict=True
    ):
        assert np.array_equal(layer.weights, weights)
        assert np.array_equal(layer.accumulators, accumulators)


@pytest.mark.parametrize("widths", [(70, 6), (33, 20, 6), (90, 17, 30, 12), (40, 70, 65, 30, 6)])
@pytest.mark.parametrize("decay", [0, 3000])
def test_a_dense_chain_is_the_golden_network(widths, decay):
    for seed in range(3):
        generator = np.random.default_rng(seed)
        hyper = Hyper(
            batch=int(generator.integers(1, 20)),
            theta=int(generator.integers(1, 9)),
            zero_true=bool(generator.integers(2)),
            margin=float(generator.random() * 3),
            outputs_per_class=widths[-1] // 6,
        )
        spec = Spec.chain(widths)
        old = hyper.settings(REFERENCE, spec).changed(decay=[decay] * (len(widths) - 1))
        graph = GraphNetwork(spec, as_graph(spec, old), seed=seed)
        golden = Network(widths, REFERENCE, seed=seed)
        golden.settings = old
        bits, labels = samples(spec, 300, seed)
        assert_equal(graph, golden)
        for stop in (True, True, False):
            stats = golden.train(bits, labels, stop_at_update=stop)
            assert graph.train(bits, labels, stop_at_update=stop) == stats
            assert_equal(graph, golden)
            assert stats.updates
        assert graph.flush() == golden.flush()
        assert_equal(graph, golden)
        assert np.array_equal(graph.infer(bits), golden.infer(bits))


@pytest.mark.parametrize("name", NETWORKS)
def test_samples_computed_together_are_samples_one_by_one(name):
    spec = network(name)
    bits, labels = samples(spec, 40, 1)
    together, alone = (GraphNetwork(spec, settings(spec, 2, rounding=1), seed=3) for _ in range(2))
    stats = together.train(bits, labels)
    parts = [alone.train(bits[k : k + 1], labels[k : k + 1]) for k in range(40)]
    assert sum(parts[1:], parts[0]) == stats
    assert same(state(together), state(alone))
    assert stats.updates > 2
    assert sum(stats.flips)


def test_a_layer_that_does_not_learn_stays():
    spec = network("branches")
    graph = GraphNetwork(spec, settings(spec, 2), seed=3)
    before = state(graph)
    graph.train(*samples(spec, 40, 1))
    changed = [not np.array_equal(a[0], b[0]) for a, b in zip(before, state(graph), strict=True)]
    assert changed == [True, True, True, False, True]


def test_signals_of_all_readers_are_added():
    """near is read by both and by out; without either its votes are others."""
    spec = network("branches")
    bits, labels = samples(spec, 5, 1)
    graphs = [GraphNetwork(spec, settings(spec, 2, batch=50, dead=0), seed=3) for _ in range(3)]
    for graph, silent in zip(graphs[1:], ("both", "far"), strict=True):
        index = [layer.name for layer in spec.layers].index(silent)
        graph.layers[index].settings.window[:] = 0
        graph.layers[index].settings.tau[:] = 2000  # out of reach of all sums
    for graph in graphs:
        graph.layers[0].settings.window[:] = 2000
        graph.train(bits, labels)
    near = [graph.layers[0].accumulators for graph in graphs]
    assert np.any(near[0] != near[1])
    assert np.any(near[0])


def test_means_of_the_sample_are_taken_away_at_an_update():
    spec = Spec.parse("6x6x2-4k3p2-3")
    plain, centred = (GraphNetwork(spec, settings(spec, 0, batch=9), seed=1) for _ in range(2))
    means = np.arange(-90, 90, 10, dtype=np.int16)
    centred.layers[0].settings.means = means
    for graph in (plain, centred):
        graph.layers[0].settings.theta = 30000
        graph.train(*samples(spec, 40, 1, 3), stop_at_update=True)
    votes = [graph.layers[0].accumulators.astype(int) for graph in (plain, centred)]
    extra = votes[1] - votes[0]
    balance = extra[:, -1] * 256 / means[-1]  # Z, but for rounding
    assert np.abs(extra - balance[:, None] * means / 256).max() <= 1.5
    assert extra.any()
    assert not centred.layers[0].balance.any()


def test_accumulators_saturate_at_their_width():
    spec = Spec.parse("8x8-4k5-3")
    graph = GraphNetwork(spec, settings(spec, 0, theta=32767), seed=1, bits=6)
    graph.train(*samples(spec, 60, 1, 3))
    values = graph.layers[0].accumulators
    assert (values.min(), values.max()) == (-32, 31)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("40000-3-2", "sums of layer layer1 reach 40000 and need 17 bits; there are 16"),
        ("10x10x60-300k25-6", "sums of layer layer1 reach 37500"),
        ("8x8x2-9k3-700k7-2", "deltas of layer layer1 reach 34300 and need 17 bits"),
        ("200x200-2k3-2", "votes of layer layer1 reach 40127"),
        ("8x8-4k3", "make the last layer dense"),
    ],
)
def test_what_can_overflow_is_refused_by_layer(text, message):
    spec = Spec.parse(text)
    with pytest.raises(ConfigError, match=message):
        GraphNetwork(spec, settings(spec, 0))


@pytest.mark.parametrize(
    ("layer", "fields", "message"),
    [
        (0, {"theta": 0}, "theta of layer layer1=0"),
        (0, {"rounding": 8}, "rounding of layer layer1=8"),
        (1, {"rounding": 1}, "a dense layer adds whole votes"),
        (0, {"tau": np.zeros(5, np.int32)}, r"tau of layer layer1 must be int32 of shape \(4,\)"),
        (0, {"window": np.full(4, -1, np.int32)}, "window of layer layer1=-1"),
        (1, {"means": np.zeros(64, np.int16)}, "layer2 has means and does not read the sample"),
        (0, {"means": np.zeros(3, np.int16)}, r"means of layer layer1 must be int16 of shape"),
    ],
)
def test_settings_that_do_not_fit_are_refused(layer, fields, message):
    spec = Spec.parse("8x8-4k3p2-3")
    wrong = settings(spec, 0)
    vars(wrong.layers[layer]).update(fields)
    with pytest.raises(ConfigError, match=message):
        GraphNetwork(spec, wrong)


@pytest.mark.parametrize(
    ("batch", "rounding"), [(1, 0), (3, 1), (4, 2), (15, 3), (16, 4), (128, 7)]
)
def test_a_counter_that_a_batch_cannot_fill_is_refused(batch, rounding):
    """u = k mod 2**r takes all its values where 2**r is at most the batch."""
    spec = Spec.parse("8x8-4k3p2-3")
    own = settings(spec, 0, batch=batch, rounding=rounding)
    graph = GraphNetwork(spec, own)
    own.layers[0].rounding = rounding + 1
    wanted = f"rounding of layer layer1 is {rounding + 1} and batch is {batch}; .* make rounding"
    wanted += f" {rounding} at most, or batch {2 << rounding} or more"
    with pytest.raises(ConfigError, match=wanted if rounding < 7 else "rounding of layer layer1=8"):
        graph.configure(own)


def test_wrong_samples_are_refused():
    spec = Spec.parse("8x8-4k3p2-3")
    graph = GraphNetwork(spec, settings(spec, 0))
    with pytest.raises(DataError, match=r"network 8x8-4k3p2-3 takes bool of shape \(samples, 64\)"):
        graph.infer(np.zeros((2, 63), bool))
    with pytest.raises(DataError, match="labels run from 0 to 3"):
        graph.train(np.zeros((4, 64), bool), np.arange(4))


def test_gain_shifts_what_goes_back():
    """Doubled signals of the only reader are the same bits below where nothing is dead."""
    described = Spec.parse("6x6-5k3-4k3-3").to_dict()
    described["layers"][1]["taps"][0]["gain"] = 2
    spec = Spec.from_dict(described)
    graph = GraphNetwork(spec, settings(spec, 0), seed=1)
    plain = GraphNetwork(Spec.parse("6x6-5k3-4k3-3"), settings(spec, 0), seed=1)
    bits, _ = samples(spec, 3, 0)
    signals = np.random.default_rng(0).integers(-1, 2, (3, 6, 6, 4)).astype(np.int8)
    for own in (graph, plain):
        own.train(bits[:0], np.zeros(0, int))  # gives kernels the weights
    found = [
        own.layers[1].backward(own._forward(bits)[1], signals)["layer1"] for own in (graph, plain)
    ]
    assert np.array_equal(found[0], 4 * found[1])
    assert found[1].any()


def test_gains_count_in_widths():
    described = Spec.parse("8x8-4k3-200k3-2").to_dict()
    layer = described["layers"][1]
    layer["taps"][0]["gain"] = 4
    assert widths(Spec.from_dict(described))["layer1"].deltas == 16 * 1800
    layer["taps"][0]["gain"] = 5
    with pytest.raises(ConfigError, match="deltas of layer layer1 reach 57600.*or less gain"):
        check_widths(Spec.from_dict(described))


def test_three_valued_samples_are_checked():
    spec = network("ternary")
    graph = GraphNetwork(spec, settings(spec, 0))
    bits, labels = samples(spec, 4, 0)
    with pytest.raises(DataError, match="takes int8 of shape"):
        graph.train(bits > 0, labels)
    with pytest.raises(DataError, match="samples hold -1 to 2"):
        graph.train(np.where(bits == 1, np.int8(2), bits), labels)


def test_thresholds_of_three_valued_outputs_are_not_below_0():
    spec = network("ternary")
    own = settings(spec, 0)
    own.layers[0].tau[3] = -1
    with pytest.raises(ConfigError, match="tau of layer three=-1"):
        own.check(spec)


@pytest.mark.parametrize("coding", [True, False])
def test_two_valued_sources_are_coded_beside_three_valued_ones(coding):
    spec = network("ternary")
    graph = GraphNetwork(spec, settings(spec, 0, zero_true=coding), seed=1)
    bits, labels = samples(spec, 3, 0)
    graph.train(bits[:0], labels[:0])  # gives kernels the weights
    seen = graph._forward(bits)
    three, two, mixed = seen[:3]
    assert np.array_equal(mixed.maps[..., :66], three.bits)
    assert np.array_equal(mixed.maps[..., 66:71], np.where(two.bits, 1, 0 if coding else -1))
    assert set(np.unique(three.bits)) == {-1, 0, 1}
