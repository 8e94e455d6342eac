"""``boldhw networks --ops``: memory map, op lists and cycles; the figures of the page."""

import json
import re
import shlex
from pathlib import Path

import pytest

from boldhw.cli.main import main

NETWORK = "28x28-7k5p2-14k5p2-10"
ARRAY = ["--ops", "--elements", "7", "--dsp-sums", "--batch", "24"]
PAGE = (Path(__file__).parents[2] / "docs" / "graph_engine.md").read_text()
FIGURES = re.findall(r"^\| (\d\S+) `(--[^`]+)` \| (.+) \|$", PAGE, re.MULTILINE)


def found(capsys, network, *words):
    assert main(["networks", network, "--ops", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["ops"]


def test_there_are_figures():
    assert len(FIGURES) == 6


@pytest.mark.parametrize(("network", "words", "figures"), FIGURES)
def test_figures_of_the_page(capsys, network, words, figures):
    ops = found(capsys, network, *shlex.split(words))
    lists = [ops["lists"][name] for name in ("forward", "backward", "update")]
    values = [f"{each['cycles'] - each['counting']:,}" for each in lists]
    names = ("cycles_a_sample", "samples_per_second", "counted_samples_per_second")
    values += [f"{ops[name]:,.0f}" for name in names]
    values.append(f"{ops['rows']['data']:,}, {ops['rows']['weight']:,}")
    assert figures.split(" | ") == values


def test_words_for_people(capsys):
    assert main(["networks", NETWORK, *ARRAY, "--clock", "30000000"]) == 0
    text = capsys.readouterr().out
    assert "data     0     28    sample" in text
    assert "WINDOW   zero_true=1 border=1 side=5" in text
    assert "forward: " in text
    assert "weight_rows=204" in text
    assert "samples per second" in text


def test_cycles_of_a_list_are_those_of_its_ops(capsys):
    ops = found(capsys, NETWORK, *ARRAY[1:])
    for own in ops["lists"].values():
        assert own["cycles"] == sum(each["cycles"] for each in own["ops"])
        assert own["ops"][-1]["op"] == "END"
    assert "samples_per_second" not in ops
    forward, backward, update = (
        ops["lists"][name]["cycles"] for name in ("forward", "backward", "update")
    )
    mean = forward + 0.12 * (backward + update / 24)
    assert ops["counted_cycles_a_sample"] == pytest.approx(mean)


def test_the_other_output_is_as_without(capsys):
    assert main(["networks", NETWORK, "--json"]) == 0
    assert "ops" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--elements", "41"], "elements=41 must be an integer from 2 to 40"),
        (["--lanes", "33"], "lanes=33 must be 2, 4 or 8 times elements=8"),
        (["--planes", "5"], "planes=5 must be one of (1, 2, 4, 8)"),
        (["--transposers", "2"], "transposers=2 must be 1 or lanes / elements = 4"),
    ],
)
def test_arrays_that_cannot_be_are_refused(capsys, words, message):
    assert main(["networks", NETWORK, "--ops", *words]) == 2
    assert message in capsys.readouterr().err


def test_what_no_array_holds_is_refused(capsys):
    assert main(["networks", "128x128x64-64k3-64k3p2-2k3p2-10", "--ops"]) == 2
    assert re.search(r"needs data_rows=\d+, the array has 65536", capsys.readouterr().err)
