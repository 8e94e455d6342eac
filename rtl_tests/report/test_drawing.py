"""A network as SVG: a box for each layer, an arrow for each source, all of it inside."""

import xml.etree.ElementTree as ET

import pytest
from support.graph_cases import NETWORKS, network

from boldhw.report.drawing import BOX, draw
from boldhw.spec.network import Network

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", NETWORKS)
def test_boxes_and_arrows(name):
    spec = network(name)
    tree = ET.fromstring(draw(spec))
    boxes = list(tree.iter(f"{SVG}rect"))
    assert len(boxes) == len(spec.layers) + 1
    arrows = [each for each in tree.iter(f"{SVG}path") if each.get("class") == "tap"]
    assert len(arrows) == sum(len(layer.sources) for layer in spec.layers)
    _, _, width, height = map(float, tree.get("viewBox").split())
    for box in boxes:
        assert 0 <= float(box.get("x")) <= width - BOX
        assert 0 <= float(box.get("y")) <= height - float(box.get("height"))


def test_texts_of_a_graph_that_branches():
    tree = ET.fromstring(draw(network("branches")))
    texts = [each.text for each in tree.iter(f"{SVG}text")]
    assert {"input", "near", "far", "both", "strided", "out"} <= set(texts)
    assert "conv k3d2, makes 8x6x67" in texts
    assert "8x6x67 at (1,-1)" in texts
    assert "8x6x5 at (0,0) (0,1)" in texts
    assert texts.count("8x6x3") == 4  # in its box, and beside three arrows
    assert "dense, 6 scores" in texts
    assert sum("fixed" in (each.get("class") or "") for each in tree.iter(f"{SVG}rect")) == 1


def test_names_are_shortened_and_escaped():
    name = "a <layer> & a name that no box can hold"
    spec = Network.from_dict({"inputs": 9, "layers": [
        {"name": name, "outputs": 4, "taps": [{"source": "input"}]},
        {"name": "b", "outputs": 2, "taps": [{"source": name}]}]})  # fmt: skip
    texts = [each.text for each in ET.fromstring(draw(spec)).iter(f"{SVG}text")]
    assert "a <layer> & a name tha…" in texts
