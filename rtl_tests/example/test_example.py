"""The example bench learns the golden model's bits, as a user runs it and on Verilator."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest
from run_example import run
from support import simulate
from support.small_engine import make_network, make_samples

from boldhw.cli.main import main
from boldhw.golden.hyper import Hyper
from boldhw.spec.engine import EngineConfig

ENGINE = EngineConfig(
    elements=2, lanes=4, batch=4, accumulator_bits=4, weight_rows=32, data_rows=256, signal_rows=16
)
WIDTHS, EPOCHS = (11, 6, 4), 3
PORTS = "clk rst rx_payload rx_valid rx_ready tx_payload tx_valid tx_ready".split()


@pytest.fixture
def verilog(tmp_path):
    """The file that ``boldhw verilog`` writes."""
    config = tmp_path / "small.json"
    config.write_text(json.dumps(asdict(ENGINE)))
    words = ("verilog", "-o", tmp_path / "rtl", "--config", config, "--name", simulate.TOP)
    assert main([str(word) for word in words]) == 0
    return tmp_path / "rtl" / "boldhw.v"


@pytest.fixture
def trained(tmp_path):
    """A golden network after training; its file EXAMPLE is what the bench trains on."""
    network = make_network(ENGINE, WIDTHS, Hyper(batch=4, theta=2, last_theta_factor=1))
    bits, labels = make_samples(WIDTHS, WIDTHS[-1], 20)
    settings = network.settings
    given = {
        "widths": WIDTHS,
        "settings": [asdict(layer) for layer in settings.layers],
        "weights": [weights.astype(int).tolist() for weights in network.weights],
        "margin": settings.margin,
        "batch": settings.batch,
        "classes": settings.classes,
    }
    task = {
        "network": given,
        "samples": bits.astype(int).tolist(),
        "labels": labels.tolist(),
        "epochs": EPOCHS,
    }
    (tmp_path / "example.json").write_text(json.dumps(task))
    before = [weights.copy() for weights in network.weights]
    for _ in range(EPOCHS):
        network.train(bits, labels)
        network.flush()
    assert not np.array_equal(network.weights[1], before[1])
    network.scores = network.infer(bits)
    return network


def test_it_learns_the_golden_bits(sim, verilog, trained, tmp_path, monkeypatch):
    files = {"EXAMPLE": str(tmp_path / "example.json"), "LEARNED": str(tmp_path / "learned.json")}
    if sim == "icarus":
        run(verilog, simulate.TOP, tmp_path / "sim", files)
    else:
        for name, path in files.items():
            monkeypatch.setenv(name, path)
        ports = [SimpleNamespace(name=name) for name in PORTS]
        directory = simulate.compiled(verilog.read_text(), sim, ports)
        simulate.run_built(directory, "bench_engine", sim, tests=1, cycles=4000)
    learned = json.loads((tmp_path / "learned.json").read_text())
    assert learned["weights"] == [weights.tolist() for weights in trained.weights]
    assert learned["accumulators"] == [array.tolist() for array in trained.accumulators]
    assert learned["scores"] == trained.scores.tolist()
