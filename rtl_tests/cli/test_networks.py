"""``boldhw networks`` prints what a network is made of, and refuses what cannot work."""

import json

import pytest

from boldhw.cli.main import main
from boldhw.spec.network import Network


def rows(capsys, network):
    assert main(["networks", network, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_layers_of_a_convolutional_network(capsys):
    found = rows(capsys, "28x28x3-64k5p2-128k5p2-10")
    assert found["weights"] == 272320
    assert found["operations"] == 784 * 4800 + 196 * 204800 + 62720
    second = found["layers"][1]
    assert (second["kind"], second["reads"], second["makes"]) == (
        "conv k5p2",
        "14x14x64",
        "7x7x128",
    )
    # Fan-in 1600; ten scores read a bit; 196 places and 127 to round.
    assert (second["sum_bits"], second["delta_bits"], second["vote_bits"]) == (12, 5, 10)


def test_a_file_is_the_same_network(capsys, tmp_path):
    text = "28x28-16k5p2-32k5p2-10"
    path = tmp_path / "graph.json"
    path.write_text(Network.parse(text).to_json())
    assert rows(capsys, str(path)) == rows(capsys, text)


def test_words_for_people(capsys):
    assert main(["networks", "784-72-10"]) == 0
    text = capsys.readouterr().out
    assert "layer2  dense  72     10     72      720" in text
    assert "57168 weights" in text
    assert "bits of memory: weights 57,168, accumulators 914,688," in text


def test_memory_and_picture(capsys, tmp_path):
    path = tmp_path / "a.svg"
    assert main(["networks", "784-72-10", "--bits", "8", "--svg", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["svg"] == str(path)
    assert found["memory"]["accumulators"] == 8 * 57168
    assert path.read_text().startswith("<svg")
    assert main(["networks", "784-72-10", "--svg", str(tmp_path / "none" / "a.svg")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("7x7-16k5p2-10", "layer layer1 pools 2 x 2"),
        ("40000-2", "sums of layer layer1 reach 40000 and need 17 bits"),
        ("nothing.json", "nothing.json"),
        ("784", "not a list of layer widths"),
    ],
)
def test_what_cannot_work_is_refused(capsys, network, message):
    assert main(["networks", network]) == 2
    assert message in capsys.readouterr().err
