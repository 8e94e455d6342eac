"""``boldhw estimate`` of graphs: cycles of their op lists, and refusals of what has none."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from boldboards import BOARDS

from boldhw.cli import ops
from boldhw.cli.main import main
from boldhw.flow.op_memories import memories_of
from boldhw.spec.memories import records

NETWORK = "28x28-7k5p2-14k5p2-10"
PAGE = (Path(__file__).parents[2] / "docs" / "graph_engine.md").read_text()
FIGURES = re.findall(r"^\| (\d\S+) `(--[^`]+)` \| (.+) \|$", PAGE, re.MULTILINE)
LISTS = ("forward", "backward", "update")


def found(capsys, network, *words):
    assert main(["estimate", "--network", network, *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, network, *words):
    assert main(["estimate", "--network", network, *words]) == 2
    return capsys.readouterr().err


def chained(capsys, network, *words):
    """Return what ``boldhw networks`` says of the same array."""
    assert main(["networks", network, "--ops", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["ops"]


def written(tmp_path, **changes):
    """Return the path of a network of two layers as JSON, with these fields changed."""
    graph = {
        "inputs": [8, 8, 1],
        "layers": [
            {"name": "near", "kind": "conv", "kernel": {"side": 3}, "outputs": 4,
             "taps": [{"source": "input"}]},
            {"name": "scores", "outputs": 4, "taps": [{"source": "near"}]},
        ],
    }  # fmt: skip
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(graph | changes))
    return str(path)


@pytest.mark.parametrize(("network", "words", "figures"), FIGURES)
def test_figures_of_the_page(capsys, network, words, figures):
    """The iCEBreaker has dsp_sums, and no registers: the page's arrays say what they have."""
    words = shlex.split(words)
    words += [] if "--dsp-sums" in words else ["--no-dsp-sums"]
    words += [] if "--batch" in words else ["--batch", "32"]
    words += [] if "--clock" in words else ["--clock", "1"]
    own = found(capsys, network, *words)
    values = [f"{own['cycles'][name]:,}" for name in LISTS]
    updates = own["cycles"]["update"] / own["array"]["batch"]
    mean = own["cycles"]["forward"] + own["active_percent"] / 100 * (
        own["cycles"]["backward"] + updates
    )
    assert own["cycles_training"] == round(mean, 1)  # the page has the mean itself, rounded once
    names = ("training_per_second", "counted_training_per_second")
    values += [f"{mean:,.0f}", *(f"{own[name]:,.0f}" for name in names)]
    values.append(f"{own['rows']['data']:,}, {own['rows']['weight']:,}")
    assert figures.split(" | ") == values


def test_a_board_says_what_is_left_out(capsys):
    words = ["--board", "ulx3s", "--planes", "4", "--no-dual-port", "--window-kernels", "5x1/1"]
    own = found(capsys, NETWORK, *words)
    size = replace(BOARDS["ulx3s"].array, planes=4, dual_port=False, window_kernels="5x1/1")
    names = (*ops.DEFAULTS, "popcount_registers")
    assert own["array"] == {name: getattr(size, name) for name in names}
    assert own["clock_mhz"] == BOARDS["ulx3s"].ops_hz / 1e6
    assert own["ram_blocks"] == memories_of(size, "ecp5")["ram_blocks"]
    assert own["use"]["data_rows"] == round(own["rows"]["data"] / size.data_rows, 3)
    assert own["fits"]


def test_an_engine_with_a_store(capsys):
    """Its queue takes block RAM; its logic is not estimated."""
    words = ("--board", "ulx3s")
    plain, stored = found(capsys, NETWORK, *words), found(capsys, NETWORK, *words, "--store")
    design = BOARDS["ulx3s"].with_ops().with_store().config
    queues = records(design)
    assert stored["ram_blocks"] == memories_of(design.size, "ecp5", queues)["ram_blocks"]
    assert stored["ram_blocks"] == plain["ram_blocks"] + 2  # 63 words of 64 bits
    assert stored["lut4"] is None
    assert stored["cycles"] == plain["cycles"]


def test_an_engine_that_infers_only(capsys):
    own = found(capsys, "28x28-7k5p2-14k5p2-10", "--board", "icebreaker", "--inference")
    assert own["array"]["lanes"] == BOARDS["icebreaker"].inference_array.lanes
    assert own["fits"]
    assert own["inference_per_second"] > 0
    assert own["cycles_training"] is None
    assert own["training_per_second"] is None
    other = found(capsys, NETWORK, "--board", "ulx3s", "--inference")
    assert other["array"]["lanes"] == BOARDS["ulx3s"].array.lanes


def test_a_network_that_the_memories_do_not_hold_has_figures_too(capsys):
    own = found(capsys, "28x28-64k5p2-128k5p2-10", "--board", "tang_nano_20k")
    assert not own["fits"]
    assert own["use"][own["limit"]] > 1
    assert own["training_per_second"] > 0


def test_lanes_follow_elements(capsys):
    own = found(capsys, NETWORK, "--elements", "6")
    assert own["array"]["lanes"] == 6 * BOARDS["icebreaker"].array.granules


def test_figures_are_those_of_the_lists(capsys):
    """Cycles that count are apart, and the mean is by the share of active samples."""
    words = ["--elements", "7", "--dsp-sums", "--batch", "24"]
    lists = chained(capsys, NETWORK, *words)["lists"]
    own = found(capsys, NETWORK, *words, "--active", "25", "--clock", "1000000")
    assert own["counting_cycles"] == {name: lists[name]["counting"] for name in LISTS}
    both = {name: own["cycles"][name] + own["counting_cycles"][name] for name in LISTS}
    assert both == {name: lists[name]["cycles"] for name in LISTS}
    for cycles, name in ((own["cycles"], "cycles_training"), (both, "counted_cycles_training")):
        mean = cycles["forward"] + 0.25 * (cycles["backward"] + cycles["update"] / 24)
        assert own[name] == round(mean, 1)
    assert own["cycles_inference"] == own["cycles"]["forward"]
    assert own["inference_per_second"] == round(1e6 / own["cycles"]["forward"])


def test_it_says_that_there_is_no_gateware(capsys):
    assert main(["estimate", "--network", NETWORK]) == 0
    assert "op lists: cycles of the model" in capsys.readouterr().out


def test_a_chain_has_op_lists_if_an_array_is_given(capsys):
    assert "fits" in found(capsys, "784-72-10")
    assert "rows" in found(capsys, "784-72-10", "--planes", "1")


def test_an_engine_of_a_file(capsys, tmp_path):
    path = tmp_path / "engine.json"
    path.write_text(json.dumps({"elements": 4, "lanes": 8, "batch": 5, "accumulator_bits": 6,
                                "weight_rows": 300, "data_rows": 1024, "signal_rows": 300,
                                "max_fan_in": 256}))  # fmt: skip
    own = found(capsys, NETWORK, "--config", str(path))
    assert (own["array"]["elements"], own["array"]["lanes"]) == (4, 8)
    assert own["array"]["accumulator_bits"] == 6


@pytest.mark.parametrize("head", ["pixels", "residuals"])
def test_heads_without_a_loss_are_inferred(capsys, tmp_path, head):
    """Scores of 64 places are in as many rows; there are no figures of training."""
    layers = [
        {"name": "near", "kind": "conv", "kernel": {"side": 3}, "outputs": 4,
         "taps": [{"source": "input"}]},
        {"name": "scores", "kind": "conv", "kernel": {"side": 1}, "outputs": 4,
         "taps": [{"source": "near"}]},
    ]  # fmt: skip
    path = written(tmp_path, layers=layers, head={"kind": head})
    own = found(capsys, path)
    assert own["rows"]["score"] == 4 * 64
    assert own["use"]["score_rows"] == round(4 * 64 / BOARDS["icebreaker"].array.score_rows, 3)
    assert own["training_per_second"] is own["cycles_training"] is None
    assert own["inference_per_second"] == round(18e6 / own["cycles"]["forward"])
    lists = chained(capsys, path)
    assert "cycles_a_sample" not in lists
    assert [each["op"] for each in lists["lists"]["backward"]["ops"]] == ["END"]
    assert main(["networks", path, "--ops"]) == 0
    assert "score_rows=256" in capsys.readouterr().out


def test_networks_without_op_lists_are_refused(capsys, tmp_path):
    words = {
        "inputs": {"words": 8, "vocabulary": 20},
        "layers": [
            {"name": "codes", "kind": "embedding", "outputs": 8, "taps": [{"source": "input"}]},
            {"name": "scores", "kind": "conv", "kernel": {"side": 1}, "outputs": 4,
             "taps": [{"source": "codes"}]},
        ],
        "head": {"kind": "summed"},
    }  # fmt: skip
    assert "its samples are words" in refused(capsys, written(tmp_path, **words))
    three = refused(capsys, written(tmp_path, ternary=True))
    assert "op lists take networks of two-valued maps" in three
    layers = [
        {"name": "near", "kind": "conv", "kernel": {"side": 3}, "outputs": 4,
         "taps": [{"source": "input"}]},
        {"name": "scores", "outputs": 4, "taps": [{"source": "near", "gain": 1}]},
    ]  # fmt: skip
    assert "shifts what goes back" in refused(capsys, written(tmp_path, layers=layers))


@pytest.mark.parametrize(
    ("network", "words", "message"),
    [
        (NETWORK, ["--elements", "41"], "elements=41 must be an integer from 2 to 40"),
        (NETWORK, ["--lanes", "33"], "lanes=33 must be 2, 4 or 8 times elements=7"),
        (NETWORK, ["--board", "colorlight_i5", "--store"], "has no memory for a store"),
        ("128x128x64-64k3-64k3p2-2k3p2-10", [], "needs data_rows="),
        ("40000-2", ["--planes", "1"], "sums of layer layer1 reach 40000"),
    ],
)
def test_what_no_array_holds_is_refused(capsys, network, words, message):
    assert message in refused(capsys, network, *words)
