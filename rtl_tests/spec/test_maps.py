"""Networks with convolutions: the shorthand, shapes of maps, JSON, and refusals."""

import pytest

from boldhw.errors import ConfigError
from boldhw.spec.maps import Kernel, Shape
from boldhw.spec.network import INPUT, Network, Tap

# Two convolutions of different reach side by side, read together with the sample.
BRANCHES = {
    "inputs": [6, 8, 2],
    "layers": [
        {"name": "near", "kind": "conv", "kernel": {"side": 3}, "taps": [{"source": "input"}],
         "outputs": 4},
        {"name": "far", "kind": "conv", "kernel": {"side": 3, "dilation": 2},
         "taps": [{"source": "input"}], "outputs": 5},
        {"name": "both", "kind": "conv", "kernel": {"side": 1, "pool": 2},
         "taps": [{"source": "near"}, {"source": "far", "dy": 1, "dx": -1}, {"source": "input"},
                  {"source": "near", "dx": 1}], "outputs": 3},
        {"name": "out", "taps": [{"source": "both"}, {"source": "near"}], "outputs": 2},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reads", "makes", "weights"),
    [
        (
            "28x28x3-64k5p2-128k5p2-10",
            ["28x28x3", "14x14x64", "6272"],
            ["14x14x64", "7x7x128", "10"],
            [64 * 75, 128 * 1600, 10 * 6272],
        ),
        (
            "28x28-16k5z0p2-32k3z0p2d2-10",
            ["28x28", "12x12x16", "512"],
            ["12x12x16", "4x4x32", "10"],
            [16 * 25, 32 * 144, 10 * 512],
        ),
        ("9x5x2-7k3s2-4", ["9x5x2", "105"], ["5x3x7", "4"], [7 * 18, 4 * 105]),
        ("8x8-6k4-64-3", ["8x8", "294", "64"], ["7x7x6", "64", "3"], [96, 294 * 64, 192]),
    ],
)
def test_shorthand_gives_shapes(text, reads, makes, weights):
    network = Network.parse(text)
    assert [str(layer.reads) for layer in network.layers] == reads
    assert [str(layer.makes) for layer in network.layers] == makes
    assert [layer.weights for layer in network.layers] == weights
    assert not network.is_chain


@pytest.mark.parametrize(
    "text", ["28x28x3-64k5p2-10", "28x28-16k5z0p2-10", "9x5x2-7k3s2-4", "8x8-6k3d2-3", "28x28-5-2"]
)
def test_shorthand_and_json_give_the_same_network(text):
    network = Network.parse(text)
    assert str(network) == text
    assert Network.from_json(network.to_json()) == network


def test_dense_layers_over_a_picture_are_a_chain():
    network = Network.parse("28x28-64-10")
    assert network.widths == (784, 64, 10)
    assert network.sample == Shape(28, 28, 1)


def test_an_output_reads_row_by_row_then_column_then_tap():
    kernel = Kernel(side=2, dilation=3, padding=1)
    assert list(kernel.offsets) == [(-1, -1), (-1, 2), (2, -1), (2, 2)]
    described = BRANCHES | {"layers": [dict(entry) for entry in BRANCHES["layers"]]}
    described["layers"][2]["kernel"] = {"side": 2, "padding": 0}
    described["layers"][2]["taps"] = [{"source": "near"}, {"source": "far", "dy": 1}]
    both = Network.from_dict(described).layer("both")
    assert both.reach[:4] == (Tap("near"), Tap("far", 1), Tap("near", 0, 1), Tap("far", 1, 1))
    assert both.inputs == 4 * (4 + 5)


def test_branches_join_plane_by_plane():
    network = Network.from_dict(BRANCHES)
    both, out = network.layers[2:]
    assert (both.reads, both.makes) == (Shape(6, 8, 11), Shape(3, 4, 3))
    assert both.inputs == 4 + 5 + 2 + 4  # near twice, at two places
    assert out.inputs == 3 * 4 * 3 + 6 * 8 * 4
    assert Network.from_json(network.to_json()) == network
    assert str(network) == network.to_json()
    assert both.place.reads_input
    assert [layer.name for layer in network.readers(INPUT)] == ["near", "far", "both"]


def changed(layer, **fields):
    layers = [dict(entry) for entry in BRANCHES["layers"]]
    layers[layer] |= fields
    return BRANCHES | {"layers": layers}


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (BRANCHES | {"inputs": [6, 8]}, r"inputs of the network is \[6, 8\]"),
        (BRANCHES | {"inputs": [6, 0, 2]}, "inputs of the network is 0"),
        (changed(0, kernel={"side": 0}), "side of layer near is 0"),
        (changed(0, kernel={}), "side of layer near is None"),
        (changed(0, kernel={"side": 3, "padding": -1}), "padding of layer near is -1"),
        (changed(0, kernel={"side": 3, "colour": 1}), "kernel of layer near is"),
        (changed(0, kernel={"side": 3, "pool": 3}), "pool of layer near is 3"),
        (changed(0, kernel={"side": 9, "padding": 0}), "near has a kernel that covers 9 x 9"),
        (changed(1, kernel={"side": 3, "stride": 2}), "near of 6x8x4, far of 3x4x5"),
        (changed(2, kernel={"side": 2, "padding": 0, "pool": 2}), "both pools 2 x 2, and its sums"),
        (changed(2, taps=[{"source": "far"}, {"source": "far"}]), "reads a source twice"),
        (changed(3, kernel={"side": 1}), "layer out is dense and has a kernel"),
    ],
)
def test_what_cannot_work_is_refused_by_name(described, message):
    with pytest.raises(ConfigError, match=message):
        Network.from_dict(described)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("28x28-16k5q2-10", "layer1 of network .* has 'q2'"),
        ("28x28-16k5p2p2-10", "has 'p2'.* each once"),
        ("28x28-16k0-10", "side of layer layer1 is 0"),
        ("7x7-16k5p2-10", "layer layer1 pools 2 x 2, and its sums are 7 x 7"),
        ("28x28-16p2-10", "not a list of layer widths"),
        ("28x28x3x4-10", "not a list of layer widths"),
        ("0x28-10", "not a list of layer widths"),
    ],
)
def test_wrong_shorthand_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        Network.parse(text)


def test_convolution_is_nothing_that_engines_train():
    with pytest.raises(ConfigError, match="not a chain of dense layers"):
        _ = Network.parse("28x28-16k5p2-10").widths
