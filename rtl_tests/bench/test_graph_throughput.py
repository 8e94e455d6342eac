"""Throughput of a graph: what is counted, and that other pictures are refused."""

import json

import pytest

from boldhw.bench import graph as bench
from boldhw.cli.main import main
from boldhw.errors import DataError
from boldhw.spec.network import Network

SPEC = Network.parse("8x8x2-4k3p2-10")


def test_rates_are_medians_of_samples_over_seconds(monkeypatch):
    times = iter([0.0, 2.0, 3.0, 10.0, 14.0, 14.5, 20.0, 21.0, 25.0])
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(times))
    monkeypatch.setattr(bench.GraphTrainer, "run", lambda *_: [])
    assert bench.graph_throughput(SPEC, 64, 3, name="digits") == {
        "network": "8x8x2-4k3p2-10", "samples": 64, "runs": 3,
        "training_samples_per_second": 32, "inference_samples_per_second": 64,
    }  # fmt: skip


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
    assert main(["bench", "--network", network]) == 2
    assert "no device runs a graph" in capsys.readouterr().err
