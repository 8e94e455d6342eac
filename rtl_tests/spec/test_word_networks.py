"""Networks over words: what JSON says, and what is refused."""

import json

import pytest
from support.word_cases import EMBEDDING, NETWORKS, WINDOW, attention, conv, described

from boldhw.errors import ConfigError
from boldhw.golden.graph.widths import widths
from boldhw.spec.network import Network


@pytest.mark.parametrize("name", NETWORKS)
def test_json_there_and_back(name):
    network = Network.from_dict(NETWORKS[name])
    assert Network.from_json(str(network)) == network
    assert json.loads(network.to_json())["inputs"] == {"words": 7, "vocabulary": 20}


def test_shapes_weights_and_widths():
    network = Network.from_dict(NETWORKS["density"])
    codes, window, context = (network.layer(name) for name in ("codes", "window", "context"))
    assert (codes.shape, codes.weights) == ((20, 10), 200)
    assert (window.inputs, str(window.makes)) == (30, "1x7x66")
    assert (context.weights, context.learns, context.compared) == (0, False, 12)
    found = widths(network)
    assert found["context"].sums == 8  # the base, and the values of seven places
    assert found["query"].deltas == 7
    assert found["value"].deltas == 7 + 1  # read as value, and as base
    assert network.below_attention == {"codes", "window", "query", "key", "value", "input"}


def wrong(how, **fields):
    return described([EMBEDDING, *attention(how, "codes", **fields)], "context")


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (wrong({}), "attention of layer context chooses places by nothing"),
        (wrong({"top": 1, "density": 9}), "by top and density; give either"),
        (wrong({"top": 0}), "top of layer context is 0; it must be an integer from 1"),
        (wrong({"density": 256}), "density of layer context is 256; .* from 1 to 255"),
        (wrong({"top": 1, "size": 2}), "it is an object with top or density"),
        (wrong({"top": 1, "heads": 5}), "shares 12 planes of its query among 5 heads"),
        (wrong({"top": 1}, outputs=65), "shares 65 planes .* at most 64"),
        (described([EMBEDDING | {"taps": [{"source": "input", "dx": 1}]}], "codes"),
         "only a convolution reads at an offset"),
        (described([EMBEDDING, conv("far", {"side": 3}, 4, ("codes",))], "far") | {
            "inputs": {"words": 7}}, "samples of words have the keys words"),
        (described([EMBEDDING, conv("far", {"side": 1, "stride": 2}, 4, ("codes",))], "far"),
         "layer far makes 1 x 4 places of samples with 7 words"),
        (described([conv("far", {"side": 1}, 4, ("input",))], "far"), "layer far reads words"),
        (described([EMBEDDING | {"activation": "ternary"}], "codes"), "an embedding has bits"),
        (described([EMBEDDING], "codes") | {"inputs": [1, 7, 1]}, "it reads input and nothing"),
        (described([EMBEDDING, WINDOW | {"attention": {"top": 1}}], "window"),
         "layer window is conv and has an attention"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_by_name(layers, message):
    with pytest.raises(ConfigError, match=message):
        Network.from_dict(layers)


def test_attention_has_four_taps_of_fitting_shapes():
    layers = attention({"top": 1}, "codes")
    layers[3]["taps"].pop()
    with pytest.raises(ConfigError, match="layer context has 3 taps; attention has 4: query, key"):
        Network.from_dict(described([EMBEDDING, *layers], "context"))
    layers[3]["taps"].append({"source": "codes"})
    with pytest.raises(ConfigError, match="query and key must have one shape, value and base too"):
        Network.from_dict(described([EMBEDDING, *layers], "context"))


def test_scores_are_the_last_layer():
    cut = described([EMBEDDING], "codes")
    cut["layers"].pop()
    with pytest.raises(ConfigError, match="layer codes is embedding and the last one"):
        Network.from_dict(cut)
