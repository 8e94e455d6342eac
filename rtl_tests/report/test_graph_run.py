"""The demonstration of networks of layers reports what was compared, epoch by epoch."""

from xml.etree import ElementTree

import pytest
from boldboards.icebreaker import ARRAY as ENGINE
from boldhost.graph_device import GraphDevice
from boldhost.link import Link
from support.graph_driver import SIZE
from support.op_board import OpBoard

from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.start import start
from boldhw.report.graph_run import GraphJob, run_graph_demo
from boldhw.report.html import read_run, simulated_rate, write_report
from boldhw.spec.network import Network
from boldhw.spec.ops.program import compiled

JOB = GraphJob(
    network="8x8-4k3p2-10", data="digits", train_size=60, test_size=30, epochs=2,
    constants=Constants(batch=16, margin_first=24),
)  # fmt: skip


@pytest.fixture
def board():
    return OpBoard(SIZE)


def test_a_run_is_compared_and_counted(board):
    entries = []
    run = run_graph_demo(GraphDevice(Link(board, timeout=0.5)), JOB, entries.append)
    assert (run["bit_exact"], run["first_difference"], run["cycles_as_model"]) == (True, None, True)
    assert (run["network"], run["samples"]) == ("8x8-4k3p2-10", 120)
    assert run["updates_checked"] == run["updates"] == sum(each["updates"] for each in entries)
    assert run["updates"] > 10  # of 4 active samples each, as the board gathers no more
    assert [each["epoch"] for each in entries] == [1, 2]
    assert run["test_accuracy"] == entries[-1]["accuracy"]
    seconds = run["cycles"] / run["clock_hz"]
    assert run["samples_per_second"] == round(120 / seconds)


def test_the_record_of_a_run_makes_a_report(board, tmp_path):
    """Its figures, a chart of flips for each layer, and its kernels as pictures."""
    device = GraphDevice(Link(board, timeout=0.5))
    found = run_graph_demo(device, JOB, directory=tmp_path)
    run, epochs = read_run(tmp_path)
    assert {name: run[name] for name in found} == found
    assert [each["golden_accuracy"] for each in epochs] == [each["accuracy"] for each in epochs]
    counters = device.stat()
    for each in run["passes"]:
        assert each["cycles"] == each["model"] == counters[f"cycles_{each['name']}"]
    assert run["passes"][0]["runs"] == 120 + 2 * 30  # held-out digits after each epoch
    build = {"clock_mhz": 12.0, "timing_met": True, "design_digest": run["design_digest"]}
    assert simulated_rate(run, [build]) == 12e6 * 120 / run["cycles"]
    text = write_report(run, epochs, [], {}, tmp_path / "r.html").read_text()
    tree = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))
    assert len(list(tree.iter("svg"))) == 1 + 2
    assert len(list(tree.iter("img"))) == 2
    shown = " ".join("".join(tree.itertext()).split())
    assert "8x8-4k3p2-10 learned digits by flipping weights" in shown
    assert "layer1, 9 inputs, 4 outputs: 36 weights" in shown
    assert "those of the cycle model exactly" in shown
    assert "There is no rate: the board's device does not hold this engine" in shown
    assert "boldhw demo --network '8x8-4k3p2-10' --epochs 2 --train-size 60" in shown


def test_a_difference_ends_the_run(board):
    board._infer = lambda addr, payload: bytes(20 * addr)
    run = run_graph_demo(GraphDevice(Link(board, timeout=0.5)), JOB)
    assert not run["bit_exact"]
    assert "score" in run["first_difference"]
    assert run["test_accuracy"] is None


def test_the_engine_of_the_demonstration_holds_its_network():
    job = GraphJob()
    network = Network.of(job.network)
    settings = start(network, job.constants, 40, zero_true=[True, True, False], bits=8)
    compiled(network, ENGINE, settings)
