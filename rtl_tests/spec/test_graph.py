"""A network as a graph: the shorthand, JSON, what a layer knows of its place, and refusals."""

import pytest

from boldhw.errors import ConfigError
from boldhw.spec.layer import INPUT, SCORES, THRESHOLD, Place, Tap
from boldhw.spec.network import Network

# A hidden layer that is read by another one and, past it, by the output.
SKIP = {
    "inputs": 20,
    "layers": [
        {"name": "a", "taps": [{"source": "input"}], "outputs": 8},
        {"name": "b", "taps": [{"source": "a"}], "outputs": 6, "learns": False},
        {"name": "c", "taps": [{"source": "b"}, {"source": "a"}, {"source": "input"}],
         "outputs": 3},
    ],
}  # fmt: skip


def test_shorthand_is_a_chain():
    network = Network.parse("784-72-10")
    hidden, output = network.layers
    assert (network.inputs, hidden.shape, output.shape) == (784, (72, 784), (10, 72))
    assert hidden.taps == (Tap(INPUT),)
    assert output.taps == (Tap(hidden.name),)
    assert (hidden.activation, output.activation) == (THRESHOLD, SCORES)
    assert (str(network), network.widths) == ("784-72-10", (784, 72, 10))
    assert network.output is output


def test_place_says_what_surrounds_a_layer():
    first, second, last = Network.chain((9, 8, 7, 6)).layers
    assert first.place == Place(reads_input=True, is_output=False, feeds_hidden=True)
    assert second.place == Place(reads_input=False, is_output=False, feeds_hidden=False)
    assert last.place == Place(reads_input=False, is_output=True, feeds_hidden=False)


def test_place_in_a_graph():
    network = Network.from_dict(SKIP)
    a, b, c = network.layers
    assert (a.inputs, b.inputs, c.inputs) == (20, 8, 34)
    assert c.place.reads_input
    assert (a.place.feeds_hidden, b.place.feeds_hidden) == (True, False)
    assert [layer.name for layer in network.readers("a")] == ["b", "c"]
    assert [layer.name for layer in network.readers(INPUT)] == ["a", "c"]
    assert network.layer("b").weights == 48
    assert not b.learns


@pytest.mark.parametrize("network", [Network.parse("5-4"), Network.from_dict(SKIP)])
def test_json_gives_the_same_network(network):
    assert Network.from_json(network.to_json()) == network


def test_only_a_chain_has_widths():
    network = Network.from_dict(SKIP)
    assert not network.is_chain
    with pytest.raises(ConfigError, match="not a chain of dense layers"):
        _ = network.widths
    assert Network.from_json(str(network)) == network


@pytest.mark.parametrize("text", ["784", "784-", "-784-10", "784-0-10", "784-a", "", "784--10"])
def test_no_list_of_widths_is_refused(text):
    with pytest.raises(ConfigError, match="not a list of layer widths"):
        Network.parse(text)


@pytest.mark.parametrize("widths", [(), (784,), (784, 0), (784, -1, 10), (784, 1.5), (True, 3)])
def test_impossible_widths_are_refused(widths):
    with pytest.raises(ConfigError, match=r"no layer|integer from 1"):
        Network.chain(widths)


def changed(layer, **fields):
    layers = [dict(entry) for entry in SKIP["layers"]]
    layers[layer] |= fields
    return SKIP | {"layers": layers}


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ([], "keys inputs and layers"),
        (SKIP | {"more": 1}, "keys inputs and layers"),
        (SKIP | {"inputs": "20"}, "inputs of the network is '20'"),
        (SKIP | {"layers": []}, "at least one layer"),
        (SKIP | {"layers": ["a"]}, "'a' is not a layer"),
        (changed(1, name="a"), "two layers are called 'a'"),
        (changed(0, name=INPUT), "two layers are called 'input'"),
        (changed(1, outputs=0), "outputs of layer b is 0"),
        (changed(1, kind="sum"), "kind of layer b is 'sum'"),
        (changed(1, kind="conv"), "kernel of layer b is None"),
        (changed(1, kernel={"side": 3}), "layer b is dense and has a kernel"),
        (changed(1, colour="red"), "layer b has a field 'colour'"),
        (changed(1, learns="no"), "learns of layer b is 'no'"),
        (changed(1, learns=1), "learns of layer b is 1"),
        (changed(1, activation=SCORES), "activation of layer b is scores"),
        (changed(2, activation=THRESHOLD), "activation of layer c is threshold"),
        (changed(1, taps=[]), "layer b reads nothing"),
        (changed(1, taps=["a"]), "taps of layer b"),
        (changed(1, taps=[{"source": "c"}]), "layer b reads 'c', which is not before it"),
        (changed(1, taps=[{"source": "a", "dy": 1}]), r"reads a at \(1, 0\)"),
        (changed(1, taps=[{"source": "a"}, {"source": "a"}]), "reads a source twice"),
        (changed(2, taps=[{"source": "a"}]), "nothing reads layer b"),
    ],
)
def test_impossible_graph_is_refused_by_name(described, message):
    with pytest.raises(ConfigError, match=message):
        Network.from_dict(described)


def test_text_that_is_no_json_is_refused():
    with pytest.raises(ConfigError, match="not JSON"):
        Network.from_json("{")


def test_layer_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="its layers are a, b, c"):
        Network.from_dict(SKIP).layer("d")


def described_taps(*taps, **fields):
    """Return a network whose last layer has these taps."""
    layers = [
        {"name": "layer1", "taps": [{"source": "input"}], "outputs": 4, **fields},
        {"name": "layer2", "taps": list(taps), "outputs": 2},
    ]
    return {"inputs": 8, "layers": layers}


def test_three_valued_layers_and_gains_are_kept():
    taps = {"source": "layer1", "gain": 2}, {"source": "input"}
    described = described_taps(*taps, activation="ternary") | {"ternary": True}
    network = Network.from_dict(described)
    assert network.to_dict() == described
    assert network.ternary
    assert network.layer("layer1").is_ternary
    assert network.layer("layer2").gains == {"layer1": 2, "input": 0}
    assert not Network.from_dict(
        described_taps({"source": "layer1"}, activation="ternary")
    ).is_chain
    assert not Network.from_dict(described_taps({"source": "layer1"}) | {"ternary": True}).is_chain
    assert not Network.from_dict(described_taps({"source": "layer1", "gain": 1})).is_chain
    assert Network.from_dict(described_taps({"source": "layer1"})).is_chain


@pytest.mark.parametrize(
    ("taps", "message"),
    [
        (
            [{"source": "layer1", "gain": 8}],
            "gain of layer layer2=8 must be an integer from 0 to 7",
        ),
        ([{"source": "layer1"}, {"source": "input", "gain": 1}], "gain of layer layer2=1"),
        (
            [{"source": "layer1"}, {"source": "layer1", "gain": 1}],
            "reads a source twice at a place",
        ),
    ],
)
def test_impossible_gains_are_refused(taps, message):
    with pytest.raises(ConfigError, match=message):
        Network.from_dict(described_taps(*taps))


def test_one_source_has_one_gain():
    layers = [
        {"name": "a", "kind": "conv", "kernel": {"side": 3}, "taps": [{"source": "input"}],
         "outputs": 4},
        {"name": "b", "kind": "conv", "kernel": {"side": 1}, "outputs": 2,
         "taps": [{"source": "a"}, {"source": "a", "dy": 1, "gain": 1}]},
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="give one source several gains"):
        Network.from_dict({"inputs": [4, 4, 1], "layers": layers})


def test_ternary_is_true_or_false():
    with pytest.raises(ConfigError, match="ternary of the network is 'yes'"):
        Network.from_dict(described_taps({"source": "a"}) | {"ternary": "yes"})


def test_a_network_without_shorthand_has_a_short_label():
    assert Network.parse("8x8-4k3-6").label == "8x8-4k3-6"
    described = Network.parse("8x8-4k3-6").to_dict()
    described["layers"][1]["taps"].append({"source": "input"})
    network = Network.from_dict(described)
    assert network.label == f"of 2 layers, {network.layers[0].name} to {network.layers[1].name},"
