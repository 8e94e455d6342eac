"""Throughput of a graph, on the golden model and on a device: what is counted and refused."""

import json
from dataclasses import replace

import pytest
from boldboards import find_board
from boldhost.graph_device import GraphDevice
from boldhost.link import Link
from support.op_board import OpBoard

from boldhw.bench import device
from boldhw.bench import graph as bench
from boldhw.cli.main import main
from boldhw.errors import DataError
from boldhw.flow.op_lists import lists_of, program_of
from boldhw.spec.network import Network

SIZE = find_board("icebreaker").array
SPEC = Network.parse("8x8x2-4k3p2-10")


def test_rates_are_medians_of_samples_over_seconds(monkeypatch):
    times = iter([0.0, 2.0, 3.0, 10.0, 14.0, 14.5, 20.0, 21.0, 25.0])
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(times))
    monkeypatch.setattr(bench.GraphTrainer, "run", lambda *_: [])
    assert bench.graph_throughput(SPEC, 64, 3, name="digits") == {
        "network": "8x8x2-4k3p2-10", "samples": 64, "runs": 3,
        "training_samples_per_second": 32, "inference_samples_per_second": 64,
    }  # fmt: skip


def test_a_chain_of_dense_layers_is_a_graph_too():
    found = bench.graph_throughput(Network.parse("64-8-10"), 8, 1, name="digits")
    assert found["network"] == "64-8-10"
    assert found["training_samples_per_second"] > 0


def test_pictures_and_classes_must_fit():
    with pytest.raises(DataError, match="the network takes 9x8"):
        bench.graph_throughput(Network.parse("9x8-4k3-10"), 64, name="digits")
    with pytest.raises(DataError, match="digits has 10 classes"):
        bench.graph_throughput(Network.parse("8x8-4k3p2-9"), 64, name="digits")


def test_the_verb_measures_both_kernels(capsys, monkeypatch):
    monkeypatch.setattr(bench, "FEW", 8)
    network = "8x8-3k5p2-10"
    monkeypatch.setattr(
        "boldhw.cli.bench.graph_throughput",
        lambda spec: bench.graph_throughput(spec, 8, 1, name="digits"),
    )
    monkeypatch.setattr(
        "boldhw.cli.bench.compiled_graph_throughput",
        lambda spec: bench.compiled_graph_throughput(spec, 8, runs=1, name="digits"),
    )
    assert main(["bench", "--backend", "golden", "--network", network, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"golden", "compiled"}
    assert all(part["training_samples_per_second"] > 0 for part in found.values())


@pytest.mark.parametrize(
    ("words", "clock_hz"), [([], None), (["--board", "icebreaker"], 18_000_000)]
)
def test_a_device_is_measured(capsys, monkeypatch, words, clock_hz):
    """Cycles are those of the model; a board's clock is that of its engine of op lists."""
    board, clocks = OpBoard(SIZE), []

    def opened(name, size, clock_hz):
        clocks.append(clock_hz)
        return GraphDevice(Link(board), size)

    monkeypatch.setattr(GraphDevice, "open", opened)
    monkeypatch.setattr(device, "SAMPLES", 20)
    assert main(["bench", "--network", "10x8-3k3p2-5", *words, "--json"]) == 0
    assert clocks == [clock_hz]
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert list(found) == ["link", "device"]
    assert "The golden model is not measured: mnist5k" in said.err
    assert found["link"]["loopback_bytes_per_second"] > 0
    assert found["link"]["resent"] == 0
    lists = lists_of(program_of(Network.parse("10x8-3k3p2-5"), SIZE), SIZE)
    own, counters = found["device"], board.counters
    assert own["inference_cycles_per_sample"] == lists["forward"]["cycles"]
    runs = {"forward": 20, "backward": counters["active"], "update": counters["updates"]}
    total = sum(runs[name] * lists[name]["cycles"] for name in runs)
    assert own["training_cycles_per_sample"] == pytest.approx(total / 20, abs=0.05)
    assert counters["active"] > 0


def test_a_device_that_infers_has_no_figures_of_training():
    size = replace(SIZE, inference=True)
    found = device.graph_device_throughput(
        GraphDevice(Link(OpBoard(size)), size), Network.parse("10x8-3k3p2-5"), 1
    )
    assert [name for name in found if name.startswith("training")] == []
    assert found["inference_cycles_per_sample"] > 0


def test_what_the_engine_does_not_hold_is_refused_at_once(capsys):
    assert main(["bench", "--network", "28x28-64k5p2-128k5p2-10"]) == 2
    assert "needs data_rows=51713, the array has 16384" in capsys.readouterr().err
    assert main(["bench", "--network", "10x8-3k3p2-5", "--backend", "golden"]) == 2
    assert "the network takes 10x8" in capsys.readouterr().err
